"""All whole scripts: sinful ones, each with the check that must find it, and honest ones.

`benchmarks/soak_checks.py` runs them all, the tests a sample.
"""

import honest_cases
from case import Case, base_plan
from honest_filters import LEFT_OUT
from honest_models import MODELS
from honest_styles import STYLES
from sins_in_cells import IN_CELLS
from sins_in_filters import IN_FILTERS
from sins_in_hiding import IN_HIDING
from sins_in_recording import IN_RECORDING
from sins_in_sight import IN_SIGHT
from sins_in_splits import IN_SPLITS

__all__ = ["HONEST", "SINS", "Case", "base_plan"]

HONEST = (*honest_cases.HONEST, *STYLES, *LEFT_OUT, *MODELS)
SINS = (*IN_SIGHT, *IN_HIDING, *IN_SPLITS, *IN_RECORDING, *IN_FILTERS, *IN_CELLS)
