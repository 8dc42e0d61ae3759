"""What a column holds, by its name."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence

from agent_core.errors import BadDataset

NAMES = {
    "user_id": (
        r"users?|uid|u|username|userid|reviewer|customers?|visitor|member|reader|viewer|listener"
        r"|client|person|people|student|patient|subscriber|buyer|household|participant|respondent"
        r"|worker|annotator|rater|subject|voter|player|shopper|account|playlist|session"
        r"|nutzer|benutzer|kunde|leser|usuario|cliente|utilisateur|utente|gebruiker"
    ),
    "item_id": (
        r"items?|itemid|iid|i|parentasin|asin|isbn|movies?|film|products?|stock|books?|tracks?"
        r"|songs?|artist|business|anime|game|article|news|video|course|recipe|restaurant|hotel"
        r"|poi|venue|place|sku|aid|document|doc|page|url|app|show|album|bookmark|joke|tune|question"
        r"|beer|wine|paper|podcast|episode|offer|ad|listing|job"
        r"|artikel|produkt|buch|spiel|lied|producto|articulo|libro|pelicula|produit|livre|prodotto"
        r"|articolo|libri|produto|livro|filme"
    ),
    "rating": (
        r"ratings?|overall|stars?|scores?|userrating|bookrating|r|grade|preference|value"
        r"|plays|playcount|play|counts?|clicks|weight|feedback"
        r"|bewertung|punkte|puntuacion|valoracion|calificacion|evaluation|voto|valutazione"
        r"|avaliacao|nota|note"
    ),
    "timestamp": (
        r"timestamp|ts|unixtime|unixreviewtime|datetime|time|date|t|createdat|created|reviewtime"
        r"|reviewdate|eventtime|ratedat|tdat|invoicedate|orderdate|purchasedate"
        r"|zeit|zeitpunkt|datum|zeitstempel|fecha|hora|horodatage|temps|momento|tijd"
    ),
}
"""Usual names without case, accents, digits and punctuation, the likelier first; an ending such
as `id` may follow."""
ENDINGS = r"ids?|idx|index|no|nr|num|number|key|code|hash|ref|uri"
MARKS = frozenset((*ENDINGS.replace("s?", "").split("|"), "ids", "ms", "utc", "unix", "clean"))
"""Parts of a name that say nothing of what it names."""
HAPPENED = frozenset(
    ("when", "data", "at", "on", "dt", "day", "updated", "submitted", "ts", "epoch")
)
"""Last parts of names of times; only columns that hold times are meant."""
OTHER_TIMES = re.compile(
    r"birth|born|release|publish|join|regist|expir|start|stop|end|begin|first|signup|member",
    re.IGNORECASE,
)
"""Parts of names of times at which nobody met an item."""


def role_of(column: str) -> str | None:
    """Return what a column holds, by its name."""
    plain = re.sub(r"[^a-z]", "", _folded(column).lower().removeprefix("synthetic_"))
    for role, names in NAMES.items():
        if re.fullmatch(f"(?:{names})(?:{ENDINGS})?", plain):
            return role
    return None


def rank_of(column: str, role: str) -> int:
    """Return how usual a name is for a role; lower is more usual."""
    plain = re.sub(r"[^a-z]", "", _folded(column).lower())
    bare = re.sub(f"(?:{ENDINGS})$", "", plain)
    for place, word in enumerate(NAMES[role].split("|")):
        if re.fullmatch(word, plain) or re.fullmatch(word, bare):
            return place
    return len(NAMES[role])


def hinted_role(column: str) -> str | None:
    """Return what the last part of a name hints at: `click_article_id`, `starRating`."""
    parts = _parts(column)
    bare = [p for p in parts if p not in MARKS]
    if not bare or OTHER_TIMES.search(column):
        return None
    last = bare[-2] if bare[-1] == "name" and len(bare) > 1 else bare[-1]
    role = role_of(last) if len(last) > 1 else None
    return role or ("timestamp" if parts[-1] in HAPPENED else None)


def names_ids(column: str) -> bool:
    """Whether a name ends as names of ids do."""
    return bool(re.fullmatch(ENDINGS, (_parts(column) or [""])[-1]))


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


def _parts(column: str) -> list[str]:
    """Return the words of a name, parted by case, digits and punctuation."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _folded(column))
    return [p.lower() for p in re.findall(r"[A-Za-z]+", spaced)]


def _folded(text: str) -> str:
    """Return a text without accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c))
