"""What is kept and passed on of a script's output."""

from hypothesis import given, strategies as st

from sandbox.output import HEAD, LONGEST, MAX_LINE, TAIL, Output


def read(*pieces, lines=None):
    output = Output(lines.append if lines is not None else None)
    for piece in pieces:
        output.feed(piece)
    output.finish()
    return output


def test_a_progress_bar_leaves_its_last_state():
    lines = []

    steps = [f"\r{percent}%".encode() for percent in range(101)]
    output = read(b"begin\n", *steps, b"\nend\n", lines=lines)

    assert output.text == "begin\n100%\nend\n"
    assert lines == ["begin", "100%", "end"]


def test_lines_of_other_systems_are_lines():
    assert read(b"one\r", b"\ntwo\r\n").text == "one\ntwo\n"


def test_a_letter_cut_in_two_is_put_together():
    assert read("naïve"[:2].encode(), "ï".encode()[:1], "ï".encode()[1:], b"ve").text == "naïve"


def test_a_line_without_end_does_not_grow():
    lines = []

    output = read(*[b"x" * 10_000] * 100, lines=lines)

    assert len(output.text) <= HEAD + TAIL + 100
    assert output.total == 1_000_000
    assert max(map(len, lines)) == MAX_LINE
    assert len(lines) >= 1_000_000 // (LONGEST + 10_000)


def test_what_is_unfinished_is_already_there():
    output = Output(None)
    output.feed(b"step 1\rstep 2\r")

    assert output.text == "step 2"


@given(st.text(alphabet="ab\r\n\u00e9", max_size=60), st.integers(1, 7))
def test_how_it_was_cut_makes_no_difference(text, size):
    data = text.encode()
    lines, whole = [], []

    output = read(*(data[i : i + size] for i in range(0, len(data), size)), lines=lines)

    assert output.text == read(data, lines=whole).text
    assert lines == whole
