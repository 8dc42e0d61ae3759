"""Numbers of sentences as lists, each with what it counts; clauses by words of several classes."""

import pytest

from agent_core.offline.designs.asked import FRAMES
from agent_core.offline.designs.quantities import Role, quantities_of, seen_by, with_topics
from agent_core.offline.designs.text import sentences_of


def listed(text):
    """Return role, name and numbers of each list of a text."""
    sentences = with_topics(sentences_of(text))
    return [(q.role, q.name, q.values) for s in sentences for q in quantities_of(s)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("20-core, Recall@20, 5 random items held out per user",
         [(Role.CORE, "", (20,)), (Role.CUT, "", (20,)), (Role.EVENT, "", (5,))]),
        ("embedding size 32, 64, 128 and 5, 10 or 15 epochs",
         [(Role.SETTING, "embedding_size", (32, 64, 128)), (Role.SETTING, "epochs", (5, 10, 15))]),
        ("epochs 5, 10, 20, 3 seeds",
         [(Role.SETTING, "epochs", (5, 10, 20)), (Role.SEED, "", (3,))]),
        ("How does it react to the k of the k-core? Unfiltered, 5, 10 and 50.",
         [(Role.CORE, "", (5, 10, 50))]),
        ("how much nDCG@10 varies over the seeds", [(Role.CUT, "", (10,))]),
        ("thresholds >= 3, >= 3.5, >= 4", [(Role.RATING, "", (3, 3.5, 4))]),
        ("rating threshold (all ratings, or only >= 4) times core (none, 5-core, 20-core)",
         [(Role.RATING, "", (4,)), (Role.CORE, "", (5, 20))]),
        ("NDCG@10, 80/20 per user", [(Role.CUT, "", (10,))]),
        ("split seeds 1 to 8, training seeds {1, 2}",
         [(Role.SPLIT, "", (1, 8)), (Role.SEED, "", (1, 2))]),
        ("5-, 10- or 20-core", [(Role.CORE, "", (5, 10, 20))]),
    ],
)  # fmt: skip
def test_each_list_has_the_role_that_the_words_beside_it_tell(text, found):
    assert listed(text) == found


def test_a_word_for_all_of_it_is_a_level_of_the_list():
    sentences = sentences_of("10%, 20% and all of the training ratings; 5-core and 10-core")

    assert [q.has_none for s in sentences for q in quantities_of(s)] == [True, False]


def test_a_reader_sees_the_numbers_of_its_own_role_only():
    text = "Recall@20, 5-core and 3 seeds"

    assert seen_by(text, (Role.SEED,)).endswith("3 seeds")
    assert "20" not in seen_by(text, (Role.SEED,))
    assert len(seen_by(text, (Role.CORE,))) == len(text)


@pytest.mark.parametrize("name", FRAMES)
def test_frames_say_what_their_examples_tell(name):
    assert [frame.wrong_examples() for frame in FRAMES[name] if frame.wrong_examples()] == []
