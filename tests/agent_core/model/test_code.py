import pytest

from agent_core.model.answer_fault import AnswerFault
from agent_core.model.code import join_continuation, script_in

CODE = 'import os\n\nTEXT = """\n```python\nnested\n```\n"""\nprint(os.name)'


@pytest.mark.parametrize(
    "answer",
    [
        "It prints.\n```python\n{}\n```",
        "It prints.\n```py\n{}\n```\nDone.",
        "It prints.\n```\n{}\n```",
        "It prints.\n\n{}",
        "It prints.\n```python\n{}",
        "It prints.\r\n```python\r\n{}\r\n```\r\n",
    ],
)
def test_code_is_taken_whole(answer):
    script = script_in(answer.replace("{}", CODE))

    assert script.source == CODE + "\n"
    assert script.plan == "It prints."


def test_bare_code_is_taken_with_its_own_words_as_the_plan():
    script = script_in('"""Count the users."""\nimport os\nprint(os.name)\n')

    assert script.plan == "Count the users."


def test_code_wrapped_into_json_is_taken():
    assert script_in('{"plan": "p", "code": "import os\\nx = 1"}').source == "import os\nx = 1\n"


def test_the_longest_block_wins():
    text = "First\n```python\nx = 1\n```\nor\n```python\nimport os\nx = os.name\n```\n"

    assert script_in(text).source == "import os\nx = os.name\n"


@pytest.mark.parametrize("text", ["", "Sorry, I cannot.", "```\n```", "{}", "\0"])
def test_an_answer_without_code_is_an_answer_fault(text):
    with pytest.raises(AnswerFault):
        script_in(text)


def test_a_syntax_error_is_told_with_its_line():
    with pytest.raises(AnswerFault, match=r"line 2: .*x ="):
        script_in("```python\nimport os\nx = (1\n```")


def test_a_deeply_nested_source_is_an_answer_fault():
    with pytest.raises(AnswerFault):
        script_in("```python\nx = " + "(" * 5000 + "1" + ")" * 5000 + "\n```")


@pytest.mark.parametrize(
    ("first", "more"),
    [
        ("```python\nimport os\nval", "ue = 1\n```"),
        ("```python\nimport os\nval", "```python\nue = 1\n```"),
        ("```python\nimport os\nval", "python\nimport os\nvalue = 1\n```"),
    ],
)
def test_a_continuation_joins_without_repeating(first, more):
    assert join_continuation(first, more) == "```python\nimport os\nvalue = 1\n```"
