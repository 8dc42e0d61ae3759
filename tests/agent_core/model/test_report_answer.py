from model_answers import ANSWER, GOOD, REPORT
from model_requests import ask
from model_server import Say, said


async def test_a_report_keeps_its_references(talk):
    async with talk([Say(GOOD["report"])]) as it:
        draft = await ask(it.researcher, "report")

    assert draft.headline == REPORT["headline"]
    assert draft.claims[0].a == "ImplicitMF"


async def test_unknown_references_are_asked_about_and_then_dropped(talk):
    bad = said(REPORT | {"findings": ["The {{recall@99|Nobody|mean}}.", "One split."]})
    async with talk([bad]) as it:
        draft = await ask(it.researcher, "report")

    assert "recall@99|Nobody|mean" in it.server.asked[1].body["messages"][-1]["content"]
    assert draft.findings == ("One split.",)


async def test_an_answer_gets_its_digits_from_the_record(talk):
    async with talk([Say(GOOD["answer"])]) as it:
        answer = await ask(it.researcher, "answer")

    assert answer.text == "The SD is 0.0027."
    assert answer.quoted == ("ndcg@10|ImplicitMF|sd",)


async def test_a_number_that_nobody_recorded_is_asked_about_and_then_struck(talk):
    async with talk([said(ANSWER | {"text": "Recall is 0.4711."})]) as it:
        answer = await ask(it.researcher, "answer")

    assert len(it.server.asked) == 2
    assert answer.text == "Recall is [not recorded]."


async def test_numbers_of_the_question_may_be_repeated(talk):
    async with talk([said(ANSWER | {"text": "Recall@20 of 57 users was not recorded."})]) as it:
        answer = await ask(it.researcher, "answer", question="Recall@20 of the 57 oldest users?")

    assert answer.text == "Recall@20 of 57 users was not recorded."


async def test_a_wish_in_a_question_is_offered(talk):
    async with talk([said(ANSWER | {"offer": "add Recall@20"})]) as it:
        answer = await ask(it.researcher, "answer")

    assert answer.offer == "add Recall@20"
