"""Output of a script: bounded, decoded, in lines as they come."""

from __future__ import annotations

import codecs
from collections import deque

from sandbox.execution import OnOutput

HEAD = 64 * 1024
TAIL = 192 * 1024
MAX_LINE = 4096


class Output:
    """Keeps head and tail of a stream of bytes and passes complete lines on.

    Carriage returns fold progress bars: only what stands after the last one is passed on.
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
            self.pass_on(self.line)
            self.line = ""

    def take(self, text: str) -> None:
        """Keep text and cut it into lines."""
        self.keep(text)
        if self.tell is None:
            return
        *lines, rest = (self.line + text).split("\n")
        for line in lines:
            self.pass_on(line)
        self.line = rest[-MAX_LINE:]

    def pass_on(self, line: str) -> None:
        """Pass one line on, folded and cut."""
        if self.tell is not None:
            self.tell(line.rstrip("\r").rpartition("\r")[2][:MAX_LINE])

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
        return f"{self.head}{gap}{tail[cut:]}"
