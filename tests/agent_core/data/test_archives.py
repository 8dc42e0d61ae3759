"""Archives with several files: the one of interactions is read, and what is not used is said."""

import io
import random
import zipfile

import pytest
from read_files import read_file

from agent_core.errors import BadDataset

PICK = random.Random(1)
RATINGS = [
    (u, i, PICK.randint(1, 5), 978_300_000 + 100 * u + i)
    for u in range(1, 40)
    for i in PICK.sample(range(1, 80), 9)
]
ITEMS = range(1, 80)


def table(delimiter, rows=RATINGS, names=""):
    return names + "".join(delimiter.join(map(str, row)) + "\n" for row in rows)


def packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


ML_100K = {
    "ml-100k/README": "Invented.\n",
    "ml-100k/allbut.pl": "#!/usr/bin/perl\n",
    "ml-100k/u.genre": "unknown|0\nAction|1\n",
    "ml-100k/u.info": "39 users\n79 items\n351 ratings\n",
    "ml-100k/u.item": "".join(
        f"{i}|Film {i} (1995)|01-Jan-1995||" + "0|" * 19 + "\n" for i in ITEMS
    ),
    "ml-100k/u.user": "".join(f"{u}|24|M|technician|85711\n" for u in range(1, 40)),
    "ml-100k/u1.base": table("\t", RATINGS[:200]),
    "ml-100k/u1.test": table("\t", RATINGS[200:]),
    "ml-100k/u.data": table("\t"),
}
ML_1M = {
    "ml-1m/movies.dat": "".join(f"{i}::Film {i} (1995)::Drama|War\n" for i in ITEMS),
    "ml-1m/ratings.dat": table("::"),
    "ml-1m/users.dat": "".join(f"{u}::M::25::4::55117\n" for u in range(1, 40)),
}
LATEST = {
    "ml-latest/movies.csv": table(",", [(i, f"Film {i}") for i in ITEMS], "movieId,title\n"),
    "ml-latest/tags.csv": table(
        ",", [(u, i, "fun", t) for u, i, _, t in RATINGS], "userId,movieId,tag,timestamp\n"
    ),
    "ml-latest/ratings.csv": table(",", names="userId,movieId,rating,timestamp\n"),
}
OWN = {
    "shop/articles.txt": table(";", [(f"p{i}", f"n{i}") for i in ITEMS], "article;name\n"),
    "shop/buys.txt": table(
        ";", [(f"c{u}", f"p{i}", "2020-01-02") for u, i, _, _ in RATINGS], "customer;article;day\n"
    ),
}


@pytest.mark.parametrize(
    ("files", "words", "member", "rows"),
    [
        (ML_100K, "", "ml-100k/u.data", 351),
        (ML_100K, "Train on u1.base.", "ml-100k/u1.base", 200),
        (ML_1M, "", "ml-1m/ratings.dat", 351),
        (LATEST, "", "ml-latest/ratings.csv", 351),
        (LATEST, "please use `tags.csv`", "ml-latest/tags.csv", 351),
        (OWN, "", "shop/buys.txt", 351),
    ],
)
def test_the_file_of_interactions_is_read(tmp_path, files, words, member, rows):
    dataset = read_file(tmp_path, packed(files), "data.zip", words).dataset

    assert (dataset.recipe.member, dataset.rows) == (member, rows)
    (note,) = (n for n in dataset.notes if "not used" in n)
    unused = {n.rpartition("/")[2] for n in files if n != member and not n.endswith(".pl")}
    assert all(n in note for n in unused - {"README"})
    assert "say “use " in note


def test_of_several_that_could_be_it_the_choice_is_a_doubt(tmp_path):
    names = "user_id:token\titem_id:token\n"
    pairs = [row[:2] for row in RATINGS]
    files = {
        "x/a.test.inter": table("\t", pairs[200:], names),
        "x/a.train.inter": table("\t", pairs[:200], names),
    }

    dataset = read_file(tmp_path, packed(files), "data.zip").dataset

    assert dataset.recipe.member == "x/a.train.inter"
    assert any("use a.test.inter" in d for d in dataset.doubts)


def test_an_archive_without_interactions_is_refused_with_what_to_say(tmp_path):
    files = {"a.txt": "hello\nthis is prose\n", "b.txt": "one\ntwo\n"}

    with pytest.raises(BadDataset, match=r"holds 2 files, none .*a\.txt, b\.txt.*Say which one"):
        read_file(tmp_path, packed(files), "data.zip")
