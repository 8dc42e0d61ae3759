"""A fork of the warm interpreter computes what a fresh process computes."""

import pytest
from benches import Bench

from sandbox.execution import IsolationLevel, Limits
from sandbox.local import LocalSandbox
from sandbox.packages import find_python, read_packages
from sandbox.warm import open_warm

SOURCE = """
import hashlib, io, multiprocessing, subprocess, sys, threading
import numpy as np

def digest(*arrays):
    text = b"".join(np.round(np.asarray(a, dtype=float), 4).tobytes() for a in arrays)
    return hashlib.sha256(text).hexdigest()[:12]

def report(name, *arrays):
    print(name, digest(*arrays), flush=True)

def square(x):
    return x * x

def linear_algebra(rng):
    import scipy.sparse, scipy.sparse.linalg
    a = rng.normal(size=(400, 400))
    report("numpy", np.abs(np.linalg.eigvalsh(a @ a.T)))
    matrix = scipy.sparse.random(300, 200, 0.05, random_state=3)
    report("scipy", np.abs(scipy.sparse.linalg.svds(matrix, 5, v0=np.ones(200))[1]))

def learning(rng):
    from sklearn.cluster import KMeans
    from sklearn.decomposition import NMF
    from sklearn.linear_model import LogisticRegression
    x = np.abs(rng.normal(size=(300, 8)))
    y = (x[:, 0] > x[:, 1]).astype(int)
    report("kmeans", [KMeans(4, n_init=2, random_state=0).fit(x).inertia_])
    report("logistic", LogisticRegression().fit(x, y).coef_)
    report("nmf", NMF(3, random_state=0, max_iter=400).fit_transform(x))

def torch_training():
    import torch
    torch.manual_seed(3)
    model = torch.nn.Linear(10, 1)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05)
    x = torch.randn(200, 10)
    for _ in range(20):
        optimiser.zero_grad()
        loss = ((model(x) - x.sum(1, keepdim=True)) ** 2).mean()
        loss.backward()
        optimiser.step()
    report("torch", [loss.item()])
    loader = torch.utils.data.DataLoader(torch.arange(40), batch_size=10, num_workers=2)
    report("loader", [b.sum().item() for b in loader])

def recommenders(rng):
    import pandas as pd
    from lenskit.als import ImplicitMFScorer
    from lenskit.batch import recommend
    from lenskit.data import from_interactions_df
    from lenskit.knn import EASEScorer, ItemKNNScorer, UserKNNScorer
    from lenskit.pipeline import topn_pipeline
    from lenskit.training import TrainingOptions
    frame = pd.DataFrame({
        "user_id": rng.integers(0, 60, 2500), "item_id": rng.integers(0, 80, 2500),
    }).drop_duplicates()
    frame["rating"] = 1.0 + (frame.user_id * frame.item_id) % 5
    data = from_interactions_df(frame)
    for scorer in (ImplicitMFScorer(features=8, epochs=3), ItemKNNScorer(max_nbrs=10),
                   UserKNNScorer(max_nbrs=10), EASEScorer()):
        pipeline = topn_pipeline(scorer, n=10)
        pipeline.train(data, TrainingOptions(rng=42))
        lists = recommend(pipeline, list(range(20)), 10, n_jobs=1)
        report(type(scorer).__name__, [i for _, items in lists for i in items.ids()])
    if "--workers" in sys.argv:
        lists = recommend(pipeline, list(range(20)), 10, n_jobs=2)
        report("n_jobs=2", [i for _, items in lists for i in items.ids()])

def files():
    import pandas as pd
    import matplotlib.pyplot as plt
    frame = pd.DataFrame({"a": np.arange(50), "b": np.arange(50) / 3})
    frame.to_parquet("frame.parquet")
    report("parquet", pd.read_parquet("frame.parquet").to_numpy())
    figure, axes = plt.subplots()
    axes.plot(frame.a, frame.b)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="rgba")
    figure.savefig("figure.pdf")
    report("figure", [hash(buffer.getvalue()) % 1_000_003])

def workers():
    import joblib
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            report(method, pool.map(square, range(10)))
    report("joblib", joblib.Parallel(n_jobs=2)(joblib.delayed(square)(i) for i in range(10)))
    done = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True)
    report("subprocess", [int(done.stdout)])

if __name__ == "__main__":
    rng = np.random.default_rng(7)
    linear_algebra(rng); learning(rng); torch_training(); recommenders(rng)
    files(); workers()
"""
LIMITS = Limits(timeout_s=100, memory_mib=4096)


@pytest.mark.slow
@pytest.mark.wide
@pytest.mark.timeout(300)
async def test_every_library_gives_the_results_of_a_fresh_process(tmp_path):
    packages = read_packages(find_python())
    fresh = Bench(LocalSandbox(packages, IsolationLevel.COLD, 1), tmp_path / "fresh")
    expected = await fresh.run(SOURCE, limits=LIMITS)
    async with open_warm(packages, 1) as sandbox:
        await sandbox.warm_up()
        threads = (await sandbox.full.zygote()).ready.result()["threads"]
        bench = Bench(sandbox, tmp_path / "warm")
        found = await bench.run(SOURCE, limits=LIMITS, arguments=("--workers",))

    assert threads == 1
    assert expected.is_ok, expected.output
    assert found.is_ok, found.output
    fresh_lines, warm_lines = expected.output.splitlines(), found.output.splitlines()
    assert len(fresh_lines) == 17
    assert [line for line in warm_lines if not line.startswith("n_jobs")] == fresh_lines
    by_name = dict(line.split() for line in warm_lines)
    assert by_name["n_jobs=2"] == by_name["EASEScorer"]
