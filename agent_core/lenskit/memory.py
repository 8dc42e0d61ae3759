"""What memory a script needs, from the counts of its data: told before anything is executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent_core.domain import Algorithm, Dataset, Room
from agent_core.lenskit.scorers import SCORERS

MIB = 1 << 20
LIBRARIES_MIB = 420
"""Python with pandas, PyTorch and LensKit, and threads that train: measured at 100,000 rows."""
INTERACTION = 190
"""Bytes of one interaction: 32 in the frame, 40 in train and test, 8 as ids of the helper, 105 in
LensKit's dataset (measured at a million rows)."""
USUAL_WIDTH = 64
"""Factors of a model whose configuration does not say: LensKit's own default."""
NEARLY_ALL = 0.9
"""Share of the limit from which an estimate is said: estimates are off by a tenth."""
SPARE = 1.2
"""What a larger limit is advised to have beyond the estimate."""


def needed_mib(algorithm: Algorithm, dataset: Dataset) -> float:
    """Return the peak of a script that trains an algorithm on all of a dataset."""
    common = LIBRARIES_MIB + INTERACTION * dataset.rows / MIB
    return common + training_bytes(algorithm, dataset) / MIB


def training_bytes(algorithm: Algorithm, dataset: Dataset) -> float:
    """Return what the model and its training take."""
    scorer = SCORERS.get(algorithm.kind)
    cost = scorer.memory if scorer else {}
    width = float(algorithm.config.get("embedding_size") or USUAL_WIDTH)
    kept = algorithm.config.get("save_nbrs")
    neighbours = min(dataset.items, int(kept)) if kept else dataset.items
    return (
        cost.get("interaction", 0) * dataset.rows
        + cost.get("factor", 0) * width * (dataset.users + dataset.items)
        + cost.get("item_pair", 0) * dataset.items**2
        + cost.get("neighbour", 0) * dataset.items * neighbours
    )


def memory_cautions(
    algorithms: Sequence[Algorithm], datasets: Sequence[Dataset], room: Room
) -> tuple[str, ...]:
    """Return what may not fit into the memory of a script, and what to do about it."""
    if not room.script_mib:
        return ()
    found: list[str] = []
    for dataset in datasets:
        needs = {a.name: needed_mib(a, dataset) for a in algorithms}
        large = {n: mib for n, mib in needs.items() if mib > NEARLY_ALL * room.script_mib}
        most = room.machine_mib or max(large.values(), default=0.0) * SPARE
        fit = {n: mib for n, mib in large.items() if SPARE * mib <= most}
        beyond = {n: mib for n, mib in large.items() if n not in fit}
        limit = advised_mib(max(fit.values(), default=0.0))
        found += _caution(fit, dataset, room, f"set sandbox.memory_mib to {limit:,}")
        found += _caution(beyond, dataset, room, f"this machine has {room.machine_mib:,} MiB")
    return tuple(found)


def estimates_text(datasets: Sequence[Dataset], room: Room) -> str:
    """Return what each scorer needs, where some come near the limit; empty where none does."""
    lines = []
    for dataset in datasets:
        needs = {kind: needed_mib(Algorithm(kind, kind), dataset) for kind in SCORERS}
        if max(needs.values()) > NEARLY_ALL * room.script_mib > 0:
            told = ", ".join(f"{kind} {mib:,.0f}" for kind, mib in needs.items())
            lines.append(f"{dataset.name}: {told}")
    limit = f"A script may use {room.script_mib:,} MiB; estimated peaks in MiB on "
    return f"{limit}{'; '.join(lines)}" if lines else ""


def _caution(
    needs: Mapping[str, float], dataset: Dataset, room: Room, remedy: str
) -> Iterator[str]:
    """Say what algorithms need on a dataset, if any do, and what would make them fit."""
    if needs:
        told = ", ".join(f"{name} {mib:,.0f}" for name, mib in needs.items())
        yield (
            f"a script has {room.script_mib:,} MiB; on {dataset.name} ({dataset.users:,} users, "
            f"{dataset.items:,} items, {dataset.rows:,} interactions) there are needed about "
            f"{told} MiB: {remedy}, leave out what is too large, or attach a sample"
        )


def advised_mib(needed: float) -> int:
    """Return the limit that a script is advised to have for what it needs, in half GiB."""
    return int(-(-SPARE * needed // 512) * 512)
