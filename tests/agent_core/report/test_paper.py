# ruff: noqa: RUF001  signs that LaTeX cannot set are what is tested
"""The table and the references for a paper: what LaTeX and BibTeX can take."""

import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from results import (
    NDCG,
    comparison_evidence,
    comparison_plan,
    evidence_of,
    inputs_of,
    seed_evidence,
)

from agent_core.domain import Algorithm, Metric, ReportDraft, Role, SplitKind
from agent_core.report.bibliography import bibtex, entries
from agent_core.report.headline import headline
from agent_core.report.rendering import tex
from agent_core.report.writer import latex_table, write_report

NASTY = (
    "EASE & Co_1 100 % #{x}", "[0.1cm] first", "*starred", "Émile Žižek ≥ 2 → 日本 😀",
    r"a|b <c> back\slash ~^ $x$", "“quoted” – 5 × 3 ± 1 … α = −1",
)  # fmt: skip
SPECIAL = re.compile(r"(?<!\\)[#_^~]|(?<!\\)%(?!.*usepackage)")


def table_of(inputs):
    return latex_table(inputs, inputs.facts)


def body(table):
    """Return the rows between the rules."""
    lines = [line.strip() for line in table.splitlines()]
    top, bottom = lines.index(r"\toprule"), lines.index(r"\bottomrule")
    return [line for line in lines[top + 1 : bottom] if line != r"\midrule"]


def columns(table):
    (spec,) = re.findall(r"\\begin\{tabular\}\{([lrc]+)\}", table)
    return len(spec)


def width(row):
    """Return how many columns a row fills."""
    cells = re.split(r"(?<!\\)&", row.removesuffix(r"\\"))
    spans = [re.search(r"\\multicolumn\{(\d+)\}", c) for c in cells]
    return sum(int(s[1]) if s else 1 for s in spans)


def assert_sound(table):
    bare = re.sub(r"\\[{}]", "", table)
    assert bare.count("{") == bare.count("}")
    depth = np.cumsum([{"{": 1, "}": -1}.get(c, 0) for c in bare])
    assert depth.min() >= 0
    opened = re.findall(r"\\begin\{(\w+)\}", table)
    assert opened == ["table", "tabular"]
    assert re.findall(r"\\end\{(\w+)\}", table) == ["tabular", "table"]
    rules = re.findall(r"\\(toprule|midrule|bottomrule)\b", table)
    assert rules == ["toprule", "midrule", "bottomrule"]
    rows = body(table)
    assert all(row.endswith(r" \\") for row in rows)
    assert {width(row) for row in rows} == {columns(table)}
    assert not [row for row in rows if row.startswith(("[", "*"))]
    text = re.sub(r"\$[^$]*\$", "", re.sub(r"(?m)^%.*$", "", table))
    assert not SPECIAL.search(text)
    assert len(re.findall(r"(?<!\\)\$", table)) % 2 == 0
    assert all(ord(c) < 0x180 for c in table)


def nasty_evidence():
    plan = comparison_plan(metrics=(NDCG, Metric("recall", 20), Metric("rmse")))
    algorithms = tuple(Algorithm(n, "EASEScorer") for n in NASTY)
    plan = replace(
        plan,
        title="100 % of A_B & C: ≥ 5 {cores} #1",
        algorithms=(*algorithms, Algorithm("Popularity", "PopScorer", role=Role.BASELINE)),
    )
    rng = np.random.default_rng(1)
    return evidence_of(plan, {(a.name, "0", ""): rng.random(20) for a in plan.algorithms})


def test_the_table_of_a_comparison_is_sound():
    table = table_of(inputs_of(comparison_evidence()))

    assert_sound(table)
    assert r"EASE & 0.243 & [0.224, 0.261] \\" in table
    assert r"\label{tab:comparison}" in table


def test_the_caption_of_a_seed_study_has_the_spread():
    table = table_of(inputs_of(seed_evidence()))

    assert_sound(table)
    assert "over 200 test users" in table
    assert "over training seeds: ImplicitMF 0.0038 in NDCG@10 (n = 30)." in table


def test_values_of_one_metric_have_the_same_digits():
    inputs = inputs_of(comparison_evidence())
    summaries = tuple(
        replace(s, user_interval=replace(s.user_interval, low=s.mean - w, high=s.mean + w))
        for s, w in zip(inputs.facts.summaries, (0.0301, 0.0299, 0.01, 0.0301), strict=True)
    )
    facts = replace(inputs.facts, summaries=summaries)

    means = re.findall(r" & (0\.\d+) & \[", latex_table(inputs, facts))
    line = re.findall(r" (0\.\d+)", headline(inputs.plan, facts).split(".**")[0])

    assert len(means) == len(line) == 4
    assert {len(value) for value in [*means, *line]} == {5}


def test_names_with_every_special_sign_are_set_literally():
    table = table_of(inputs_of(nasty_evidence()))

    assert_sound(table)
    assert r"EASE \& Co\_1 100 \% \#\{x\}" in table
    assert "{}[0.1cm] first" in table
    assert "{}*starred" in table
    assert r"Émile Žižek $\geq$ 2 $\rightarrow$ ?? ?" in table
    assert r"back\textbackslash{}slash \textasciitilde{}\textasciicircum{} \$x\$" in table


