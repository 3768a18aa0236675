"""The stack and the memo that a pickle program works on, with limits."""

from __future__ import annotations

from typing import Any

from harness.errors import InputError

MOST_VALUES = 100_000
"""Values on the stack at once. Python's pickler never leaves more than some thousands."""

MOST_REMEMBERED = 200_000
"""Values in the memo. An array takes about ten."""


class Machine:
    """The stack and the memo of a pickle program.

    Attributes:
        stack: Values since the last mark.
        below: The stacks below the marks, the lowest first.
        memo: Values that the program refers to by number.
        depth: Values on all of these stacks.
    """

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.depth = 0

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.depth += 1
        if self.depth > MOST_VALUES:
            raise InputError(f"puts more than {MOST_VALUES:,} values on its stack")
        self.stack.append(value)

    def pop(self) -> Any:
        """Take the last value off the stack."""
        if not self.stack:
            raise InputError("takes a value from an empty stack")
        self.depth -= 1
        return self.stack.pop()

    def pop_several(self, count: int) -> tuple[Any, ...]:
        """Take the last ``count`` values off the stack."""
        return tuple(self.pop() for _ in range(count))[::-1]

    def mark(self) -> None:
        """Begin a new stack."""
        self.push(None)  # a mark takes room as a value does
        self.below.append(self.stack)
        self.stack = []

    def pop_to_mark(self) -> list[Any]:
        """Take everything since the last mark off the stack, and the mark."""
        if not self.below:
            raise InputError("looks for a mark that it never set")
        values, self.stack = self.stack, self.below.pop()
        self.depth -= len(values)
        self.pop()
        return values

    def store(self, number: int) -> None:
        """Remember the last value under a number."""
        if not self.stack:
            raise InputError("remembers a value from an empty stack")
        self.memo[number] = self.stack[-1]
        if len(self.memo) > MOST_REMEMBERED:
            raise InputError(f"remembers more than {MOST_REMEMBERED:,} values")

    def fetch(self, number: int) -> None:
        """Put the value with this number on the stack."""
        if number not in self.memo:
            raise InputError("refers to a value that it never remembered")
        self.push(self.memo[number])
