"""What a model call costs, and what it may cost at worst."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from agent_core.domain import Usage
from agent_core.settings import Price

MILLION = 1_000_000
BYTES_PER_TOKEN = 2
"""Of prompts, at worst; English and code have about four."""
CHARACTERS_PER_TOKEN = 4
"""For servers that do not count."""
TEMPLATE_TOKENS = 1024
"""That a server may add to a prompt: roles, the form of the answer."""
BYTES_PER_CHARACTER = 4
DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")


def price_of(prices: Mapping[str, Price], model: str) -> Price | None:
    """Look up a model's price, also under its name without a date; None where unknown."""
    return prices.get(model) or prices.get(DATED.sub("", model))


def with_cost(usage: Usage, price: Price | None) -> Usage:
    """Fill in the cost of one call, or that its price is unknown."""
    if price is None:
        return replace(usage, cost=0.0, unpriced_calls=1)
    cached = price.input if price.cached is None else price.cached
    fresh = max(0, usage.input_tokens - usage.cached_tokens)
    dollars = fresh * price.input + usage.cached_tokens * cached
    dollars += usage.output_tokens * price.output
    return replace(usage, cost=dollars / MILLION, unpriced_calls=0)


def worst_case(size: int, max_tokens: int, price: Price | None) -> Usage:
    """Return the most that a call may use: a prompt of `size` bytes, and all output allowed."""
    input_tokens = size // BYTES_PER_TOKEN + 64
    worst = Usage(calls=1, input_tokens=input_tokens, output_tokens=max_tokens)
    dearest = price and Price(input=max(price.input, price.cached or 0.0), output=price.output)
    return with_cost(worst, dearest)


def believable(usage: Usage, prompt: int, answer: int, max_tokens: int) -> Usage:
    """Return what a server counted, no more than can be.

    A token is at least a byte: of a prompt of `prompt` bytes, which servers wrap in a template,
    of an answer of `answer` characters, or of the `max_tokens` that were allowed to be thought.
    """
    most_input = prompt + TEMPLATE_TOKENS
    most_output = max(max_tokens, BYTES_PER_CHARACTER * answer)
    output = min(usage.output_tokens, most_output)
    read = min(usage.input_tokens, most_input)
    return replace(
        usage,
        input_tokens=read,
        cached_tokens=min(usage.cached_tokens, read),
        output_tokens=output,
        reasoning_tokens=min(usage.reasoning_tokens, output),
    )


def estimated_usage(prompt: int, answer: int) -> Usage:
    """Return what a call used, from characters, where the server does not tell."""
    return Usage(
        calls=1,
        input_tokens=prompt // CHARACTERS_PER_TOKEN,
        output_tokens=answer // CHARACTERS_PER_TOKEN,
    )
