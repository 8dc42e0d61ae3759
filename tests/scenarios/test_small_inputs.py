"""Files that were once read wrong, asked about in the terminal, planned by rules and run."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from invoices import invoices

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.wide, pytest.mark.timeout(600)]
ODD_USERS = ("NA", "null", "nan", "None", "007", "7", "7.0", "1e1", "10e0", "10")


def study(folder: Path, question: str, file: Path):
    """Run a question about a file; return the last line for machines and the results' folder."""
    python = os.environ.get("AUTORECLAB_SANDBOX__PYTHON", str(ROOT / ".venv-lab/bin/python"))
    chosen = ("--set", "treesearch.num_draft_nodes=1", "--set", f"sandbox.python={python}")
    wanted = ["run", question, "--data", file.name, "--out", "out", "--json", *chosen]
    kept = {k: v for k, v in os.environ.items() if k != "OPENAI_API_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *wanted],
        cwd=folder,
        env=kept | {"PYTHONPATH": str(ROOT), "AUTORECLAB_STORAGE__PATH": "data"},
        capture_output=True,
        text=True,
        check=False,
        timeout=580,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]), folder / "out"


def saved_rows(out: Path, part: str) -> list[int]:
    return pd.read_csv(next((out / "split").glob(f"*.{part}_rows.csv")))["row"].tolist()


def test_odd_users_are_all_there_and_the_last_is_the_last_by_days_first(tmp_path):
    rng, lines = random.Random(4), ["user,item,time"]
    start = datetime(2014, 1, 1, 9, tzinfo=UTC)
    for user in (*ODD_USERS, *(f"0{n}" for n in range(300, 340))):
        moments = sorted(rng.sample(range(500), 9), key=lambda _: rng.random())
        items = rng.sample(range(40), 9)
        for item, hours in zip(items, moments, strict=True):
            lines.append(f"{user},i{item},{start + timedelta(hours=9 * hours):%d/%m/%Y %H:%M}")
    file = tmp_path / "log.csv"
    file.write_text("\n".join(lines) + "\n")

    last, out = study(tmp_path, "Compare popularity and EASE, leave the last item out.", file)

    assert last["satisfied"]
    raw = pd.read_csv(file, dtype=str, keep_default_na=False)
    raw["time"] = pd.to_datetime(raw["time"], format="%d/%m/%Y %H:%M")
    newest = raw.groupby("user")["time"].idxmax()
    assert raw["user"].nunique() == len(newest) == 50
    assert saved_rows(out, "test") == sorted(newest)


def test_invoices_are_run_as_asked(tmp_path):
    file = tmp_path / "invoices.csv"
    file.write_text(invoices())
    question = (
        "purchases only, the first purchase of each product, newest 20 % of each customer, "
        "compare popularity, item kNN and EASE"
    )

    last, out = study(tmp_path, question, file)

    assert last["satisfied"]
    raw = pd.read_csv(file, dtype=str, keep_default_na=False)
    bought = raw[~raw["InvoiceNo"].str.startswith("C")].reset_index(drop=True)
    bought["time"] = pd.to_datetime(bought["InvoiceDate"], format="%d/%m/%Y %H:%M")
    train, test = (bought.iloc[saved_rows(out, part)] for part in ("train", "test"))
    first = bought.groupby(["CustomerID", "StockCode"])["time"].min()
    kept = pd.concat([train, test]).set_index(["CustomerID", "StockCode"])["time"]
    assert kept.sort_index().equals(first.sort_index())
    spans = [f.groupby("CustomerID")["time"] for f in (train, test)]
    assert (spans[0].max().reindex(spans[1].min().index) <= spans[1].min()).all()
    assert len(test) / len(kept) == pytest.approx(0.2, abs=0.03)
