"""Tables of random interactions, written in random dialects: what a reader must give back."""

import csv
import gzip
import io
import random
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DELIMITERS = ("\t", ",", ";", "|", "::")
DATES = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d", "%Y%m%d", "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y",
)  # fmt: skip
USERS = ("{}", "u{}", "0{}", "A{}Z", "{}@x", "user {}", "{}-{}")
NAMES = (
    ("user_id", "item_id", "rating", "timestamp"),
    ("userId", "movieId", "rating", "timestamp"),
    ("User-ID", "ISBN", "Score", "Date"),
    ("customer_id", "article_id", "stars", "t_dat"),
    ("reviewerID", "asin", "overall", "unixReviewTime"),
    ("user_id:token", "item_id:token", "rating:float", "timestamp:float"),
)


@dataclass(frozen=True)
class RandomTable:
    """A file and the rows that it holds."""

    content: bytes
    name: str
    users: list[str]
    items: list[str]
    ratings: list[float] | None
    times: list[datetime] | None
    told: str
    """How it was written, for messages."""


def random_table(seed: int) -> RandomTable:
    """Return a table of 30 to 120 rows in a random dialect."""
    rng = random.Random(seed)
    count = rng.randint(30, 120)
    delimiter = rng.choice(DELIMITERS)
    people, things = (rng.choice(USERS) for _ in range(2))
    users = [people.format(*2 * [rng.randint(1, 12)]) for _ in range(count)]
    items = [things.format(*2 * [rng.randint(100, 160)]) for _ in range(count)]
    ratings = [rng.randint(2, 10) / 2 for _ in range(count)] if rng.random() < 0.7 else None
    times, written = _times(rng, count) if rng.random() < 0.7 else (None, None)
    title = rng.random() < 0.3
    columns = [users, items, *filter(None, [ratings, written])]
    has_header = title or ratings is None or written is None or rng.random() < 0.7
    if title:
        columns.append([_title(rng, delimiter) for _ in range(count)])
    rows = [list(map(str, row)) for row in zip(*columns, strict=True)]
    if has_header:
        names = rng.choice(NAMES)
        chosen = [*names[:2], *([names[2]] if ratings else []), *([names[3]] if written else [])]
        rows.insert(0, [*chosen, *(["title"] if title else [])])
    text = _text(rng, rows, delimiter, must_quote=title)
    packed, name = _packed(rng, text)
    told = f"seed {seed}: {text.splitlines()[:3]} as {name}"
    return RandomTable(packed, name, users, items, ratings, times, told)


def _times(rng: random.Random, count: int) -> tuple[list[datetime], list[str]]:
    start = datetime(2013, 1, 1, tzinfo=UTC)
    moments = [start + timedelta(minutes=rng.randint(0, 2_000_000)) for _ in range(count)]
    if rng.random() < 0.4:
        unit = rng.choice((1, 10**3, 10**6, 10**9))
        return moments, [str(int(m.timestamp()) * unit) for m in moments]
    form = rng.choice(DATES)
    written = [m.strftime(form) for m in moments]
    return [datetime.strptime(w, form).replace(tzinfo=UTC) for w in written], written


def _title(rng: random.Random, delimiter: str) -> str:
    pieces = ("Heat", "the", 'said "so"', "5'", "a,b", "x;y", "Ünïc", "(1995)", "1|2")
    words = " ".join(rng.sample(pieces, 3))
    return words if len(delimiter) == 1 else words.replace(":", "")


def _text(rng: random.Random, rows: list[list[str]], delimiter: str, *, must_quote: bool) -> str:
    ending = rng.choice(("\n", "\r\n"))
    if len(delimiter) > 1:
        return "".join(delimiter.join(row) + ending for row in rows)
    quoting = csv.QUOTE_ALL if rng.random() < 0.2 else csv.QUOTE_MINIMAL
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=ending).writerows(rows)
    text = out.getvalue()
    return text if rng.random() < 0.8 else text.removesuffix(ending)


def _packed(rng: random.Random, text: str) -> tuple[bytes, str]:
    encoding = rng.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16"))
    plain = text.encode(encoding)
    kind = rng.choice(("", "", "", "gz", "zip"))
    if kind == "gz":
        return gzip.compress(plain), "ratings.csv.gz"
    if kind == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("data/ratings.csv", plain)
        return out.getvalue(), "ratings.zip"
    return plain, "ratings.txt"
