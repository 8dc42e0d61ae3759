"""A recipe in words: how a file was read, for people who were not there."""

from __future__ import annotations

from collections.abc import Iterator

from agent_core.domain.recipe import EPOCHS, ORDER, Drop, Layout, Recipe, When

LAYOUTS = {
    Layout.DELIMITED: "one interaction a line, fields parted by {delimiter}",
    Layout.SPACED: "one interaction a line, fields parted by white space",
    Layout.PARQUET: "Parquet",
    Layout.JSON_LINES: "JSON, one object a line",
    Layout.JSON_ARRAY: "JSON, a list of objects",
    Layout.JSON_ROWS: "JSON, a list of lists",
    Layout.JSON_COLUMNS: "JSON, an object of columns",
    Layout.JSON_MAP: "JSON, an object of users",
    Layout.LISTS: "several items a line",
    Layout.WIDE: "a matrix: a line a user, a column an item",
    Layout.BLOCKS: "blocks: an item, and below it its users",
    Layout.RECORDS: "records of `key: value` lines",
    Layout.RELATIONS: "an event a line, whose JSON names its user and its items",
    Layout.LIBFM: "libFM lines",
}
NAMES = {"\t": "a tab", ",": "a comma", ";": "a semicolon", "|": "`|`", " ": "a blank"}
UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
CONDITIONS = {
    When.IS: "is {values}",
    When.IS_NOT: "is not {values}",
    When.BELOW: "is below {values}",
    When.ABOVE: "is above {values}",
    When.STARTS: "starts with {values}",
}
MOST_COLUMNS = 40
MOST_LINES = 10


def recipe_words(recipe: Recipe) -> list[str]:
    """Return a recipe in words, a line each."""
    return [*_form(recipe), *_columns(recipe), *_left_out(recipe)]


def _form(recipe: Recipe) -> Iterator[str]:
    delimiter = NAMES.get(recipe.delimiter, f"`{recipe.delimiter}`")
    text = LAYOUTS[recipe.layout].format(delimiter=delimiter)
    quote = f", quotation mark {recipe.quote}" if recipe.quote else ""
    packed = f", packed as {recipe.compression}" if recipe.compression else ""
    is_text = recipe.layout is not Layout.PARQUET
    encoding = recipe.encoding.removesuffix("-sig").upper()
    yield f"Form: {text}{quote}{f', {encoding}' if is_text else ''}{packed}"
    if recipe.skip:
        yield f"Lines above the first interaction, header included: {recipe.skip:,}"


def _columns(recipe: Recipe) -> Iterator[str]:
    listed = ", ".join(f"`{c}`" for c in recipe.columns[:MOST_COLUMNS])
    more = len(recipe.columns) - MOST_COLUMNS
    yield f"Columns as read: {listed}{f' and {more} more' if more > 0 else ''}"
    for role, is_number in (("user", recipe.is_user_number), ("item", recipe.is_item_number)):
        kind = "whole numbers" if is_number else "text"
        yield f"{role.capitalize()}: column `{getattr(recipe, role)}`, ids are {kind}"
    if recipe.rating:
        yield f"Rating: column `{recipe.rating}`{_rating_form(recipe)}"
    if recipe.timestamp:
        yield f"Time: column `{recipe.timestamp}`, {_time_form(recipe)}"


def _rating_form(recipe: Recipe) -> str:
    parts = []
    if recipe.decimal != ".":
        parts.append(f"decimal mark `{recipe.decimal}`")
    if recipe.thousands:
        parts.append(f"thousands parted by `{recipe.thousands}`")
    if recipe.ending:
        parts.append(f"ending `{recipe.ending}` left away")
    return "".join(f", {p}" for p in parts)


def _time_form(recipe: Recipe) -> str:
    form = recipe.time_format
    if form in EPOCHS:
        return f"{UNITS[form]} since 1970, UTC"
    if form == ORDER:
        return "numbers that only order"
    return "ISO dates, UTC where no zone is named" if form == "iso" else f"dates as `{form}`"


def _left_out(recipe: Recipe) -> Iterator[str]:
    missing = [v for v in recipe.missing if v]
    if missing:
        yield f"Read as no rating or no time: {', '.join(f'`{v}`' for v in missing)}"
    if recipe.bad_lines:
        numbers = ", ".join(f"{n + 1:,}" for n in recipe.bad_lines[:MOST_LINES])
        count = len(recipe.bad_lines)
        yield f"Lines of another width, left out: {count:,} (line {numbers})"
    yield from (_drop(d) for d in recipe.drops)


def _drop(drop: Drop) -> str:
    values = ", ".join(f"`{v}`" for v in drop.values)
    why = f" ({drop.why})" if drop.why else ""
    return (
        f"Left out: lines where `{drop.column}` {CONDITIONS[drop.when].format(values=values)}{why}"
    )
