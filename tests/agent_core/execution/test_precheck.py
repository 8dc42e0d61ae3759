from agent_core.domain import Packages
from agent_core.execution.precheck import precheck, tree_hash

PACKAGES = Packages("3.11", {}, frozenset({"lenskit", "pandas", "sys", "os"}))


def test_a_sound_script_passes():
    assert (
        precheck("import lenskit.als, labbook\nfrom pandas import DataFrame\n", PACKAGES) is None
    )


def test_a_syntax_error_names_its_line():
    assert "line 2" in precheck("x = 1\ndef (:\n", PACKAGES).reason


def test_a_missing_module_is_named():
    assert "tensorflow" in precheck("import tensorflow as tf\n", PACKAGES).reason


def test_a_guarded_import_is_let_through():
    assert precheck("try:\n    import numba\nexcept ImportError:\n    pass\n", PACKAGES) is None


def test_layout_and_comments_do_not_make_a_script_new():
    seen = {tree_hash("x = 1  # first\n")}

    assert precheck("x    =   1\n", PACKAGES, seen).is_duplicate


def test_null_bytes_are_a_finding_and_not_a_crash():
    assert precheck("x = 1\0", PACKAGES) is not None
