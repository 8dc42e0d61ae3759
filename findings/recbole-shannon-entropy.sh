#!/bin/sh
# RecBole 1.2.1: ShannonEntropy@K is documented as -sum p(i) log p(i); what comes out is that sum
# divided by the number of distinct items listed. Lists over more items can get a lower value.
# Seen: 0.3466 for two items listed once each, whose entropy is ln 2 = 0.6931.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q "numpy<2" "pandas<3" scipy scikit-learn colorlog==4.7.2 \
    colorama==0.4.4 pyyaml tensorboard texttable tqdm \
    ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch==2.13.0
"$folder/env/bin/pip" install -q --no-deps recbole==1.2.1
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import math

import recbole
import torch
from recbole.evaluator.collector import DataStruct
from recbole.evaluator.metrics import ShannonEntropy


def entropy(lists):
    """ShannonEntropy@1 of RecBole for lists of one item each."""
    recommended = DataStruct()
    recommended.set("rec.items", torch.tensor(lists))
    metric = ShannonEntropy({"topk": [1], "metric_decimal_place": 4})
    return float(metric.calculate_metric(recommended)["shannonentropy@1"])


print("recbole", recbole.__version__)
seen = {n: entropy([[item] for item in range(1, n + 1)]) for n in (2, 4, 8)}
for n, value in seen.items():
    print(f"{n} items, each listed once: ShannonEntropy@1 {value:.4f}, documented {math.log(n):.4f}")
divided = all(abs(value - math.log(n) / n) < 1e-3 for n, value in seen.items())
raise SystemExit(0 if divided else "changed")
PYTHON
