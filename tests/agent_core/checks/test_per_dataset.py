"""Studies on several datasets: each fold is held against the file that it is of."""

from dataclasses import replace

import pytest
from studies import honest, profile_of

from agent_core.checks.registry import run_checks
from agent_core.domain import Finding
from agent_core.evidence.evidence import read_evidence
from sandbox.execution import Ended, Execution, IsolationLevel

SHIFT = 1000
"""What is added to the users of the second dataset."""


class Two:
    """The honest study, and the same once more on a second file: other order, other users."""

    def __init__(self):
        made = self.made = honest()
        self.more = made.data[::-1].reset_index(drop=True)
        self.more["user_id"] += SHIFT
        last = len(self.more) - 1
        made.splits["1"] = tuple([last - n for n in part] for part in made.splits["0"])
        for (name, _, seed), frame in list(made.lists.items()):
            shifted = frame.assign(user_id=frame["user_id"] + SHIFT)
            made.lists[name, "1", seed] = shifted
        made.rows += [{**row, "fold": "1"} for row in made.rows]
        made.plan = replace(made.plan, datasets=("data.csv", "more.csv"))
        made.per_user = None
        first = made.run["dataset"]
        made.run["datasets"] = {"data.csv": first, "more.csv": {**first, "file": "more.csv"}}
        made.run["split"]["parts"] = {"0": {"file": "data.csv"}, "1": {"file": "more.csv"}}

    def evidence(self, folder):
        files = {n: folder / n for n in ("data.csv", "more.csv")}
        tables = (self.made.data, self.more)
        for path, table in zip(files.values(), tables, strict=True):
            table.to_csv(path, index=False)
        profiles = tuple(profile_of(p, t) for p, t in zip(files.values(), tables, strict=True))
        artifacts = self.made.write(folder / "artifacts")
        execution = Execution(0, Ended.FINISHED, "", 3.0, IsolationLevel.COLD, artifacts=artifacts)
        return read_evidence(self.made.plan, self.made.source, execution, profiles, files)

    def findings(self, folder):
        return {c.name: c for c in run_checks(self.evidence(folder))}


def users_of(evidence, fold):
    return evidence.ids.texts(evidence.test[fold]["user_id"]).astype(int)


def test_each_fold_is_read_from_its_own_file(tmp_path):
    evidence = Two().evidence(tmp_path)

    assert users_of(evidence, "1").min() > SHIFT
    assert users_of(evidence, "0").max() < SHIFT
    assert evidence.agreement["agrees"].all()
    assert len(evidence.agreement) == len(evidence.single)


def test_nothing_stops_an_honest_study_on_two_datasets(tmp_path):
    found = Two().findings(tmp_path)

    assert [c.reason for c in found.values() if c.is_binding and c.finding is Finding.FAIL] == []
    for name in ("dataset_loaded", "split_from_data", "filters_as_planned", "folds_as_planned"):
        assert found[name].finding is Finding.PASS, found[name]
        assert found[name].values["dataset_2"] == "more.csv"


@pytest.mark.parametrize("file", ["absent.csv", 7, None])
def test_a_fold_of_no_known_file_is_of_the_main_one(tmp_path, file):
    two = Two()
    two.made.run["split"]["parts"]["1"] = {"file": file}

    evidence = two.evidence(tmp_path)

    assert users_of(evidence, "1").max() < SHIFT
    assert not evidence.sources


def test_users_dropped_from_the_second_dataset_are_missed(tmp_path):
    two = Two()
    lines = two.more["user_id"]
    two.made.splits["1"] = tuple(
        [n for n in part if lines[n] > SHIFT + 20] for part in two.made.splits["1"]
    )

    found = two.findings(tmp_path)["filters_as_planned"]

    assert found.finding is Finding.FAIL
    assert found.values["dataset"] == "more.csv"
    assert found.values["users"] == 20


def test_a_dataset_that_is_not_planned_is_named(tmp_path):
    two = Two()
    two.made.plan = replace(two.made.plan, datasets=("data.csv",))

    assert two.findings(tmp_path)["dataset_loaded"].finding is Finding.FAIL


def test_a_dataset_that_only_its_folds_name_is_enough(tmp_path):
    two = Two()
    del two.made.run["datasets"]

    assert two.findings(tmp_path)["dataset_loaded"].finding is Finding.PASS
