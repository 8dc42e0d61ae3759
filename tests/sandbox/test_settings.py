"""Every limit that can be set reaches the executions."""

import pytest

from sandbox.settings import SandboxSettings

OF_THE_SANDBOX = {"kind", "level", "slots", "python", "preload_after_s"}
"""Settings that limit no execution."""


@pytest.mark.parametrize("name", sorted(set(SandboxSettings.model_fields) - OF_THE_SANDBOX))
def test_a_limit_that_is_set_is_handed_on(name):
    usual = SandboxSettings()
    raised = SandboxSettings(**{name: getattr(usual, name) + 1})

    assert raised.limits(60) != usual.limits(60)
