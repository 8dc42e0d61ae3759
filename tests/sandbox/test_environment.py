"""Packages of experiments are added and rebuilt from a lock, without a network."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sandbox.environment import add_packages, locked_lines, rebuild
from sandbox.errors import SandboxError
from sandbox.packages import read_packages


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, version in (("first", "1.0"), ("first", "2.0"), ("second", "1.0")):
        write_wheel(folder, name, version)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def write_wheel(folder, name, version):
    info = f"{name}-{version}.dist-info"
    needs = "Requires-Dist: first\n" if name == "second" else ""
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:VERSION.__str__\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            wheel.writestr(path, text)


@pytest.fixture
def lab(tmp_path):
    home = tmp_path / "lab"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    return home


@pytest.mark.slow
def test_added_packages_leave_those_that_are_there(lab, wheels):
    before = add_packages(read_packages(lab / "bin/python"), ["first==1.0"])

    packages = add_packages(before, ["second"])
    with pytest.raises(SandboxError, match="failed with status 1"):
        add_packages(packages, ["first==2.0"])

    assert read_packages(lab / "bin/python").versions == {"first": "1.0", "second": "1.0"}


@pytest.mark.slow
def test_an_environment_is_rebuilt_from_its_lock_or_stays(lab, wheels):
    packages = add_packages(read_packages(lab / "bin/python"), ["second"])

    rebuilt = rebuild(packages, "python 3.11\nfirst==1.0\n")
    with pytest.raises(SandboxError, match="failed"):
        rebuild(rebuilt, "first==3.0\n")

    assert rebuilt.lock() == read_packages(lab / "bin/python").lock() == "first==1.0\n"
    assert (lab / "bin/first").read_text().startswith(f"#!{lab}/bin/python")
    assert [p.name for p in lab.parent.iterdir() if p.name.startswith("lab")] == ["lab"]


@pytest.mark.parametrize("text", ["--index-url=http://x", "../wheel", "git+https://x", ""])
def test_only_names_of_packages_are_taken(lab, text):
    with pytest.raises(SandboxError, match="not the name"):
        add_packages(read_packages(lab / "bin/python"), [text])


def test_the_interpreter_of_the_system_is_left_alone():
    system = read_packages(Path(sys.base_prefix) / "bin/python3")

    with pytest.raises(SandboxError, match="no virtual environment"):
        add_packages(system, ["first"])


def test_a_lock_is_read_from_a_zip_and_from_what_env_list_prints():
    assert locked_lines("torch==2.13.0  # was 2.13.0+cpu\n") == ["torch==2.13.0"]
    assert locked_lines("python 3.11\ntorch==2.13.0+cpu\n# note\n") == ["torch==2.13.0+cpu"]
