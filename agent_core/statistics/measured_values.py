"""Values of runs, users and predictions: recomputed ones in place of claimed ones."""

from __future__ import annotations

from collections.abc import Container, Iterator

import numpy as np
import pandas as pd

from agent_core.data.parquet_reader import RUN
from agent_core.domain import Metric
from agent_core.evidence.evidence import Evidence
from agent_core.measures.metrics import LISTED_ONLY, POOLED, UNTESTED_TOO, with_truth

KEYS = [*RUN, "metric", "k"]


def run_values(evidence: Evidence) -> pd.DataFrame:
    """Return the single-run rows, each with the recomputed value where there is one.

    Recomputed values are means over all test users, also where the script left some out or
    divided sums over users. Lists of a sample are no reason to replace the value over all of them.
    """
    rows = evidence.single
    rows = rows[np.isfinite(rows["value"].astype(float))] if len(rows) else rows
    rows = rows.assign(k=_cutoffs(rows))
    is_sample = bool(evidence.run.get("list_sample"))
    if is_sample or not len(evidence.agreement) or not len(rows):
        return rows.assign(is_recomputed=False)
    joined = rows.merge(_computed_values(evidence), on=KEYS, how="left")
    is_known = joined["computed"].notna()
    return joined.assign(
        value=joined["computed"].where(is_known, joined["value"]).astype(float),
        is_recomputed=is_known,
    )


def user_values(evidence: Evidence) -> pd.DataFrame:
    """Return values by run and user: `KEYS`, user_id, value, is_recomputed; an absent k is 0.

    Those of an algorithm in a metric are either all recomputed or all claimed: a metric that
    cannot be computed again keeps the script's values, whatever became of the other metrics.
    """
    is_sample = bool(evidence.run.get("list_sample"))
    mine = _with_origin(evidence.recomputed, is_recomputed=True)
    claimed = _with_origin(evidence.per_user, is_recomputed=False)
    if is_sample and len(claimed):
        both = claimed
    else:
        known = set(zip(mine["metric"], mine["k"], mine["algorithm"], strict=True))
        named = zip(claimed["metric"], claimed["k"], claimed["algorithm"], strict=True)
        is_new = np.fromiter((key not in known for key in named), dtype=bool, count=len(claimed))
        both = pd.concat([f for f in (mine, claimed[is_new]) if len(f)] or [mine])
    both = both.assign(value=both["value"].astype(float))
    return both[np.isfinite(both["value"])]


def true_predictions(
    evidence: Evidence, algorithm: str, folds: Container[str]
) -> Iterator[pd.DataFrame]:
    """Yield the predictions of each run with the ratings of the test data, where these have some.

    What a script delivers as the rating beside its prediction counts for nothing then.
    """
    own = evidence.predictions.select(lambda run: run[0] == algorithm and run[1] in folds)
    for (_, fold, seed), table in own.items():
        yield with_truth(table, evidence.test.get(fold)).assign(fold=fold, seed=seed)


def definitions_of(evidence: Evidence) -> dict[str, str]:
    """Return the definition of each metric that agreed with the script's values."""
    found: dict[str, str] = {}
    for row in evidence.agreement[evidence.agreement["agrees"].astype(bool)].itertuples():
        k = None if pd.isna(row.k) else int(row.k)
        found.setdefault(Metric(str(row.metric), k).key, str(row.definition))
    return found


def held_fixed(rows: pd.DataFrame) -> str:
    """Say what intervals over users hold fixed."""
    folds = rows["fold"].nunique()
    per_algorithm = rows.groupby("algorithm")["seed"].nunique()
    seeds = int(per_algorithm.max()) if len(per_algorithm) else 0
    if seeds > 1 and rows.groupby(["algorithm", "fold"])["seed"].nunique().max() < 2:
        return f"{folds} splits, each with a seed of its own"
    split = "one split" if folds < 2 else f"one split into {folds} folds"
    return f"{split}, averaged over {seeds} seeds" if seeds > 1 else f"{split}, one seed"


def test_share(evidence: Evidence) -> float:
    """Return test divided by training interactions; of a fold on average."""
    tests = [len(t) for t in evidence.test.values()]
    trains = [len(t) for t in evidence.train.values()]
    if tests and trains and sum(trains):
        return float(np.mean(tests) / np.mean(trains))
    folds = max(2, evidence.plan.split.folds)
    return 1 / (folds - 1)


def _computed_values(evidence: Evidence) -> pd.DataFrame:
    """Return the recomputed value of each run: `KEYS` and `computed`."""
    known = evidence.agreement[[*KEYS, "computed", "definition"]].copy()
    known = known.assign(k=_cutoffs(known)).drop_duplicates(KEYS)
    if _is_otherwise(known).any() and len(evidence.recomputed):
        users = evidence.recomputed.assign(k=_cutoffs(evidence.recomputed))
        whole = users.groupby(KEYS, sort=False)["value"].mean().rename("whole").reset_index()
        known = known.merge(whole, on=KEYS, how="left")
        replaced = known["whole"].where(_is_otherwise(known) & known["whole"].notna())
        known = known.assign(computed=replaced.fillna(known["computed"]))
    return known[[*KEYS, "computed"]]


def _is_otherwise(agreement: pd.DataFrame) -> pd.Series[bool]:
    """Whether a value agrees under a definition that is no mean over all test users."""
    names = agreement["definition"].astype(str)
    return names.str.endswith((LISTED_ONLY, UNTESTED_TOO)) | names.str.startswith(POOLED)


def _with_origin(users: pd.DataFrame, *, is_recomputed: bool) -> pd.DataFrame:
    """Return the needed columns, an absent cut-off as 0."""
    kept = users[[*KEYS, "user_id", "value"]]
    return kept.assign(k=_cutoffs(kept), is_recomputed=is_recomputed)


def _cutoffs(frame: pd.DataFrame) -> pd.Series[int]:
    """Return the cut-offs of a table, absent ones as 0."""
    return pd.to_numeric(frame["k"]).astype("Int64").fillna(0).astype(int)
