"""What a verdict may quote, and whether a quote occurs there."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tokenize import COMMENT, DEDENT, ENCODING, ENDMARKER, INDENT, NEWLINE, NL, STRING

from agent_core.domain import Verdict

TEXT_SUFFIXES = frozenset({".json", ".csv", ".txt", ".md", ".tsv", ".log", ".html", ".tex"})
ROW_FOLDERS = ("split/", "lists/", "predictions/")
"""Folders whose files hold rows of users and items."""
MAX_FILE = 1_000_000
"""Characters read of one file."""
MAX_FILES = 40
"""Files that may be quoted, those in the fewest folders first; 40 MB at most are sought
through."""
MIN_QUOTE = 3
"""Characters, spaces aside, from which a quote says anything: of all pairs of letters 29 % stand
somewhere in a LensKit script of 60 lines, of all triples 2 %."""
BLANK = {NL, NEWLINE, INDENT, DEDENT, ENCODING, COMMENT}
"""Tokens between statements."""
Token = tokenize.TokenInfo


@dataclass(frozen=True, slots=True)
class Exhibits:
    """All that may be quoted of one execution."""

    source: str
    output: str
    files: Mapping[str, str]
    """Text artifacts by name, bounded."""
    names: tuple[str, ...]
    """All artifacts."""

    def has(self, quote: str) -> bool:
        """Whether a quote occurs somewhere, spaces aside; parts joined by dots count singly.

        What the source only says in a comment or a docstring does not count.
        """
        texts = [
            _without_space(t) for t in (code_alone(self.source), self.output, *self.files.values())
        ]
        texts.append(_without_space(" ".join(self.names)))
        parts = [quote, *quote.replace("...", "…").split("…")]
        whole, *pieces = [_without_space(p) for p in parts]
        if len(whole) < MIN_QUOTE:
            return False
        if _occurs(whole, texts):
            return True
        pieces = [p for p in pieces if len(p) >= MIN_QUOTE]
        return len(pieces) > 1 and all(_occurs(p, texts) for p in pieces)


def exhibits(
    source: str, output: str, artifacts: Mapping[str, Path], *, share_rows: bool = True
) -> Exhibits:
    """Read what may be quoted; blocking, so to be called in a thread."""
    names = sorted(artifacts, key=lambda n: (n.count("/"), n))
    readable = [n for n in names if _is_quotable(n, share_rows=share_rows)][:MAX_FILES]
    files = {name: text for name in readable if (text := _head_of(artifacts[name]))}
    return Exhibits(source, output, files, tuple(names))


def with_found_quotes(verdicts: Sequence[Verdict], shown: Exhibits) -> tuple[Verdict, ...]:
    """Turn every verdict `met` whose quote occurs nowhere into `not met`, and say so."""
    return tuple(
        v if not v.is_met or shown.has(v.evidence) else _unfounded_verdict(v) for v in verdicts
    )


def code_alone(source: str) -> str:
    """Return a source without comments and docstrings; as it is where it is no Python."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return source
    lines = source.splitlines(keepends=True)
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if token.type == COMMENT or _is_docstring(before, token, after):
            _blank_out(lines, token)
    return "".join(lines)


def _is_quotable(name: str, *, share_rows: bool) -> bool:
    """Whether an artifact is text, and holds no rows of users unless they are shared."""
    if Path(name).suffix.lower() not in TEXT_SUFFIXES:
        return False
    has_rows = name.startswith(ROW_FOLDERS) or "user" in Path(name).stem.lower()
    return share_rows or not has_rows


def _head_of(path: Path) -> str:
    """Read the beginning of a text file; empty when that fails."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE).decode("utf-8", "replace")
    except OSError:
        return ""


def _unfounded_verdict(verdict: Verdict) -> Verdict:
    """Return the verdict on a claim that shows nothing."""
    quote = " ".join(verdict.evidence.split())[:120]
    told = f"The quoted evidence occurs nowhere: {quote!r}. Claimed: {verdict.reason}"
    return replace(verdict, is_met=False, reason=told, evidence="")


def _without_space(text: str) -> str:
    """Drop all white space and the quotation marks around a text."""
    return "".join(text.strip().strip("`\"'“”").split())


def _occurs(part: str, texts: Iterable[str]) -> bool:
    """Whether one of the texts holds a part."""
    return any(part in text for text in texts)


def _is_docstring(before: Token | None, token: Token, after: Token | None) -> bool:
    """Whether a token is a string that stands for itself."""
    begins = before is None or before.type in BLANK
    ends = after is None or after.type in {NEWLINE, COMMENT, ENDMARKER}
    return token.type == STRING and begins and ends


def _blank_out(lines: list[str], token: Token) -> None:
    """Take a token out of the lines of its source; what stands beside it stays in place."""
    (first, left), (last, right) = token.start, token.end
    for number in range(first - 1, last):
        text = lines[number]
        begin = left if number == first - 1 else 0
        end = right if number == last - 1 else len(text.rstrip("\n"))
        lines[number] = text[:begin] + " " * (end - begin) + text[end:]
