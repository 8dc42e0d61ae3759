"""Commands in ordinary sentences: carried out, asked back, or left to what they are about."""

import time
import tomllib
from pathlib import Path

import pytest

from bot.conversation.commands import Intent, chosen_of
from bot.conversation.intents import is_task, read

START = """
go ahead|ok, start|yes please start|sounds good, go ahead|please run it now|let's go|alright, begin
could you start it please?|start the run|you can start now|fine, run the experiment
proceed with the plan
Looks good to me. Please start.|I'd like you to start now|great, launch it|ok go|do it|approved, go
thanks! please kick it off|perfect, let's do it|we are good to go|run it as planned|start please :)
"""
STOP = """
ok please stop it|stop the run now|please cancel this task|can you stop?|abort, the split is wrong
stop everything|kill it please|I changed my mind|never mind|please end the experiment|hey, stop
stop, I uploaded the wrong file|that's enough|cancel it, sorry|you can stop now, thanks|halt!
could you please abort the whole thing|don't continue|I don't need it any more|please stop running
Stop because the data is wrong|wrap it up|we want to cancel this run|stop it. something is off
"""
STATUS = """
how much longer?|any news?|how is it going so far?|are you done yet?|status update please
how long will it take?|when will it be ready?|is it still running?|what's the status?
hey, any updates?
how far along are you?|when can we expect the results?|what are you doing right now?
"""
HOLD = (
    "don't start yet|please wait|not yet|hold on a second|do not stop it|no, don't cancel|hang on"
)
UNDO = "undo that please|take it back|go back to the previous plan|please revert the last change"
OWNER = (
    "make <@U1> a co-owner|please add <@U1> as co-owner|<@U1> may stop it too|let <@U1> steer too"
)
BUDGET = "raise the budget to 30|give it another 30 minutes|up to 5 dollars|you may spend $10 more"
OTHERS = """
back to leave-one-out|start from the popularity baseline|stop using EASE|run it with 20 seeds
use early stopping|undo the log transform of the ratings|add BPR|stop training after 10 epochs
how long does EASE take to train?|should the cold start users be removed?|end the history in May
continue the training for 20 epochs|begin with 10 factors|why did you stop at 20 neighbours?
what happens if I stop it?|can I stop it later?|help me to choose the metric
"""


SAID = tomllib.loads(Path(__file__).with_name("requester_sentences.toml").read_text("utf-8"))
WISHES = {Intent.WISH, Intent.TALK}
MEANS = {
    "start": {Intent.START, Intent.RESUME},
    "refine": WISHES,
    "wish": WISHES,
    "waive": WISHES,
    "correct_data": WISHES,
    "answer": {*WISHES, Intent.QUESTION, Intent.CHOICE},
    "ask": {Intent.QUESTION},
    "chatter": {Intent.THANKS, Intent.TALK, Intent.ASSENT, Intent.HOLD},
    "co_owner": {Intent.ADD_OWNER},
}
"""What the reader may call an intent of a sentence; the others have their own names."""
RIGHT = 0.95


def is_right(said):
    """Whether a sentence is understood, or what it commands is asked back."""
    found = read(said["text"])
    wanted = {said["intent"], *said.get("also", [])}
    allowed = set().union(*(MEANS.get(w) or {Intent(w)} for w in wanted))
    is_done = found.meant is None or found.intent is Intent.WISH
    return found.meant in allowed or (found.intent in allowed and is_done)


def lines(text):
    return [s for line in text.strip().splitlines() for s in line.split("|")]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        *((t, Intent.START) for t in lines(START)),
        *((t, Intent.STOP) for t in lines(STOP)),
        *((t, Intent.STATUS) for t in lines(STATUS)),
        *((t, Intent.HOLD) for t in lines(HOLD)),
        *((t, Intent.UNDO) for t in lines(UNDO)),
        *((t, Intent.ADD_OWNER) for t in lines(OWNER)),
        *((t, Intent.BUDGET) for t in lines(BUDGET)),
        ("2", Intent.CHOICE),
        ("the second one please", Intent.CHOICE),
        ("thanks a lot!", Intent.THANKS),
        ("great work", Intent.THANKS),
        ("ok, thanks", Intent.THANKS),
        ("send me the zip please", Intent.ZIP),
        ("please try again", Intent.RESUME),
        ("stop it, that can't be right", Intent.STOP),
        ("0.9 for popularity can't be right", Intent.DISPUTE),
    ],
)
def test_a_command_is_one_in_whatever_words(text, intent):
    found = read(text)

    assert found.intent is intent
    assert found.meant is None


@pytest.mark.parametrize("text", lines(OTHERS))
def test_words_of_research_command_nothing(text):
    assert read(text).intent in (Intent.WISH, Intent.TALK, Intent.QUESTION)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("stop it if it takes longer than an hour", Intent.STOP),
        ("can we start?", Intent.START),
        ("start when you are ready, but not before noon", Intent.START),
        ("should we cancel it?", Intent.STOP),
        ("start it and then stop", Intent.START),
        ("use 10 seeds. Then start.", Intent.START),
    ],
)
def test_what_is_in_doubt_is_asked_back(text, meant):
    assert read(text).meant is meant


def test_sentences_of_requesters_are_understood_or_asked_back():
    wrong = [s["text"] for s in SAID["sentence"] if not is_right(s)]

    assert len(wrong) <= (1 - RIGHT) * len(SAID["sentence"]), wrong


@pytest.mark.parametrize("name", ["start", "stop"])
def test_every_wording_of_start_and_stop_is_understood_or_asked_back(name):
    assert [s["text"] for s in SAID[name] if not is_right(s | {"intent": name})] == []


def test_a_task_that_begins_with_a_command_is_a_task():
    assert is_task("Run it. Compare item kNN and EASE by NDCG@10.")
    assert is_task("Start from popularity and compare EASE with it.")
    assert is_task("I doubt that EASE beats item kNN. Compare both by NDCG@10.")
    assert not is_task("stop it please")


@pytest.mark.parametrize(
    ("text", "place"),
    [("2", 1), ("option 1", 0), ("the last one", 2), ("default is fine", 1), ("7", None)],
)
def test_a_numbered_way_is_chosen_by_number_or_word(text, place):
    assert chosen_of(text, 3, 1) == place


def test_reading_is_linear_in_the_text():
    def took(text):
        began = time.process_time()
        read(text)
        return time.process_time() - began

    words = "please could you ok so well then " * 250 + "stop it"
    short = max(took(words[: len(words) // 4]), 1e-3)

    assert took(words) < 40 * short
    assert took("ok, " * 4000) < 40 * max(took("ok, " * 1000), 1e-3)
