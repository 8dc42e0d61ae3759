"""The files for containers and services fit the sandbox."""

import json
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"
NEEDED = {
    "unshare",
    "mount",
    "umount2",
    "pivot_root",
    "setns",
    "clone",
    "clone3",
    "prctl",
    "capset",
}


def test_the_container_profile_allows_what_makes_the_sandbox():
    profile = json.loads((DEPLOY / "seccomp.json").read_text())

    refused = {name for rule in profile["syscalls"] for name in rule["names"]}

    assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
    assert not refused & NEEDED
    assert {"ptrace", "bpf", "keyctl", "io_uring_setup", "kexec_load"} <= refused
