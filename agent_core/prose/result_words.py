"""Words that tell how good or how sure something is, or how two things compare."""

from __future__ import annotations

import re

STRONG = re.compile(
    r"\b(?:(?:in)?signifi\w+|better|best|worse|worst|robust\w*|superior\w*|inferior\w*|"
    r"out-?perform\w*|out-?class\w*|out-?rank\w*|state[- ]of[- ]the[- ]art|sota|"
    r"prov(?:e|es|en|ing)|"
    r"proof|conclusive\w*|substantial\w*|dramatic\w*|clearly|definitive\w*|undoubtedly|"
    r"remarkabl\w*|impressive\w*|strikingly|equals?|equally|identical\w*|beat(?:s|en|ing)?|"
    r"wins?|won|winner|winning|reproduc\w*|replicat\w*|guarantee\w*|confirm\w*|flawless\w*|"
    r"perfect\w*|p[\s-]?values?|statistical\w*)\b",
    re.IGNORECASE,
)
COMPARING = re.compile(
    r"\b(?:higher|lower|greater|larger|bigger|smaller|stronger|weaker|more accurate|"
    r"less accurate|ahead|behind|exceed\w*|surpass\w*|improv\w*|gains?|leads|leading|trails|"
    r"dominat\w*|equivalent\w*|no difference|the same|ties|tied|tops|above|below|inferior|"
    r"victor\w*|defeat\w*|crush\w*|trump\w*|edges? out|loses?|lost to|rank(?:s|ed)? (?:first|"
    r"last|second))\b",
    re.IGNORECASE,
)
OWN_SUBJECTS = re.compile(
    r"\b(?:requirements?|checks?|verified|verification|validated|waiv\w+|leak-?free|"
    r"no leak\w*|bug-?free|correct(?:ly)?|trustworth\w+|certif\w+|approved?)\b",
    re.IGNORECASE,
)
