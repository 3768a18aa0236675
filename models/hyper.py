"""How a hyper-parameter is declared: its default, meaning and range, and the loss terms that read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LOWEST_TAU = 0.03
"""Least temperature of InfoNCE: below it, sums of exp(1 / tau) over many candidates overflow float32."""

PRODUCTS = ("float32", "bfloat16")
"""Precisions that InfoNCE's products may have; its sums and gradients are float32 under either."""


@dataclass(frozen=True)
class Reader:
    """A loss term that reads a hyper-parameter.

    Attributes:
        term: The term's name.
        values: Values that other hyper-parameters must have for the term to read this one.
    """

    term: str
    values: Mapping[str, Any] = field(default_factory=dict)


def when(term: str, **values: Any) -> Reader:
    """A term that reads a hyper-parameter only while others have these values.

    ``read_by=(when("momentum", matching="similarity"),)`` says that the term ``momentum`` reads it
    while ``matching`` is ``similarity``.
    """
    return Reader(term, values)


def hyper(
    default: Any,
    meaning: str,
    low: float | None = None,
    high: float | None = None,
    *,
    log: bool = False,
    choices: tuple[str, ...] = (),
    tuned: bool = True,
    minimum: float | None = None,
    weighs: str = "",
    read_by: tuple[str | Reader, ...] = (),
) -> Any:
    """Declare a hyper-parameter as a field of a dataclass.

    Args:
        default: Its value where neither a preset nor the user gives one.
        meaning: What it is, for people.
        low: Lower bound of tuning. With ``choices``, every integer from ``low`` on is allowed as well.
        high: Upper bound of tuning.
        log: Whether tuning draws from a logarithmic range.
        choices: The values it may have; without them it is a number.
        tuned: Whether tuning varies it unasked. Tuning never varies choices unless a plan lists them.
        minimum: Least number allowed; without it, the number must be above 0.
        weighs: The loss term whose weight it is. A weight may be 0, which ablates the term.
        read_by: The loss terms that read it, each by its name or with a condition (:func:`when`). A
            hyper-parameter without readers always matters, as the number of layers does.
    """
    readers = [Reader(weighs)] if weighs else []
    readers += [reader if isinstance(reader, Reader) else Reader(reader) for reader in read_by]
    declared = {
        "meaning": meaning,
        "low": low,
        "high": high,
        "log": log,
        "choices": choices,
        "tuned": tuned and not choices,
        "minimum": 0.0 if weighs else minimum,
        "weighs": weighs,
        "read_by": tuple(readers),
    }
    return field(default=default, metadata=declared)


def products_of(*terms: str) -> Any:
    """Declare ``products``, the precision of InfoNCE, of a part whose ``terms`` use InfoNCE."""
    meaning = "precision of the matrix products of InfoNCE"
    return hyper("float32", meaning, choices=PRODUCTS, read_by=terms)
