#!/bin/sh
# NumPy 2.4.6: np.unique of integers hashes them; of a million that are nearly all distinct, as
# pairs of user and item are, it takes many times as long as sorting them and comparing neighbours.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q numpy==2.4.6
"$folder/env/bin/python" - <<'PYTHON'
import time

import numpy as np

keys = np.random.default_rng(0).integers(0, 2**62, 1_000_000)


def by_sorting(values):
    ordered = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])]


def seconds(work):
    times = []
    for _ in range(3):
        began = time.process_time()
        work(keys)
        times.append(time.process_time() - began)
    return min(times)


print("numpy", np.__version__)
assert np.array_equal(np.unique(keys), by_sorting(keys))
hashed, ordered = seconds(np.unique), seconds(by_sorting)
print(f"np.unique, 1,000,000 distinct keys: {hashed:.3f} s CPU")
print(f"sorting them instead:               {ordered:.3f} s CPU ({hashed / ordered:.0f} times less)")
raise SystemExit(0 if hashed > 5 * ordered else "changed")
PYTHON
