"""Amounts in a task: each number belongs to the word that it stands by."""

import pytest

from agent_core.offline.amounts import parameters_of, swept_parameter


@pytest.mark.parametrize(
    ("text", "given", "varied"),
    [
        (
            "BPR with learning rate 0.002 and 64 factors",
            {"learning_rate": 0.002, "embedding_size": 64},
            (None, ()),
        ),
        (
            "regularization 10, 64 factors, 20 epochs",
            {"regularization": 10.0, "embedding_size": 64, "epochs": 20},
            (None, ()),
        ),
        ("learning rate 0.01 and 0.1", {}, ("learning_rate", (0.01, 0.1))),
        (
            "learning rate 0.002, 0.01 and 0.1 with 64 factors",
            {"embedding_size": 64},
            ("learning_rate", (0.002, 0.01, 0.1)),
        ),
    ],
)
def test_a_number_belongs_to_its_own_parameter(text, given, varied):
    assert parameters_of(text) == given
    assert swept_parameter(text)[:2] == varied
