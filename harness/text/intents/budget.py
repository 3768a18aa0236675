"""What requests may use: a bound is set aside before each, and replaced by what it took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.errors import InputError
from harness.text.intents.settings import ModelWriterSpec, Price

MESSAGE_TOKENS = 16
"""What a chat format may put around one message, at most."""

BYTES_A_TOKEN = 4.0
"""Of English text, on average over common tokenizers; for estimates alone."""


class OverBudget(Exception):
    """The next request could exceed the budget."""


@dataclass(frozen=True)
class Tokens:
    """Tokens of requests and of answers."""

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
        """Both together."""
        return self.input + self.output


def bound(messages: Iterable[Mapping[str, str]], answer_tokens: int) -> Tokens:
    """More tokens than a request can take: no token is shorter than a byte."""
    sizes = [len(each["content"].encode()) + MESSAGE_TOKENS for each in messages]
    return Tokens(sum(sizes), answer_tokens)


def guess(messages: Iterable[Mapping[str, str]], answer_tokens: float) -> Tokens:
    """About the tokens a request takes, for estimates."""
    return Tokens(sum(len(each["content"].encode()) for each in messages) / BYTES_A_TOKEN, answer_tokens)


class Budget:
    """Tokens spent and set aside, against the plan's limits."""

    def __init__(self, spec: ModelWriterSpec, spent: Tokens) -> None:
        """``spent`` is what earlier builds took.

        Raises:
            InputError: A cost is limited and no price is given.
        """
        limits = spec.budget
        self.most_tokens = limits.tokens if limits else None
        self.most_cost = limits.cost if limits else None
        if self.most_cost is not None and spec.price is None:
            raise InputError("the budget limits the cost, and no price is given; expected `price` beside it")
        self.price = spec.price or Price(input=0, output=0)
        self.spent = spent
        self.held = Tokens()

    def hold(self, tokens: Tokens) -> None:
        """Set tokens aside for a request.

        Raises:
            OverBudget: Spent, held and these could exceed a limit; nothing was set aside.
        """
        after = self.spent + self.held + tokens
        if self.most_tokens is not None and after.total > self.most_tokens:
            raise OverBudget
        if self.most_cost is not None and self.price.of(after.input, after.output) > self.most_cost:
            raise OverBudget
        self.held += tokens

    def pay(self, held: Tokens, taken: Tokens) -> None:
        """Replace what was set aside by what was taken."""
        self.held -= held
        self.spent += taken
