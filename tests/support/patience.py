"""How long tests wait for what must happen: a limit for hung tests, never a measure of speed.

A loaded machine makes everything several times slower, so no test waits for less. A test
that passes never waits this long; one that hangs ends by it or by pytest's own limit.
"""

from __future__ import annotations

PATIENCE_S = 90.0
PATIENCE_MS = PATIENCE_S * 1000  # Playwright counts in milliseconds
STUDY_S = 240.0  # a whole study in real sandboxes
STUDY_MS = STUDY_S * 1000
