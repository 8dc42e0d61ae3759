"""Python taken out of an answer: whole, fenced or not, put together from pieces."""

from __future__ import annotations

import re
import warnings

from agent_core.domain import Script
from agent_core.execution.syntax_trees import parse
from agent_core.model.answer_fault import AnswerFault
from agent_core.model.reading import UNPRINTABLE, json_object
from agent_core.prose.clipping import clipped

FENCE = re.compile(r"^[ \t]*(```+|~~~+)[ \t]*([\w+-]*)[^\n`]*$", re.MULTILINE)
START = re.compile(r"^(import |from \w|#!|# |\"\"\"|'''|def |class |@|if |[A-Za-z_]\w* ?=)")
MAX_PLAN = 400
MAX_SOURCE = 200_000
MIN_OVERLAP, MAX_OVERLAP = 12, 400
CODE_KEYS = ("source", "code", "script", "python")


def script_in(text: str) -> Script:
    """Read an answer as a plan in words and a Python script.

    Raises
    ------
    AnswerFault
        When there is no script, or it does not parse: with line and reason.
    """
    wrapped = _json_script(text)
    if wrapped is not None:
        return wrapped
    source, prose = _code_and_prose(text)
    if not _is_code(source):
        raise AnswerFault("the answer holds no Python code", is_formless=True)
    return Script(_plan_in(prose, source), _sound_source(source))


def join_continuation(text: str, more: str) -> str:
    """Join an answer that was cut with what came after; a repeated end is taken once."""
    opening = FENCE.match(more.lstrip("\n"))
    if opening and opening[2] and "```" in text:
        more = more.lstrip("\n")[opening.end() + 1 :]
    for size in range(min(MAX_OVERLAP, len(text), len(more)), MIN_OVERLAP - 1, -1):
        if text.endswith(more[:size]):
            return text + more[size:]
    return text + more


def _json_script(text: str) -> Script | None:
    """Read an answer that wraps the script into JSON; None when it does not."""
    found = json_object(text) or {}
    source = next((found[k] for k in CODE_KEYS if isinstance(found.get(k), str)), None)
    if source is None:
        return None
    source, prose = _code_and_prose(source)
    plan = found.get("plan")
    prose = plan if isinstance(plan, str) else prose
    return Script(_plan_in(prose, source), _sound_source(source))


def _code_and_prose(text: str) -> tuple[str, str]:
    """Part code from prose; the longest code that parses wins, else the longest there is."""
    text = text.replace("\r\n", "\n")
    candidates = [*_fenced_stretches(text), *_stretches_without_fence(text)]
    parsing = [c for c in candidates if _syntax_fault(c[0]) is None and _is_code(c[0])]
    chosen = parsing or _fenced_stretches(text) or _stretches_without_fence(text)
    return max(chosen, key=lambda c: len(c[0]), default=("", text))


def _fenced_stretches(text: str) -> list[tuple[str, str]]:
    """Return every stretch from an opening fence to a later fence or the end, with the prose."""
    fences = list(FENCE.finditer(text))
    found = []
    for number, opening in enumerate(fences[:20]):
        if opening[2] and opening[2].lower() not in ("python", "py", "python3"):
            continue
        closings = [f for f in fences[number + 1 : number + 21] if not f[2]]
        ends = [*(f.start() for f in closings), len(text)]
        body = opening.end() + 1
        found += [(text[body:end].strip("\n"), text[: opening.start()]) for end in ends]
    return found


def _stretches_without_fence(text: str) -> list[tuple[str, str]]:
    """Return the answer as it is, and from the first line that looks like code."""
    lines = text.strip().splitlines()
    starts = [n for n, line in enumerate(lines) if START.match(line)][:5]
    return [("\n".join(lines[n:]), "\n".join(lines[:n])) for n in dict.fromkeys([0, *starts])]


def _is_code(source: str) -> bool:
    """Whether a text that parses is more than a word or a string."""
    return bool(re.search(r"^\s*(import|from)\s|[=(]", source, re.MULTILINE))


def _syntax_fault(source: str) -> str | None:
    """Return why a source does not parse, or None."""
    if len(source) > MAX_SOURCE:
        return f"it has {len(source):,} characters; at most {MAX_SOURCE:,} are run"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parse(source)
    except SyntaxError as error:
        line = (error.text or "").strip()[:120]
        return f"line {error.lineno}: {error.msg}: {line}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{type(error).__name__}: {error}"[:200]
    return None


def _sound_source(source: str) -> str:
    """Return `source` with one newline at its end.

    Raises
    ------
    AnswerFault
        When it does not parse.
    """
    fault = _syntax_fault(source)
    if fault:
        raise AnswerFault(f"the script does not parse: {fault}")
    return source.strip("\n") + "\n"


def _plan_in(prose: str, source: str) -> str:
    """Return the plan: the words before the code, else the script's own first words."""
    words = " ".join(UNPRINTABLE.sub("", re.sub(r"[#*`>]+", " ", prose)).split())
    if not words:
        first = re.match(r'\s*(?:"""|\'\'\'|#)\s*(.*)', source)
        words = first[1].strip("\"' ") if first else "A script without a plan in words"
    return clipped(words, MAX_PLAN)
