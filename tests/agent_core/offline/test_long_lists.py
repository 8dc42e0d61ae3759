"""Reading takes time in proportion to the text, however many numbers stand in it."""

import time

import pytest

from agent_core.lab.run_files import spoken_of_files
from agent_core.offline.designs.reading import read_design


def took(read, count):
    listed = ", ".join(map(str, range(count)))
    began = time.process_time()
    read(f"Compare BPR and EASE with {listed} factors, user, item{', x' * count}, 1")
    return time.process_time() - began


@pytest.mark.parametrize("read", [read_design, spoken_of_files])
def test_four_times_the_numbers_take_about_four_times_as_long(read):
    took(read, 20)  # patterns are compiled

    assert took(read, 800) < 10 * took(read, 200)
