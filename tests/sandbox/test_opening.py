import asyncio
import sys
from pathlib import Path

import pytest

from sandbox.errors import SandboxUnavailable
from sandbox.execution import IsolationLevel
from sandbox.local import LocalSandbox
from sandbox.opening import explain_sandbox, open_sandbox, self_test
from sandbox.packages import find_python, read_packages
from sandbox.settings import SandboxSettings

ROOT = Path(__file__).parents[2]


async def test_a_missing_interpreter_is_named_with_the_remedy(tmp_path):
    settings = SandboxSettings(python=str(tmp_path / "python"))

    with pytest.raises(SandboxUnavailable, match="make install"):
        async with open_sandbox(settings):
            pass


async def test_an_interpreter_that_is_none_is_refused(tmp_path):
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho no\n")
    fake.chmod(0o755)

    with pytest.raises(SandboxUnavailable, match="cannot be used"):
        async with open_sandbox(SandboxSettings(python=str(fake))):
            pass


def test_the_packages_of_experiments_are_read_from_their_interpreter():
    packages = read_packages(find_python())

    assert packages.versions["lenskit"] == "2025.8.1"
    assert {"lenskit", "pandas", "sys"} <= packages.modules
    assert "lenskit==2025.8.1" in packages.lock()


def test_namespaces_that_are_switched_off_are_explained():
    text = "bwrap: No permissions to create new namespace, likely because ..."

    on_a_machine = explain_sandbox(text, in_container=False)
    in_a_container = explain_sandbox(text, in_container=True)

    assert "sysctl" in on_a_machine
    assert "--security-opt systempaths=unconfined" in in_a_container


def test_files_that_only_root_may_read_are_explained():
    text = "PermissionError: [Errno 13] Permission denied: '/srv/.venv-lab/pyvenv.cfg'"

    assert "chmod -R go+rX" in explain_sandbox(text, in_container=True)
    assert "chmod -R go+rX" in explain_sandbox(
        "No module named 'sandbox.inside'", in_container=False
    )


async def test_the_self_test_refuses_what_does_not_isolate():
    leaky = LocalSandbox(read_packages(find_python()), IsolationLevel.UNCONFINED, 1)

    with pytest.raises(SandboxUnavailable, match="sees files of the service"):
        await self_test(leaky)


@pytest.mark.parametrize("level", ["warm", "auto"])
async def test_nothing_runs_where_namespaces_are_off(tmp_path, level):
    script = tmp_path / "script.py"
    script.write_text("print('ran')")
    off = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    command = [sys.executable, "-m", "bot", "exec", str(script), "--set"]

    process = await asyncio.create_subprocess_exec(
        *("unshare", "--user", "--map-root-user", "sh", "-c", off, "sh"),
        *(*command, f"sandbox.level={level}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    output, errors = await process.communicate()

    assert process.returncode == 1
    assert output == b""
    assert b"Scripts cannot be isolated" in errors
    assert b"docs/security.md" in errors


async def test_the_best_level_is_chosen():
    async with open_sandbox(SandboxSettings(preload_after_s=3600)) as sandbox:
        assert sandbox.level is IsolationLevel.WARM
        assert sandbox.slots >= 1