def test_a_metric_that_an_algorithm_lacks_leaves_its_cells_empty():
    evidence = comparison_evidence(
        comparison_plan("EASE", "ItemKNN", metrics=(NDCG, Metric("rmse")))
    )
    is_gone = (evidence.rows["algorithm"] == "Popularity") & (evidence.rows["metric"] == "rmse")
    inputs = inputs_of(replace(evidence, rows=evidence.rows[~is_gone]))

    table = table_of(inputs)

    assert_sound(table)
    assert r"& -- & -- \\" in table


def test_a_table_without_results_is_still_a_table():
    inputs = inputs_of(evidence_of(comparison_plan("EASE"), {}))

    assert r"\begin{tabular}{l}" in table_of(inputs)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ｆｕｌｌ", "full"),
        ("ﬁ", "fi"),
        ("e\u0301", "é"),
        ("ħ", "?"),
        ("a\nb", "a b"),
        ("½", "1/2"),
    ],
)
def test_what_cannot_be_set_becomes_its_nearest(text, wanted):
    assert tex(text) == wanted


def assert_bibtex(text):
    """Assert that a text is a sequence of entries with what each kind needs."""
    needed = {"article": {"journal", "volume"}, "inproceedings": {"booktitle"}}
    needed["book"] = {"publisher"}
    found = re.split(r"\n\n(?=@)", text)
    keys = []
    for entry in found:
        kind, key = re.match(r"@(\w+)\{([a-z0-9]+),\n", entry).groups()
        keys.append(key)
        depth = np.cumsum([{"{": 1, "}": -1}.get(c, 0) for c in entry])
        assert depth[-1] == 0
        assert (depth[:-1] > 0)[entry.index("{") :].all()
        fields = re.findall(r"(?:^  |, )(\w+) = \{", entry, re.MULTILINE)
        assert {"author", "title", "year"} | needed[kind] <= set(fields)
        assert len(fields) == len(set(fields))
        assert len(re.findall(r"\},(?= \w+ =|\n  \w+ =)", entry)) == len(fields) - 1
        assert entry.isascii()
    assert len(keys) == len(set(keys))
    return keys


def test_every_entry_is_whole():
    plan = comparison_plan(
        "ImplicitMF", "BiasedMF", "FlexMFImplicit", "ItemKNN", "UserKNN", "EASE"
    )
    inputs = inputs_of(comparison_evidence(replace(plan, margin=0.01)))
    installed = replace(inputs.packages, versions={"lenskit": "2025.8.1"})

    keys = assert_bibtex(bibtex(replace(inputs, packages=installed)))

    assert {"harper2015movielens", "ekstrand2020lenskit", "hu2008implicit"} <= set(keys)
    assert {"schuirmann1987comparison", "holm1979simple", "efron1979bootstrap"} <= set(keys)


def keys_of(inputs):
    return set(entries(inputs))


def test_only_statistics_that_were_used_are_cited():
    seeds = keys_of(inputs_of(seed_evidence()))
    plain = keys_of(inputs_of(comparison_evidence()))
    metrics = (NDCG, Metric("recall", 10))
    plan = comparison_plan("EASE", "ItemKNN", "ImplicitMF", metrics=metrics)
    two = keys_of(inputs_of(comparison_evidence(plan)))

    assert "efron1987better" in seeds
    assert "holm1979simple" not in seeds
    assert {"smucker2007comparison", "holm1979simple", "efron1979bootstrap"} <= plain
    for absent in ("schuirmann", "mcnemar", "nadeau", "kendall", "efron1987"):
        assert not any(key.startswith(absent) for key in plain)
    assert "kendall1945treatment" in two


def test_hits_cite_mcnemar_and_folds_nadeau_and_bengio():
    hit = comparison_plan("EASE", metrics=(Metric("hit", 10),))
    hits = {("EASE", "0", ""): [1.0, 0.0] * 9, ("Popularity", "0", ""): [0.0, 0.0] * 9}
    folds = comparison_plan("EASE")
    folds = folds.with_split(kind=SplitKind.CROSSFOLD_USERS, folds=3)
    runs = {("EASE", str(f), ""): [0.1 * f, 0.2] for f in range(3)}

    assert "mcnemar1947note" in keys_of(inputs_of(evidence_of(hit, hits)))
    assert "nadeau2003inference" in keys_of(inputs_of(evidence_of(folds, runs)))


def test_table_and_references_are_files_of_their_own(tmp_path):
    inputs = replace(inputs_of(comparison_evidence()), evidence=None)

    found = write_report(inputs, ReportDraft(""), tmp_path / "report")

    assert found.methods == tmp_path / "report" / "methods.md"
    text = found.methods.read_text()
    table = (tmp_path / "report" / "tables" / "table.tex").read_text()
    references = (tmp_path / "report" / "references.bib").read_text()
    assert table.strip() in text
    assert references.strip() in text
    assert_bibtex(references.strip())
    names = {n.split("/", 1)[1] for n in zipfile.ZipFile(found.bundle).namelist()}
    assert {"tables/table.tex", "references.bib", "methods.md"} <= names
