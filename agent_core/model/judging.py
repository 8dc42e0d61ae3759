"""Verdicts that quote their evidence; a quote that occurs nowhere shows nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.domain import Requirement, Verdict
from agent_core.model.answers import JudgeAnswer, VerdictPart
from agent_core.model.bounds import clip, line
from agent_core.model.complaint import Complaint

TEXT_SUFFIXES = frozenset({".json", ".csv", ".txt", ".md", ".tsv", ".log", ".html", ".tex"})
ROW_FOLDERS = ("split/", "lists/", "predictions/")
"""Folders whose files hold rows of users and items."""
MAX_FILE = 1_000_000
MAX_FILES = 40
SHOWN_FILE, SHOWN_FILES = 1500, 10_000
MIN_QUOTE = 3


@dataclass(frozen=True, slots=True)
class Exhibits:
    """All that may be quoted."""

    source: str
    output: str
    files: Mapping[str, str]
    """Text artifacts by name, bounded."""
    names: tuple[str, ...]
    """All artifacts."""

    def has(self, quote: str) -> bool:
        """Whether a quote occurs somewhere, spaces aside; parts joined by dots count singly."""
        texts = [squeezed(t) for t in (self.source, self.output, *self.files.values())]
        texts.append(squeezed(" ".join(self.names)))
        parts = [quote, *quote.replace("...", "…").split("…")]
        whole, *pieces = [squeezed(p) for p in parts]
        if len(whole) < MIN_QUOTE:
            return False
        if occurs(whole, texts):
            return True
        pieces = [p for p in pieces if len(p) >= MIN_QUOTE]
        return len(pieces) > 1 and all(occurs(p, texts) for p in pieces)

    def shown(self) -> str:
        """Return the text artifacts for a prompt, bounded."""
        blocks = [f"--- {name}\n{clip(text, SHOWN_FILE)}" for name, text in self.files.items()]
        return clip("\n".join(blocks), SHOWN_FILES)

    def listed(self) -> str:
        """Return the names of all artifacts."""
        return clip(", ".join(self.names), 2000)


def squeezed(text: str) -> str:
    """Drop all white space and the quotation marks around a text."""
    return "".join(text.strip().strip("`\"'“”").split())


def occurs(part: str, texts: Iterable[str]) -> bool:
    """Whether one of the texts holds a part."""
    return any(part in text for text in texts)


def exhibits(
    source: str, output: str, artifacts: Mapping[str, Path], *, share_rows: bool
) -> Exhibits:
    """Read what may be quoted; blocking, so to be called in a thread."""
    names = sorted(artifacts, key=lambda n: (n.count("/"), n))
    readable = [n for n in names if is_shown(n, share_rows=share_rows)][:MAX_FILES]
    files = {name: text for name in readable if (text := head_of(artifacts[name]))}
    return Exhibits(source, output, files, tuple(names))


def is_shown(name: str, *, share_rows: bool) -> bool:
    """Whether a prompt may show an artifact: text, and no rows of users unless they are shared."""
    if Path(name).suffix.lower() not in TEXT_SUFFIXES:
        return False
    has_rows = name.startswith(ROW_FOLDERS) or "user" in Path(name).stem.lower()
    return share_rows or not has_rows


def head_of(path: Path) -> str:
    """Read the beginning of a text file; empty when that fails."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE).decode("utf-8", "replace")
    except OSError:
        return ""


def verdicts_from(
    answer: JudgeAnswer, wanted: Sequence[Requirement], shown: Exhibits, by: str, *, is_last: bool
) -> tuple[Verdict, ...]:
    """Turn an answer into verdicts on the open requirements.

    Raises
    ------
    Complaint
        When requirements are passed over, as long as asking again is possible.
    """
    parts = {part.requirement: part for part in reversed(answer.verdicts)}
    missing = [str(r.id) for r in wanted if r.id not in parts]
    if missing and (not is_last or len(missing) == len(wanted)):
        raise Complaint(f"verdicts: none about requirements {', '.join(missing)}")
    return tuple(verdict_from(parts[r.id], shown, by) for r in wanted if r.id in parts)


def verdict_from(part: VerdictPart, shown: Exhibits, by: str) -> Verdict:
    """Turn one part into a verdict; met only with a quote that occurs."""
    reason, quote = line(part.reason, 400), clip(part.quote.strip(), 600)
    if part.is_met and not shown.has(part.quote):
        told = f"The quoted evidence occurs nowhere: {line(part.quote, 120)!r}. Claimed: {reason}"
        return Verdict(part.requirement, is_met=False, reason=told, evidence="", by=by)
    return Verdict(part.requirement, part.is_met, reason, quote, by)
