#!/bin/sh
# LensKit 2025.8.1: NMFScorer takes no notice of the seed in TrainingOptions; NumPy's global
# generator decides what is learned. A study over model seeds of it measures nothing.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q lenskit==2025.8.1 "pandas<3" "click<8.2" scikit-learn \
    ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch==2.13.0
"$folder/env/bin/python" -W ignore - <<'PYTHON'
import lenskit
import numpy as np
import pandas as pd
from lenskit.data import from_interactions_df
from lenskit.pipeline import topn_pipeline
from lenskit.sklearn.nmf import NMFScorer
from lenskit.training import TrainingOptions

draw = np.random.default_rng(0)
pairs = pd.DataFrame({"user_id": draw.integers(0, 60, 1500), "item_id": draw.integers(0, 80, 1500)})
data = from_interactions_df(pairs.drop_duplicates().assign(rating=1.0))


def learned(seed, numpy_seed):
    np.random.seed(numpy_seed)
    scorer = NMFScorer(embedding_size=8)
    topn_pipeline(scorer).train(data, TrainingOptions(rng=seed))
    return np.asarray(scorer.user_components)


print("lenskit", lenskit.__version__)
by_option = np.array_equal(learned(1, 5), learned(2, 5))
by_numpy = np.array_equal(learned(1, 5), learned(1, 6))
print("same for TrainingOptions(rng=1) and (rng=2):      ", by_option)
print("same for numpy.random.seed(5) and seed(6), rng=1: ", by_numpy)
raise SystemExit(0 if by_option and not by_numpy else "changed")
PYTHON
