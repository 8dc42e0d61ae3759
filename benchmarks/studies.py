"""Prints what came of a study of each shape, kept in `studies.json`; runs them when asked.

    .venv/bin/python benchmarks/studies.py                 # print the kept table
    .venv/bin/python benchmarks/studies.py --run           # run what has no result yet
    .venv/bin/python benchmarks/studies.py --again CORE    # shapes whose name holds a word, again

A study takes minutes. Each result is kept and put into `docs/studies.md` at once, its figure in
`docs/studies/`: a broken session goes on where it stood.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent_core.data.synthetic import write_catalogue

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "studies.json"
PAGE = ROOT / "docs" / "studies.md"
FIGURES = ROOT / "docs" / "studies"
BEGIN, END = "<!-- table: benchmarks/studies.py -->", "<!-- end of table -->"
REAL = {
    "movies": ("ml-latest-small/ratings.csv", "ml-latest-small/movies.csv"),
    "u.data": ("ml-100k/u.data",),
}
"""Name in `studies.toml` to files in the folder that AUTORECLAB_TEST_DATA names."""
OUTCOMES = {0: "answered", 3: "in part", 4: "no result", 5: "not understood"}
"""Exit status to what it means."""


@dataclass(frozen=True, slots=True)
class Study:
    """A question of one shape."""

    shape: str
    text: str
    data: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a study."""

    shape: str
    researcher: str
    exit: int
    seconds: float
    headline: str
    figure: str


def studies() -> list[Study]:
    """Return all studies, in their order."""
    read = tomllib.loads((HERE / "studies.toml").read_text(encoding="utf-8"))
    return [Study(s["shape"], s["text"], tuple(s["data"])) for s in read["study"]]


def results() -> list[Result]:
    """Return what is known so far."""
    if not RESULTS.exists():
        return []
    return [Result(**r) for r in json.loads(RESULTS.read_text(encoding="utf-8"))]


def keep(found: Result) -> None:
    """Put a result in the place of an earlier one."""
    others = [r for r in results() if (r.shape, r.researcher) != (found.shape, found.researcher)]
    places = [s.shape for s in studies()]
    known = [r for r in (*others, found) if r.shape in places]
    known.sort(key=lambda r: (places.index(r.shape), r.researcher))
    text = json.dumps([asdict(r) for r in known], indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")


def files_of(study: Study, folder: Path) -> list[Path]:
    """Return the files of a study, the synthetic one made here; empty where one is missing."""
    data = Path(os.environ.get("AUTORECLAB_TEST_DATA", "/nowhere"))
    catalogue = folder / "catalogue.tsv"
    write_catalogue(catalogue)
    found = [data / f for name in study.data for f in REAL.get(name, ())]
    made = [catalogue] if "catalogue" in study.data else []
    return [*made, *found] if all(f.exists() for f in found) else []


def run(study: Study, folder: Path, python: str) -> Result | None:
    """Carry a study out by the rule-based researcher; None without its data."""
    files = files_of(study, folder)
    if not files:
        print(f"{study.shape}: left out, AUTORECLAB_TEST_DATA names no folder with its data")
        return None
    out = folder / name_of(study)
    command = [sys.executable, "-m", "bot", "run", study.text, "--yes", "--out", str(out)]
    command += [word for f in files for word in ("--data", str(f))]
    command += ["--researcher", "offline", "--set", "treesearch.num_draft_nodes=1"]
    command += ["--set", f"sandbox.python={python}", "--set", f"storage.path={folder / 'data'}"]
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    seconds = time.monotonic() - began
    headline = headline_of(out / "report.md") or last_line(done.stdout + done.stderr)
    figure = keep_figure(out / "figures" / "question_1.png", name_of(study))
    return Result(study.shape, "offline", done.returncode, round(seconds, 1), headline, figure)


def name_of(study: Study) -> str:
    """Return the shape of a study as the name of a file."""
    return study.shape.replace(" ", "-").replace("/", "-").lower()


def keep_figure(drawn: Path, name: str) -> str:
    """Copy a figure beside the page; return its name there, empty where none was drawn."""
    if not drawn.exists():
        return ""
    FIGURES.mkdir(exist_ok=True)
    return Path(shutil.copyfile(drawn, FIGURES / f"{name}.png")).name


def headline_of(report: Path) -> str:
    """Return the first line of a report under its title; empty where there is none."""
    if not report.exists():
        return ""
    lines = (x.strip() for x in report.read_text(encoding="utf-8").splitlines())
    return next((x for x in lines if x and not x.startswith("#")), "")


def last_line(printed: bytes) -> str:
    """Return the last line that was printed."""
    lines = printed.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def table() -> str:
    """Return the table of the studies that were run, and in a sentence which were not."""
    found = {r.shape: r for r in results()}
    asked = [s for s in studies() if s.shape in found]
    lines = ["| shape, and how to ask | what the report begins with | figure |", "|---|---|---|"]
    lines += [row(s, found[s.shape]) for s in asked]
    missing = [s.shape for s in studies() if s not in asked]
    if missing:
        lines += ["", f"Without a result yet: {'; '.join(missing)}."]
    return "\n".join(lines)


def row(study: Study, found: Result) -> str:
    """Return the line of a study."""
    told = f"{found.headline} ({OUTCOMES.get(found.exit, 'failed')})"
    figure = f"![{study.shape}]({FIGURES.name}/{found.figure})" if found.figure else "none"
    cells = f"**{study.shape}**<br>`{command_of(study)}`", told, figure
    return "| " + " | ".join(x.replace("|", "\\|") for x in cells) + " |"


def command_of(study: Study) -> str:
    """Return the command that a reader types."""
    names = {"catalogue": ("catalogue.tsv",), **REAL}
    data = [f"--data {Path(f).name}" for d in study.data for f in names[d]]
    return f'autoreclab run "{study.text}" {" ".join(data)}'


def write_table() -> None:
    """Put the table into the page."""
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


def main() -> None:
    """Parse the arguments, run what is wanted, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", action="store_true", help="run what has no result yet")
    parser.add_argument("--again", metavar="WORD", help="shapes whose name holds it, again")
    parser.add_argument("--folder", type=Path, help="keep the results there")
    parser.add_argument("--python", default=str(ROOT / ".venv-lab" / "bin" / "python"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = (chosen.folder or Path(made)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for study in wanted(chosen.run, chosen.again):
            found = run(study, folder, chosen.python)
            if found:
                keep(found)
                write_table()
                print(f"{study.shape}: exit {found.exit}, {found.seconds:.0f} s")
    print(table())


def wanted(missing: bool, word: str | None) -> list[Study]:
    """Return the studies whose name holds a word; without one, those that miss a result."""
    if word:
        return [s for s in studies() if word.lower() in s.shape.lower()]
    known = {r.shape for r in results()}
    return [s for s in studies() if missing and s.shape not in known]


if __name__ == "__main__":
    main()
