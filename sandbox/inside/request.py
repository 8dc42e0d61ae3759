"""What the service asks of a zygote; one message of JSON each way, descriptors beside it."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from typing import Any

LARGEST = 1 << 17
INPUTS, WORK, SOURCES, JOB = "/zygote/inputs", "/zygote/work", "/zygote/code", "/job"
"""Where the zygote sees files of requests, working directories, its own code; the script's."""
EARLIER = ".earlier"
"""Beside the files of a request: the folder whose content is copied, not shown."""


@dataclass(frozen=True, slots=True)
class Request:
    """One script to run."""

    number: int
    folder: str
    """Its files' folder below `INPUTS`."""
    files: tuple[str, ...]
    """Their names; `script.py` among them."""
    arguments: tuple[str, ...]
    environment: dict[str, str]
    limits: dict[str, int]
    """Name of a resource, e.g. `NPROC`, to its limit; see setrlimit(2)."""
    disk_mib: int
    inodes: int
    shared_mib: int
    """Size of /tmp and of /dev/shm, each."""

    @property
    def work(self) -> str:
        """Where the zygote mounts its working directory."""
        return f"{WORK}/{self.number}"

    def to_json(self) -> dict[str, Any]:
        """Return it as a message."""
        return {"run": asdict(self)}

    @classmethod
    def from_json(cls, message: dict[str, Any]) -> Request:
        """Read it from a message."""
        fields = dict(message["run"])
        return cls(
            files=tuple(fields.pop("files")), arguments=tuple(fields.pop("arguments")), **fields
        )


def send(
    channel: socket.socket, message: dict[str, Any], descriptors: tuple[int, ...] = ()
) -> None:
    """Send one message and descriptors; see unix(7)."""
    socket.send_fds(channel, [json.dumps(message).encode()], descriptors)


def receive(channel: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """Receive one message and its descriptors; None when the other side is gone."""
    data, descriptors, _, _ = socket.recv_fds(channel, LARGEST, 4, socket.MSG_CMSG_CLOEXEC)
    return (json.loads(data) if data else None), list(descriptors)
