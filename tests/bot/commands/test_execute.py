"""One script in the sandbox: its text in any encoding, its end as an exit status."""

from dataclasses import replace

import pytest
from builders import OK

from bot.commands.execute import ScriptOrder, execute_script, source_of, status_of
from bot.settings import Settings
from sandbox.execution import Ended

ENCODED = {
    "utf-8": "print('café')\n".encode(),
    "with a mark": "print('café')\n".encode("utf-8-sig"),
    "utf-16 of an editor": "print('café')\n".encode("utf-16"),
    "declared": "# -*- coding: latin-1 -*-\nprint('café')\n".encode("latin-1"),
    "declared below": "#!/bin/python\n# vim: set fileencoding=cp1252 :\nprint('café')\n".encode(
        "cp1252"
    ),
}


@pytest.mark.parametrize("name", ENCODED)
def test_a_script_is_read_in_its_encoding_and_says_the_same_as_utf_8(tmp_path, name):
    path = tmp_path / "script.py"
    path.write_bytes(ENCODED[name])

    source = source_of(path)
    said = []
    exec(compile(source.encode(), "script.py", "exec"), {"print": said.append})

    assert said == ["café"]


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ({"ended": Ended.FINISHED, "exit_code": 3}, 3),
        ({"ended": Ended.FINISHED, "exit_code": 0}, 0),
        ({"ended": Ended.TIMEOUT, "exit_code": None}, 124),
        ({"ended": Ended.SIGNAL, "exit_code": None, "signal": 11}, 139),
        ({"ended": Ended.MEMORY, "exit_code": None}, 137),
    ],
)
def test_an_end_becomes_the_status_that_shells_know(ended, status):
    assert status_of(replace(OK, **ended)) == status


def test_what_declares_nothing_and_is_not_utf_8_is_named(tmp_path, capsys):
    path = tmp_path / "script.py"
    path.write_bytes("print('café')\n".encode("latin-1"))

    assert execute_script(ScriptOrder(path, (), None, None, json=False), Settings()) == 2
    assert "script.py cannot be read as text" in capsys.readouterr().err
