"""Which replies speak of files, and what of them is left for the plan."""

import pytest
from read_files import read_file

from agent_core.lab.run_files import spoken_of_files, without_file_words

SHOP = "user,item,rating,status,is_click,quantity\n" + "".join(
    f"{u},{i},{1 + (u + i) % 5},{'void' if i % 9 == 0 else 'paid'},{i % 2},{i % 7 - 1}\n"
    for u in range(30)
    for i in range(u % 5, 40)
)


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    return (read_file(tmp_path_factory.mktemp("shop"), SHOP).dataset,)


@pytest.mark.parametrize(
    "text",
    [
        "only count rows where is_click is 1",
        "drop the rows where status = void",
        "negative quantities are returns, leave them out",
        "the item is status",
    ],
)
def test_a_reply_that_speaks_of_columns_is_about_files(text, datasets):
    assert spoken_of_files(text, datasets) == text
    assert without_file_words(text, datasets) == ""


@pytest.mark.parametrize(
    "text", ["user, time, lat, lon, item", "first the thing, then the person"]
)
def test_after_a_refusal_a_bare_list_names_the_columns(text, datasets):
    assert spoken_of_files(text) == text
    assert spoken_of_files(text, datasets) == ""


@pytest.mark.parametrize(
    "text",
    [
        "drop SLIM",
        "only item kNN and EASE",
        "compare user kNN, item kNN, EASE",
        "use 10 seeds",
        "only ratings of at least 4",
        "take quantity over quality",
    ],
)
def test_a_reply_about_the_plan_is_not_about_files(text, datasets):
    assert spoken_of_files(text, datasets) == ""


def test_what_a_reply_says_of_the_plan_is_left(datasets):
    text = "drop the rows where is_click is 0. Use 10 seeds."

    assert without_file_words(text, datasets) == "Use 10 seeds"
