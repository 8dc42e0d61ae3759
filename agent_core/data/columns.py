"""What a column holds, by its name."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from agent_core.errors import BadDataset

_TABLE = tomllib.loads(Path(__file__).with_name("column_names.toml").read_text(encoding="utf-8"))
ROLES = ("user_id", "item_id", "rating", "timestamp")
NAMES: dict[str, tuple[str, ...]] = {role: tuple(_TABLE[role]["latin"]) for role in ROLES}
"""Usual names without case, accents, digits and punctuation, the likelier first; an ending such
as `id` may follow."""
RARE: dict[str, frozenset[str]] = {r: frozenset(_TABLE[r].get("rare", ())) for r in ROLES}
"""Names that are taken where no usual one is there, and asked about."""
ENDINGS = "|".join(_TABLE["endings"])
SAME_LETTERS = str.maketrans(
    # Letters that Unicode does not part into a plain one and a sign.
    {"ł": "l", "ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ı": "i", "œ": "oe"}  # noqa: RUF001
)
LATIN = re.compile(r"[\x00-\x7f（）：、・]")  # noqa: RUF001
"""Letters and signs that are no part of a name in another script."""
TYPED_KEY = re.compile(r"(?:\.\$\w+)+$")
"""The type that an export of a database writes behind a key: `userId.$numberLong`."""
MARKS = frozenset(
    (*ENDINGS.replace("s?", "").split("|"), "ids", "ms", "utc", "unix", "clean", "md", "sha")
)
"""Parts of a name that say nothing of what it names."""
OPINIONS = frozenset(
    ("like", "liked", "likes", "thumb", "thumbs", "reaction", "sentiment", "verdict", "satisfied")
)
EVENTS = frozenset(
    (
        *("event", "events", "action", "act", "behavior", "behaviour", "interaction", "activity"),
        *("type", "operation", "user", "feedback", "kind"),
    )
)
SPLITS = frozenset(
    ("split", "set", "fold", "subset", "part", "partition", "phase", "train", "test")
)
HAPPENED = frozenset(
    (
        *("when", "data", "at", "on", "dt", "day", "updated", "submitted", "ts", "epoch"),
        *("creation", "modified", "modification", "posted", "recorded", "logged"),
    )
)
"""Last parts of names of times; only columns that hold times are meant."""
OTHER_TIMES = re.compile(
    r"birth|born|release|publish|join|regist|expir|start|stop|end|begin|first|signup|member"
)
"""How parts of names begin of times at which nobody met an item."""


def role_of(column: str) -> str | None:
    """Return what a column holds, by its name."""
    folded = _folded(TYPED_KEY.sub("", column)).lower()
    plain = re.sub(r"[^a-z]", "", folded.removeprefix("synthetic_"))
    other = LATIN.sub("", folded)
    for role in ROLES:
        if other and re.fullmatch(f"(?:{OTHER_NAMES[role]})(?:{OTHER_ENDINGS})?", other):
            return role
        if not other and re.fullmatch(f"(?:id)?(?:{'|'.join(NAMES[role])})(?:{ENDINGS})?", plain):
            return role
    return None


def rank_of(column: str, role: str) -> int:
    """Return how usual a name is for a role; lower is more usual."""
    plain = re.sub(r"[^a-z]", "", _folded(column).lower())
    bare = re.sub(f"(?:{ENDINGS})$", "", plain)
    for place, word in enumerate(NAMES[role]):
        if re.fullmatch(word, plain) or re.fullmatch(word, bare):
            return place
    return len(NAMES[role])


def hinted_role(column: str) -> str | None:
    """Return what the last part of a name hints at: `click_article_id`, `starRating`."""
    parts = _parts(column)
    bare = [p for p in parts if p not in MARKS]
    if not bare or names_other_time(column):
        return None
    last = bare[-2] if bare[-1] == "name" and len(bare) > 1 else bare[-1]
    role = role_of(last) if len(last) > 1 else None
    return role or ("timestamp" if parts[-1] in HAPPENED else None)


def rare_roles(column: str) -> frozenset[str]:
    """Return what a column may hold where no other does, by its name: `who`, `email_md5`."""
    parts = [p for p in _parts(column) if p not in MARKS]
    return frozenset(r for r in ROLES if len(parts) == 1 and parts[0] in RARE[r])


def is_named_for(column: str, noun: str) -> bool:
    """Whether a name is that of a thing, in the singular or the plural: `track_id` of tracks."""
    parts = [p for p in _parts(column) if p not in MARKS and p not in ("name", "username")]
    return len(parts) == 1 and _singular(parts[0]) == _singular(noun.lower())


def names_part_of_time(column: str) -> bool:
    """Whether a name is that of a part of a date, beside others: `date_day`, `year`."""
    return _parts(column)[-1:] in (["day"], ["month"], ["year"])


def names_opinion(column: str) -> bool:
    """Whether a name says that users thought something of items: `vote`, `liked`, `rating`."""
    is_rated = "rating" in (role_of(column), hinted_role(column), *rare_roles(column))
    return is_rated or bool({*_parts(column)} & OPINIONS)


def names_event(column: str) -> bool:
    """Whether a name says that a column tells kinds of what happened: `action_type`."""
    parts = [p for p in _parts(column) if p not in MARKS]
    return bool(parts) and {*parts} <= EVENTS


def names_split(column: str) -> bool:
    """Whether a name says that a column tells parts of the data: `eval_set`, `fold`."""
    parts = {p for p in _parts(column) if p not in MARKS and p not in ("is", "eval", "data")}
    return len(parts) == 1 and parts <= SPLITS


def names_ids(column: str) -> bool:
    """Whether a name ends as names of ids do."""
    return bool(re.fullmatch(ENDINGS, (_parts(column) or [""])[-1]))


def names_other_time(column: str) -> bool:
    """Whether a name says that times are others than those of interactions."""
    return any(map(OTHER_TIMES.match, _parts(column)))


def names_start(column: str) -> bool:
    """Whether a name says when something began: `time_start`, `start date`."""
    parts = {*_parts(column)}
    return bool(parts & {"start", "started", "begin"} and parts & {"time", "date", "ts", "at"})


def names_kinds(column: str) -> bool:
    """Whether a name ends as names of ids or kinds do, which are no grades."""
    return names_ids(column) or (_parts(column) or [""])[-1] in ("type", "kind", "status", "flag")


def without_common_start(columns: Sequence[str]) -> dict[str, str]:
    """Return each column to its name without the table (`export.user_id`) that all begin with."""
    starts = {c.rpartition(".")[0] for c in columns}
    same = len(starts) == 1 and len(columns) > 1
    return {c: c.rpartition(".")[2] if same else c for c in columns}


def numbered_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return column names, repeated or empty ones numbered."""
    seen: list[str] = []
    for number, name in enumerate(names):
        label = name or f"column_{number}"
        seen.append(f"{label}_{number}" if label in seen else label)
    return tuple(seen)


