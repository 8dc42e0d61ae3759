"""Output of a script: bounded, decoded, in lines as they come."""

from __future__ import annotations

import codecs
from collections import deque

from sandbox.execution import OnOutput

HEAD = 64 * 1024
TAIL = 192 * 1024
MAX_LINE = 4096
"""Characters of a line that are passed on."""
LONGEST = 64 * 1024
"""A line that is longer is taken in pieces."""


class Output:
    """Keeps head and tail of a stream of bytes and passes complete lines on.

    Carriage returns fold progress bars, as a terminal does: only what stands after the last one of
    a line is kept and passed on.
    """

    def __init__(self, tell: OnOutput | None) -> None:
        self.tell = tell
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.head = ""
        self.tail: deque[str] = deque()
        self.tail_size = 0
        self.dropped = 0
        self.total = 0
        self.line = ""

    def feed(self, data: bytes) -> None:
        """Take bytes as they were read."""
        self.total += len(data)
        self.take(self.decoder.decode(data))

    def finish(self) -> None:
        """Pass on what stands without a line end."""
        self.take(self.decoder.decode(b"", final=True))
        if self.line:
            self.pass_on(self.line, "")

    def take(self, text: str) -> None:
        """Cut text into lines; an unfinished one waits for its rest."""
        *lines, rest = (self.line + text).split("\n")
        for line in lines:
            self.pass_on(line, "\n")
        self.line = _last_shown(rest) + ("\r" if rest.endswith("\r") else "")
        if len(self.line) > LONGEST:
            self.pass_on(self.line, "")

    def pass_on(self, line: str, end: str) -> None:
        """Keep one line, folded, and pass it on, cut."""
        shown = _last_shown(line)
        self.keep(shown + end)
        self.line = ""
        if self.tell is not None:
            self.tell(shown[:MAX_LINE])

    def keep(self, text: str) -> None:
        """Keep the first and the last characters."""
        room = HEAD - len(self.head)
        self.head += text[:room] if room > 0 else ""
        rest = text[room:] if room > 0 else text
        if not rest:
            return
        self.tail.append(rest)
        self.tail_size += len(rest)
        while self.tail_size - len(self.tail[0]) >= TAIL:
            gone = len(self.tail.popleft())
            self.tail_size -= gone
            self.dropped += gone

    @property
    def text(self) -> str:
        """What is kept, with a line about what is not."""
        tail = "".join(self.tail)
        cut = max(0, len(tail) - TAIL)
        dropped = self.dropped + cut
        gap = f"\n[... {dropped:,} characters left out ...]\n" if dropped else ""
        return f"{self.head}{gap}{tail[cut:]}{_last_shown(self.line)}"


def _last_shown(line: str) -> str:
    """Return what a terminal shows of a line: what follows the last carriage return."""
    return line.rstrip("\r").rpartition("\r")[2]
