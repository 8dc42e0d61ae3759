"""What people say of their files is understood as they mean it; other sentences say nothing."""

import time
import tomllib
from pathlib import Path

import pytest

from agent_core.data.file_words import file_words
from agent_core.domain.recipe import ROLE_FIELDS

CORPUS = Path(__file__).parent / "sentences" / "said_of_files.toml"
SAID = tomllib.loads(CORPUS.read_text(encoding="utf-8"))["said"]


def understood(text):
    """Return what was read of a sentence, in the corpus's fields."""
    words = file_words(text)
    roles: dict[str, object] = words.named | words.likely
    roles |= {r: p + 1 if p >= 0 else p for r, p in words.placed.items()}
    fields = {ROLE_FIELDS[role]: column for role, column in roles.items()}
    fields |= {
        "listed": list(words.listed),
        "not_rated": list(words.not_rated),
        "dropped": list(words.dropped),
        "event": words.event,
        "none": "".join(words.none),
    }
    found = {field: value for field, value in fields.items() if value not in ([], "")}
    found |= {} if words.has_header is None else {"header": words.has_header}
    return found | ({} if words.day_first is None else {"day_first": words.day_first})


@pytest.mark.parametrize("said", SAID, ids=lambda s: s["text"][:50])
def test_a_sentence_is_understood(said):
    meant = {field: value for field, value in said.items() if field not in ("text", "file")}

    assert understood(said["text"]) == meant
    if "file" in said:
        assert file_words(said["text"]).mentions(said["file"])


@pytest.mark.parametrize(
    "part",
    ["x", "_", "a.", "1,", "A and ", "-1 or ", "the ", "column ", "only the ", "item in the "],
)
def test_a_long_text_is_read_quickly(part):
    begun = time.process_time()

    file_words(part * (20_000 // len(part)))

    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("the header is in the first row", "has_header", True),
        ("0 is not a rating", "not_rated", ("0",)),
        ("a rating of 0 means that it was not rated", "not_rated", ("0",)),
        ("ignore rows rated -1", "dropped", ("-1",)),
        ("it has no ratings", "none", frozenset({"rating"})),
        ("ignore the rating column", "none", frozenset({"rating"})),
        ("These files are all one dataset.", "is_together", True),
        ("Treat both files as separate datasets", "is_together", False),
        ("Compare EASE and ItemKNN on the same dataset.", "is_together", None),
    ],
)
def test_further_words_for_the_same(text, field, value):
    assert getattr(file_words(text), field) == value
