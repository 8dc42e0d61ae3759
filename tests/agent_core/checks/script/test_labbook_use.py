"""The helper stays what it is, whatever names a script has for it."""

import pytest

from agent_core.checks.script.labbook_use import changed_helper

REPLACING = (
    "import labbook\nlabbook.row = mine",
    "import labbook as lb\nlb.row = mine",
    "import labbook\nbook = labbook\nbook.row = mine",
    "import labbook\nlabbook.row, other = mine, 1",
    "import labbook\ndel labbook.row",
    "import labbook\nsetattr(labbook, 'row', mine)",
    "import labbook\nobject.__setattr__(labbook, 'row', mine)",
    "import labbook\nmonkeypatch.setattr('labbook.row', mine)",
    "import labbook\nmonkeypatch.setattr(labbook, 'row', mine)",
    "import labbook\nwith mock.patch.object(labbook, 'row', mine):\n    main()",
    "import labbook\nwith mock.patch('labbook.row', mine):\n    main()",
    "import labbook\nlabbook.__dict__['row'] = mine",
    "import labbook\nvars(labbook)['row'] = mine",
    "import labbook\nvars(labbook).update(row=mine)",
    "import labbook\nlabbook._results['rows'][0] = mine",
    "import labbook\nlabbook._results['rows'].clear()",
    "import labbook\nlabbook.row.__code__ = mine.__code__",
    "from labbook import row\nrow.__code__ = mine.__code__",
    "from labbook import row\nrow.__globals__['number'] = mine",
    "import sys\nsys.modules['labbook'] = mine",
    "import sys\nsys.modules.update({'labbook': mine})",
    "import sys\nsys.modules.pop('labbook')",
    "import sys\nsys.modules['labbook'].row = mine",
    "import importlib\nlb = importlib.import_module('labbook')\nlb.row = mine",
    "def main():\n    import labbook\n    labbook.row = mine",
)
HONEST = (
    "import labbook\nlabbook.row('ndcg', value)",
    "import labbook\nrow = labbook.row\nrow('ndcg', value)",
    "from labbook import row as r\nr('ndcg', value)",
    "import labbook\ndef row(text):\n    return text\nrow.width = 3",
    "import labbook\nframe = labbook.users(test)\nframe.columns = names",
    "import labbook\nlabbook.users(test)['n'] = 1",
    "import labbook\nmodel.labbook = labbook",
    "import labbook\nself.row = labbook.row",
    "import labbook\nsetattr(scorer.config, 'epochs', 3)",
    "import labbook\nsettings.update(row=labbook.row)",
    "import labbook\nrows.append(labbook.number(3))",
    "import labbook\ncalls = {}\ncalls['labbook'] = labbook",
    "try:\n    import labbook\nexcept ImportError:\n    import types\n"
    "    labbook = types.SimpleNamespace()\n    labbook.row = print",
    "labbook = {}\nlabbook['notes'] = 3",
    "this is no Python",
)


@pytest.mark.parametrize("source", REPLACING)
def test_a_replaced_helper_is_found(source):
    assert changed_helper(source).values["line"] >= 2


@pytest.mark.parametrize("source", HONEST)
def test_names_of_ones_own_change_nothing(source):
    assert changed_helper(source) == ""
