"""Studies that sin in where a split's pairs come from; and the check that finds it."""

import pytest
from sins import FAIL, WARN, Sins, renamed, save_pairs

sin = Sins()
OTHER_NUMBERS = "other numbers of interactions per item than in the dataset"


@sin("split_from_data", FAIL, pairs=60, of=720, fold="0")
def pairs_in_the_test_that_nobody_had(made):
    save_pairs(
        made, lambda f: f.assign(item_id=f["item_id"] + 1000 * (f["part"] == "test").astype(int))
    )


@sin("split_from_data", FAIL, pairs=3, of=60, fold="0")
def three_invented_pairs_beside_true_rows(made):
    train, test = made.splits.pop("0")
    frame = made.data.iloc[test].copy()
    frame.iloc[:3, 1] += 1000
    made.files["split/0.train_rows.csv"] = "\n".join(["row", *map(str, train)]).encode()
    made.files["split/0.test.parquet"] = frame.to_parquet()


@sin("split_from_data", WARN, folds="0")
def renamed_users_and_items(made):
    save_pairs(made, renamed)


@sin("split_from_data", FAIL, fold="0", faults=OTHER_NUMBERS)
def renamed_and_invented_pairs(made):
    save_pairs(made, lambda f: renamed(f.assign(item_id=100 + f["item_id"] % 40 // 2 * 2)))


@sin("split_from_data", FAIL, fold="0", faults=OTHER_NUMBERS)
def renamed_and_invented_pairs_with_a_row_dropped(made):
    train, test = made.splits["0"]
    made.splits["0"] = (train[1:], test)
    save_pairs(made, lambda f: renamed(f.assign(item_id=100 + f["item_id"] % 40 // 2 * 2)))


@pytest.mark.parametrize("case", sin.cases)
def test_a_sin_is_found(case, tmp_path):
    case.is_found(tmp_path)
