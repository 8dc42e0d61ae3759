"""Reading takes time in proportion to the text, however many numbers stand in it."""

import time

from agent_core.offline.designs.reading import read_design


def took(count):
    listed = ", ".join(map(str, range(count)))
    began = time.process_time()
    read_design(f"Compare BPR and EASE with {listed} factors")
    return time.process_time() - began


def test_four_times_the_numbers_take_about_four_times_as_long():
    took(20)  # patterns are compiled

    assert took(800) < 10 * took(200)
