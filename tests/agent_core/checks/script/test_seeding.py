"""Whether seeds reach a training is read off the source; what may reach it counts."""

from dataclasses import replace

import pytest
from studies import honest

from agent_core.checks.script.seeding import seeds_reach
from agent_core.domain import Finding

LOOP = "for seed in seeds:\n    {}\n"
FIXED = (
    "pipe.train(data, TrainingOptions(rng=42))",
    "pipe.train(data)",
    "pipe.train(data, TrainingOptions())",
    "pipe.train(data, options=TrainingOptions(rng=int('7')))",
    "np.random.seed(seed); pipe.train(data, TrainingOptions(rng=42))",
    "torch.manual_seed(seed); pipe.train(data)",
    "options = TrainingOptions(rng=42); pipe.train(data, options)",
    "pipe.train(data, TrainingOptions(rng=np.random.default_rng(3)))",
    "noise = np.random.default_rng(seed); pipe.train(data, TrainingOptions(rng=1))",
    "pipe.train(data, TrainingOptions(rng=1)); SampleN(1, rng=seed)",
)
VARYING = (
    "pipe.train(data, TrainingOptions(rng=seed))",
    "pipe.train(data, TrainingOptions(rng=seed or 0))",
    "pipe.train(data, options=TrainingOptions(rng=1000 + seed))",
    "pipe.train(data, TrainingOptions(rng=np.random.default_rng(seed)))",
    "rng = np.random.default_rng(seed); pipe.train(data, TrainingOptions(rng=rng))",
    "options = TrainingOptions(rng=seed); pipe.train(data, options)",
    "options = replace(OPTIONS, rng=seed); pipe.train(data, options)",
    "options.rng = seed; pipe.train(data, options)",
    "more = {'rng': seed}; pipe.train(data, TrainingOptions(**more))",
    "make = partial(TrainingOptions, rng=seed); pipe.train(data, make())",
    "set_global_rng(seed); pipe.train(data)",
    "pipe.train(data, TrainingOptions(rng=self.seed))",
    "pipe.train(data, TrainingOptions(rng=int(os.environ['SEED'])))",
    "pipe.train(data, TrainingOptions(rng=next(states)))",
    "train(pipe, seed)",
)
ELSEWHERE = (
    "rng = np.random.default_rng(0)\nfor seed in seeds:\n"
    "    pipe.train(data, TrainingOptions(rng=rng))\n",
    "seed = 0\nwhile seed < 3:\n    pipe.train(data, TrainingOptions(rng=seed))\n    seed += 1\n",
    "def run(data, seed):\n    pipe.train(data, TrainingOptions(rng=seed))\n",
    "seed = int(sys.argv[1])\npipe.train(data, TrainingOptions(rng=seed))\n",
    "OPTIONS = [TrainingOptions(rng=s) for s in range(3)]\n"
    "for seed in seeds:\n    pipe.train(data, OPTIONS[seed])\n",
)


@pytest.mark.parametrize("body", FIXED)
def test_a_fixed_training_takes_no_seed(body):
    assert seeds_reach(LOOP.format(body)) == (False, 2)


@pytest.mark.parametrize("source", [*map(LOOP.format, VARYING), *ELSEWHERE])
def test_what_may_differ_reaches_a_training(source):
    assert seeds_reach(source)[0]


@pytest.mark.parametrize("source", ["", "this is no Python", "evaluate(seed)"])
def test_without_a_training_nothing_is_known(source):
    assert seeds_reach(source) == (False, 0)


def test_models_of_ones_own_may_draw_from_anywhere(tmp_path):
    made = honest()
    made.source = LOOP.format(FIXED[0])
    made.run["algorithms"]["ImplicitMF"]["class"] = "MyFactors"

    assert made.findings(tmp_path)["repetitions_repeat"].finding is Finding.PASS


def test_a_deterministic_model_needs_no_seed(tmp_path):
    first, *others = honest().plan.algorithms
    made = honest()
    made.source = LOOP.format(FIXED[0])
    made.plan = replace(made.plan, algorithms=(replace(first, kind="EASEScorer"), *others))

    assert made.findings(tmp_path)["repetitions_repeat"].finding is Finding.NOT_APPLICABLE
