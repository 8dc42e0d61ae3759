"""All whole scripts: sinful ones, each with the check that must find it, and honest ones.

`benchmarks/soak_checks.py` runs them all, the tests a sample.
"""

from case import Case, base_plan
from honest_cases import HONEST
from sins_in_hiding import IN_HIDING
from sins_in_sight import IN_SIGHT
from sins_in_splits import IN_SPLITS

__all__ = ["HONEST", "SINS", "Case", "base_plan"]

SINS = (*IN_SIGHT, *IN_HIDING, *IN_SPLITS)
