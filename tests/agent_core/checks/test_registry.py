"""The registry of checks: each has a study that sins against it."""

import re
from pathlib import Path

from agent_core.checks.registry import RULES


def test_every_check_has_a_sin():
    files = Path(__file__).parent.rglob("test_*_sins.py")

    tried = {name for f in files for name in re.findall(r"\bsin\(\s*\"(\w+)\"", f.read_text())}

    assert {r.name for r in RULES} - tried == {"table_saved"}
    assert tried <= {r.name for r in RULES}
