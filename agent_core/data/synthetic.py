"""A synthetic catalogue: long tail, latent taste, ratings and times; deterministic."""

from __future__ import annotations

from pathlib import Path

import numpy as np

HEADER = "synthetic_user_id\titem_id\trating\ttimestamp\n"
FIRST_TIME = 1_700_000_000
"""Seconds since 1970 of the first interaction."""
YEAR_S = 365 * 24 * 3600
TASTE = 2.4
"""How far liking decides beside popularity: personal models then clearly beat popularity."""


def write_catalogue(
    path: Path, seed: int = 7, users: int = 400, items: int = 500, per_user: int = 40
) -> None:
    """Write a catalogue that behaves like real data, as tab-separated text with a header.

    Popularity follows a power law; users and items have a latent taste of eight dimensions, so
    that personal models clearly beat popularity; ratings are 1 to 5.

    Parameters
    ----------
    path
        The file to write.
    seed
        Of all random choices.
    users, items
        How many there are.
    per_user
        Interactions of the median user.
    """
    rng = np.random.default_rng(seed)
    taste_users = rng.normal(size=(users, 8))
    taste_items = rng.normal(size=(items, 8))
    popularity = -0.8 * np.log(np.arange(1, items + 1))
    rng.shuffle(popularity)
    counts = np.clip(rng.lognormal(np.log(per_user), 0.5, users), 12, items // 3).astype(int)
    lines = [HEADER]
    for user in range(users):
        liking = taste_items @ taste_users[user] / np.sqrt(8)
        attraction = popularity + TASTE * liking + rng.gumbel(size=items)
        chosen = np.argsort(-attraction)[: counts[user]]
        stars = np.clip(
            np.rint(3.3 + 0.9 * liking[chosen] + rng.normal(0, 0.7, len(chosen))), 1, 5
        )
        times = np.sort(rng.integers(FIRST_TIME, FIRST_TIME + YEAR_S, len(chosen)))
        order = rng.permutation(len(chosen))
        lines += [
            f"{user + 1}\t{chosen[i] + 1}\t{int(stars[i])}\t{times[rank]}\n"
            for rank, i in enumerate(order)
        ]
    path.write_text("".join(lines), encoding="utf-8")
