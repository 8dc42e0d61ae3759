"""What sets of files are, by names and headers of published data; their values are invented."""

import gzip
import io
import json
import random
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from agent_core.data.choices import text_of
from agent_core.data.file_groups import group_files

CASES = json.loads(Path(__file__).with_name("file_groups.json").read_text())
FIELDS = {
    "u": lambda n, pick: str(1 + n // 8),
    "i": lambda n, pick: str(1000 + (n * 7 + pick.randrange(5)) % 61),
    "U": lambda n, pick: f"AE{n // 8:05d}XQ",
    "P": lambda n, pick: f"B0{(n * 7) % 61:05d}K",
    "r": lambda n, pick: str(pick.randint(1, 5)),
    "t": lambda n, pick: str(978_300_000 + 1000 * n + pick.randint(0, 999)),
    "m": lambda n, pick: str(1_600_000_000_000 + 1000 * n + pick.randint(0, 999)),
    "d": lambda n, pick: f"20{10 + n % 9}-0{1 + n % 9}-1{n % 9}",
    "x": lambda n, pick: f"Some title of number {n}",
    "g": lambda n, pick: "Drama|War",
}
ROWS = 64


def content(spec, name):
    """Return invented lines of a header, a separator and kinds of fields."""
    header, separator, kinds = spec
    pick = random.Random(name)
    start = pick.randrange(7)
    if kinds.endswith("*"):
        lines = [[str(u), *map(str, pick.sample(range(90), 2 + u % 5))] for u in range(20)]
    elif kinds[0] in "iP":  # a line a thing
        lines = [[str(1000 + n), *(FIELDS[k](n, pick) for k in kinds[1:])] for n in range(40)]
    else:
        lines = [[FIELDS[k](start + n, pick) for k in kinds] for n in range(ROWS)]
    if separator == "parquet":
        out = io.BytesIO()
        pd.DataFrame(lines, columns=header.split(",")).to_parquet(out)
        return out.getvalue()
    rows = [separator.join(line) for line in lines]
    return ("\n".join([header, *rows] if header else rows) + "\n").encode()


def written(case, folder):
    """Write the files of a case; return them by name."""
    files, names = {}, case["files"]
    for name, spec in names.items():
        if isinstance(spec, str) and spec.startswith("="):
            files[name] = files[spec[1:]]
        elif isinstance(spec, str):
            files[name] = spec.removeprefix("text:").encode()
        else:
            files[name] = content(spec, name)
    if "archive" in case:
        path = folder / case["archive"]
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return {path.name: path}
    paths = {}
    for number, (name, data) in enumerate(files.items()):
        paths[name] = folder / str(number)
        paths[name].write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return paths


def found(grouping):
    return {
        g.source.file: [f"{p.fold} {p.name} {p.label}" for p in g.parts] or [g.source.label]
        for g in grouping.groups
    }


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_files_are_what_their_publishers_meant_or_are_asked_about(case, tmp_path):
    grouping = group_files(written(case, tmp_path), case.get("words", ""))

    assert found(grouping) == case["expect"]
    told = " ".join(grouping.notes)
    asked = " ".join(
        [*map(text_of, grouping.doubts), *(d for g in grouping.groups for d in g.doubts)]
    )
    assert all(text in told for text in case.get("unused", [])), told
    assert all(text in asked for text in case.get("asked", [])), asked
    assert bool(asked) == bool(case.get("asked")), asked
    assert {s.label for s in grouping.rest} == {*case.get("rest", [])}


def test_there_are_many_sets_of_files():
    assert len({c["id"] for c in CASES}) == len(CASES) >= 25
