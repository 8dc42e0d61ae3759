"""Files that are made to harm cost a child process some memory, and give one clear sentence.

All are made here, by code; none is stored.
"""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tiers import wide_but

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
MIB = 1 << 20
READ = """
import asyncio, json, resource, sys
from pathlib import Path
from agent_core.data.child import Wanted, read_in_child
from agent_core.errors import BadDataset

def peak(who):
    return resource.getrusage(who).ru_maxrss << 10

for line in sys.stdin:
    path = Path(line.strip())
    before = peak(resource.RUSAGE_SELF)
    try:
        found = asyncio.run(read_in_child(Wanted(path, path.name)))
        told = {"rows": found.rows, "users": found.users}
    except BadDataset as error:
        told = {"refused": str(error)}
    grown = peak(resource.RUSAGE_SELF) - before
    told |= {"child": peak(resource.RUSAGE_CHILDREN), "grown": grown}
    print(json.dumps(told), flush=True)
"""
TABLE = "".join(f"{u},{i},{1 + u * i % 5},x\n" for u in range(1, 30) for i in range(1, 20))
NAMES = "user,item,rating,note\n"


@pytest.fixture(scope="module")
def reader():
    """A process that reads files as the service does, and knows its memory and its children's."""
    with subprocess.Popen(
        [sys.executable, "-c", READ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


def read(reader, folder: Path, name: str, content: str | bytes):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    reader.stdin.write(f"{path}\n")
    reader.stdin.flush()
    told = json.loads(reader.stdout.readline())
    path.unlink()
    assert told["child"] < 1024 * MIB
    assert told["grown"] < 100 * MIB
    return told


def bomb() -> bytes:
    return gzip.compress(b"1,2,3\n" * 17_000_000, 1)


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("ratings.csv", b"1,2,3\n" * 17_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "make", "said"),
    wide_but(
        [
            ("line.csv", lambda: "1,2,3," * 17_000_000, "line 1 has 97.3 MiB, more than 2 MiB"),
            (
                "line.json",
                lambda: "[" + '{"user":1,"item":2},' * 5_200_000,
                "one JSON document of",
            ),
            ("object.jsonl", lambda: '{"user":"' + "x" * 100 * MIB + '"}', "line 1 has 100.0 MiB"),
            ("wide.csv", lambda: ("1," * 99_999 + "1\n") * 5, "columns, more than 2,000"),
            ("bomb.csv.gz", bomb, "unpacks to more than"),
            ("bomb.zip", zip_bomb, "unpacks to more than"),
            (
                "cell.csv",
                lambda: NAMES + TABLE + '5,5,4,"' + "y" * 20_000_000 + '"\n',
                "line 553 has 19.1 MiB",
            ),
            (
                "lines_in_a_cell.csv",
                lambda: NAMES + TABLE + '5,5,4,"' + ("y" * 99 + "\n") * 200_000 + '"\n',
                "the quotation mark in line 553 opens a field of many lines",
            ),
            ("inf.csv", lambda: NAMES + TABLE + "5,5,inf,x\n6,6,-inf,x\n", "no ratings"),
            ("deep.json", lambda: "[" * 1_000_000, "JSON of too many levels"),
            ("levels.json", lambda: '{"a":' * 200_000 + "1" + "}" * 200_000, "too many levels"),
            (
                "brackets.jsonl",
                lambda: "{'a': " + "(" * 50_000 + ")" * 50_000 + "}\n",
                "JSON without",
            ),
            ("results.json", lambda: '[{"user":1,"item":2}]', "a file that runs write. Rename it"),
            ("labbook.py", lambda: NAMES + TABLE, "the name of a program, not of a dataset"),
            (".recipes.json", lambda: NAMES + TABLE, "a file that runs write. Rename it"),
            ("zero.csv", lambda: b"1,2,3\n4,5\x006,7\n", "binary"),
        ],
        "line.csv",
        "line.json",
        "wide.csv",
        "bomb.csv.gz",
        "cell.csv",
        "inf.csv",
        "deep.json",
        "brackets.jsonl",
        "results.json",
        "zero.csv",
    ),
)
@pytest.mark.timeout(240)
def test_a_hostile_file_is_refused_in_one_sentence(reader, tmp_path, name, make, said):
    told = read(reader, tmp_path, name, make())

    assert said in told["refused"]
    assert told["refused"].startswith(name)
    assert len(told["refused"]) < 400


def test_text_that_is_called_packed_is_read(reader, tmp_path):
    assert read(reader, tmp_path, "ratings.csv.gz", NAMES + TABLE)["rows"] == 551