def by_place(count: int) -> tuple[str, ...]:
    """Name the columns of a table without a header by their place, from 1."""
    return tuple(f"column_{i}" for i in range(1, count + 1))


def existing_column(column: str, names: Sequence[str], name: str) -> str:
    """Return the column that a task means; refuse one that is not there, naming the nearest."""
    by_case = {n.lower(): n for n in names}
    if column.lower() in by_case:
        return by_case[column.lower()]
    near = difflib.get_close_matches(column.lower(), by_case, n=1, cutoff=0.5)
    nearest = f" The nearest is {by_case[near[0]]}." if near else ""
    raise BadDataset(
        f"{name} has no column {column!r}, which the task names; it has {', '.join(names)}."
        f"{nearest} Ask again with one of these."
    )


def _singular(noun: str) -> str:
    return re.sub(r"ies$", "y", noun) if noun.endswith("ies") else noun.removesuffix("s")


def _parts(column: str) -> list[str]:
    """Return the words of a name, parted by case, digits and punctuation."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _folded(column))
    return [p.lower() for p in re.findall(r"[A-Za-z]+", spaced)]


def _folded(text: str) -> str:
    """Return a text without accents."""
    plain = unicodedata.normalize("NFKD", text.translate(SAME_LETTERS))
    bare = "".join(c for c in plain if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


OTHER_NAMES: dict[str, str] = {r: _folded("|".join(_TABLE[r]["other"])) for r in ROLES}
"""Names in scripts that have other letters than a to z."""
OTHER_ENDINGS = _folded("|".join(_TABLE["other_endings"]))
