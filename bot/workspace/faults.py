"""Fault switches: what a test makes go wrong between Slack and the bot."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(slots=True)
class ApiTrouble:
    """The next `times` calls of a method fail in one way.

    `method` is a pattern (`chat.*`); `upload` and `download` stand for the bytes of files. With
    `status` 429 the answer carries `retry_after_s`; with `error` it is `ok: false`. With
    `is_after_work` the work is done first, then the connection breaks without an answer.
    """

    method: str
    times: int = 1
    status: int = 200
    error: str = ""
    retry_after_s: int = 1
    delay_s: float = 0.0
    is_after_work: bool = False


@dataclass(slots=True)
class Faults:
    """The switches; all off. A test flips them while the workspace runs."""

    troubles: list[ApiTrouble] = field(default_factory=list)
    duplicate_events: int = 0
    lose_acks: int = 0
    is_mention_first: bool = False
    omits_mention_with_files: bool = False
    is_refusing_connections: bool = False
    shares_after_s: float = 0.0
    is_login_page_for_files: bool = False
    file_redirects: int = 0
    revoked: str = ""

    def add(self, trouble: ApiTrouble) -> None:
        """Let calls fail."""
        self.troubles.append(trouble)

    def next_for(self, method: str) -> ApiTrouble | None:
        """Take one failure that is due for a method."""
        for trouble in self.troubles:
            if trouble.times > 0 and fnmatchcase(method, trouble.method):
                trouble.times -= 1
                return trouble
        return None

    def take_lost_ack(self) -> bool:
        """Say whether the next acknowledgement gets lost."""
        if self.lose_acks <= 0:
            return False
        self.lose_acks -= 1
        return True
