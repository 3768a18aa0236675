"""Keeps requests within a budget: an upper bound is set aside before each, and replaced by what it used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.errors import InputError
from harness.text.intents.settings import ModelWriterSpec, Price

MESSAGE_TOKENS = 16
"""Most tokens that a chat format puts around one message."""

BYTES_A_TOKEN = 4.0
"""Bytes of English text in a token, on average over common tokenizers. Only estimates use it."""


class OverBudget(Exception):
    """The next request could exceed the budget."""


@dataclass(frozen=True)
class Tokens:
    """A number of tokens in requests, and one in answers."""

    input: float = 0
    output: float = 0

    def __add__(self, other: Tokens) -> Tokens:
        """The sum."""
        return Tokens(self.input + other.input, self.output + other.output)

    def __sub__(self, other: Tokens) -> Tokens:
        """The difference."""
        return Tokens(self.input - other.input, self.output - other.output)

    @property
    def total(self) -> float:
        """Tokens of requests and answers together."""
        return self.input + self.output


def bound(messages: Iterable[Mapping[str, str]], answer_tokens: int) -> Tokens:
    """The most tokens that a request and its answer can have, since no token is shorter than a byte."""
    sizes = [len(message["content"].encode()) + MESSAGE_TOKENS for message in messages]
    return Tokens(sum(sizes), answer_tokens)


def guess(messages: Iterable[Mapping[str, str]], answer_tokens: float) -> Tokens:
    """An estimate of the tokens of a request and its answer."""
    size = sum(len(message["content"].encode()) for message in messages)
    return Tokens(size / BYTES_A_TOKEN, answer_tokens)


class Budget:
    """The tokens that are spent and those that are set aside, and the limits of the plan."""

    def __init__(self, spec: ModelWriterSpec, spent: Tokens) -> None:
        """``spent`` is what earlier builds used.

        Raises:
            InputError: The plan limits the cost and gives no price.
        """
        limits = spec.budget
        self.most_tokens = limits.tokens if limits else None
        self.most_cost = limits.cost if limits else None
        if self.most_cost is not None and spec.price is None:
            raise InputError("`budget` limits the cost, but no price is given; expected `price` beside it")
        self.price = spec.price or Price(input=0, output=0)
        self.spent = spent
        self.held = Tokens()

    def hold(self, tokens: Tokens) -> None:
        """Set tokens aside for a request.

        Raises:
            OverBudget: They could exceed a limit together with what is spent and set aside. Nothing changed.
        """
        after = self.spent + self.held + tokens
        if self.most_tokens is not None and after.total > self.most_tokens:
            raise OverBudget
        if self.most_cost is not None and self.price.of(after.input, after.output) > self.most_cost:
            raise OverBudget
        self.held += tokens

    def pay(self, held: Tokens, used: Tokens) -> None:
        """Replace what was set aside by what was used."""
        self.held -= held
        self.spent += used
