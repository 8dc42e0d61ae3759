"""Words that ask for a part of the data: filters by activity, the most active, samples."""

from __future__ import annotations

from collections.abc import Mapping

COUNT = r"\d[\d,]*"
EVENTS = r"(?:ratings?|interactions?|items?|events?|users?|movies|films|reviews|purchases|clicks)"
THINGS = r"(?:users?|items?|movies|films|books|products|songs|people)"
ROWS = r"(?:users|items|movies|films|rows|lines|ratings|interactions)"
REMOVING = (
    r"(?:(?:remov|drop|exclud|filter|discard|delet|ignor|keep|skip|restrict)\w*"
    r"(?: out| to)? (?:only |all |the |those )*|only |all )?"
)
HAVING = (
    r"(?:with|having|rated by|(?:who|that|which) (?:(?:have|has|had|were|are) )?"
    r"(?:(?:made|gave|given|got|received|rated|rated by) )?)(?: only)?"
)
LIMIT = (
    r"(?:(?:fewer|less|more) than|at (?:least|most)|under|over|below|above|a minimum of"
    r"|[<>]=?|[\u2264\u2265])"
)
OPEN = rf"{COUNT}(?:\+| (?:or|and) (?:more|fewer|less))"
AMOUNT = rf"(?:{LIMIT} ?{COUNT}|{OPEN})(?: \w+)? {EVENTS}"
FEWEST = (
    rf"{REMOVING}{THINGS} {HAVING} ?{AMOUNT}"
    rf"|{REMOVING}{AMOUNT} (?:per|for each|of each|by each) {THINGS}"
)
ACTIVE = rf"(?:the )?(?:top )?{COUNT} (?:most|least) (?:active|frequent|prolific) \w+"
POPULAR = (
    rf"(?:on|only|among|to|use|keep|with) (?:the )?(?:top )?{COUNT} (?:most|least) "
    r"(?:popular|rated) \w+"
)
SAMPLED = (
    rf"(?:only )?{COUNT} (?:random(?:ly)? (?:\w+ )?|test |tested ){ROWS}"
    rf"|(?:only|just) {COUNT} {ROWS}|(?:the )?first {COUNT} {ROWS}"
    r"|(?:a )?(?:random |small )?(?:sample|subset|sub-?sample) of "
    rf"(?:\d[\d,.]*\s?%? (?:of )?)?(?:the )?(?:data|{ROWS})"
)

SELECTIONS: Mapping[str, str] = {
    FEWEST: "is a filter that I cannot apply; all users and items stay",
    rf"{ACTIVE}|{POPULAR}|{SAMPLED}": (
        "is a selection that I cannot make; all users and items stay"
    ),
}
"""Wishes for a part of the data, and what becomes of them."""
