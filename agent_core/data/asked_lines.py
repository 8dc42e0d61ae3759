"""Which lines count: ratings, events and conditions, as people ask, and what is asked back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent_core.data.choices import event_choice, text_of
from agent_core.data.conditions import (
    conditions_in,
    event_flags,
    events_left_out,
    unused_kinds,
)
from agent_core.data.file_words import EVENT_WORDS, RETURNS
from agent_core.data.reading import Reading
from agent_core.data.signs import events_in
from agent_core.data.table import quoted_text
from agent_core.domain.recipe import Drop, Layout, When
from agent_core.errors import BadDataset

NOBODY = (
    "null",
    "none",
    "nan",
    "n/a",
    "na",
    "unknown",
    "anonymous",
    "guest",
    "\\n",
    "-1",
    "?",
    "-",
)
MANY = 5
"""How many times the lines of others an id has that may stand for nobody."""


def asked_drops(column: str, marks: Sequence[str]) -> tuple[Drop, ...]:
    """Return the rule that leaves lines out whose rating people say is a mark."""
    why = f"{' or '.join(marks)} as {column}, as asked"
    return (Drop(column, When.IS, tuple(marks), why),) if marks else ()


def take_ratings(reading: Reading) -> None:
    """Leave out of ratings, or out of the file, what people say is none."""
    recipe, words = reading.recipe, reading.words
    if not recipe.rating:
        return
    missing = (*recipe.missing, *words.not_rated)
    missing += reading.known.not_rated if reading.known else ()
    drops = asked_drops(recipe.rating, words.dropped)
    if recipe.layout is Layout.WIDE or words.only_rated:
        drops = (*drops, Drop(recipe.rating, When.IS, tuple(dict.fromkeys(missing)), "not rated"))
    reading.recipe = replace(
        recipe, missing=tuple(dict.fromkeys(missing)), drops=(*recipe.drops, *drops)
    )


def take_events(reading: Reading, rows: tuple[tuple[str, ...], ...]) -> None:
    """Keep the events that people ask for, of a log that has several kinds."""
    recipe, words = reading.recipe, reading.words
    # What is bought and not returned is a purchase.
    event = words.event or ("purchase" if words.refuses_returns else "")
    told = reading.known.events if reading.known else {}
    event = event or (reading.known.usual if reading.known else "")
    if event in told:
        reading.recipe = replace(recipe, drops=(*recipe.drops, *told[event]))
        return
    for place, column in enumerate(recipe.columns):
        events = events_in([r[place] for r in rows if len(r) > place])
        if len(events) < 2 or column in recipe.roles.values():
            continue
        wanted = EVENT_WORDS.get(reading.words.event, "")
        kept = tuple(e for e in events if wanted and re.fullmatch(wanted, e, re.IGNORECASE))
        left_out = () if wanted else events_left_out(reading.words.text, events)
        if 0 < len(left_out) < len(events):
            kept = tuple(e for e in events if e not in left_out)
        if wanted and not kept:
            raise BadDataset(
                f"{reading.name} has the events {', '.join(sorted(events))} in column {column}, "
                f"no {reading.words.event}. Say which of them count."
            )
        returned = tuple(e for e in events if re.fullmatch(RETURNS, e, re.IGNORECASE))
        if words.refuses_returns and returned and not kept:
            drop = Drop(column, When.IS, returned, f"{', '.join(returned)} do not count")
            reading.recipe = replace(recipe, drops=(*recipe.drops, drop))
        elif kept:
            drop = Drop(column, When.IS_NOT, kept, f"only {', '.join(kept)} counts")
            reading.recipe = replace(recipe, drops=(*recipe.drops, drop))
        elif column not in _told_columns(reading):
            _ask_events(reading, column, sorted(events))
        return


def _told_columns(reading: Reading) -> frozenset[str]:
    """Return the columns that say what happened in a published file, which are asked about."""
    events = reading.known.events.values() if reading.known else ()
    return frozenset(d.column for drops in events for d in drops)


def _ask_events(reading: Reading, column: str, events: list[str]) -> None:
    """Ask which events count, unless somebody said that all do."""
    if reading.words.event:
        return
    kinds = [k for e in events for k, w in EVENT_WORDS.items() if re.fullmatch(w, e, re.I)]
    told = f"column {column} says what happened ({', '.join(events)}); all of it counts"
    reading.doubts.append(event_choice(f"{told} as interaction", kinds))


def take_conditions(reading: Reading, rows: tuple[tuple[str, ...], ...]) -> None:
    """Keep and leave out lines as people ask by columns that have no role."""
    recipe, words = reading.recipe, reading.words
    whole = [r for r in rows if len(r) == len(recipe.columns)]
    values = {c: [r[n].strip() for r in whole] for n, c in enumerate(recipe.columns)}
    roles = recipe.roles
    taken = (roles["user_id"], roles["item_id"], roles.get("timestamp", ""))
    found = conditions_in(words.text, values, taken, words.event)
    flags = {} if recipe.drops or found.drops else event_flags(values)
    asked = flags.get(words.event, "")
    flag = [Drop(asked, When.IS_NOT, ("1",), f"only {asked} 1 counts")] if asked else []
    known = {d.column for d in recipe.drops}
    drops = [d for d in (*found.drops, *flag) if d.column not in known]
    reading.recipe = replace(recipe, drops=(*recipe.drops, *drops))
    if not words.event and recipe.rating not in flags.values():
        reading.doubts += [
            f"column {c} is 0 in some lines; all lines count as interactions"
            for c in flags.values()
        ]
    told = {d for d in values for t in map(text_of, reading.doubts) if f"column {d} says" in t}
    used = {*recipe.roles.values(), *(d.column for d in reading.recipe.drops), *told}
    used |= _told_columns(reading)
    reading.doubts += [
        f"column {c} says {kinds}; it is not used, and all lines count as interactions"
        for c, kinds in unused_kinds(values, used)
    ]
    reading.doubts += [
        f"the task speaks of column {c}, and nothing was made of it"
        for c in found.unread
        if c not in known and c != recipe.rating
    ]


def tell_nobody(reading: Reading) -> None:
    """Ask about ids that may stand for nobody, where many lines have one."""
    ids = {"user": reading.recipe.is_user_number, "item": reading.recipe.is_item_number}
    for role in (role for role, is_number in ids.items() if not is_number):
        words = ", ".join(map(quoted_text, NOBODY))
        found = reading.query(
            f"SELECT {role}_id, count(*) AS n FROM {reading.table} "
            f"WHERE lower({role}_id) IN ({words}) GROUP BY 1 HAVING n > {MANY} * "
            f"(SELECT count(*) / count(DISTINCT {role}_id) FROM {reading.table}) ORDER BY 1"
        )
        reading.doubts += [
            f"{count:,} lines have the {role} {value}, which may stand for none; it counts as one"
            for value, count in found
        ]
