"""Files with slow tests come first, so that no process is left with the longest one at the end."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, "scenarios" not in item.path.parts))
