"""How hyper-parameters are declared, and those of IRLLRec and of every trained system; loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LOWEST_TAU = 0.03
"""Least temperature of InfoNCE: below it, sums of exp(1 / tau) over many candidates overflow float32."""

LARGEST_WHOLE = 10_000_000
"""Largest whole number that a hyper-parameter may have: more than there are nodes in any graph that fits."""

MOST_LAYERS = 100
"""Largest number of propagation layers. Embeddings of connected nodes are equal long before."""

PRODUCTS = ("float32", "bfloat16", "auto")
"""Precisions that the matrix products of InfoNCE may have. Its sums and gradients are always float32.

``auto`` is the one of the two that is faster on the machine.
"""

KINDS = ("number", "boolean", "text", "list", "file")
"""What a hyper-parameter may be. A list is kept as JSON text. A file must be left at its default."""


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
    """Name a term that reads a hyper-parameter only while other hyper-parameters have these values.

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
    maximum: float | None = None,
    plus: str = "",
    weighs: str = "",
    read_by: tuple[str | Reader, ...] = (),
    matters_when: Mapping[str, Any] | None = None,
    kind: str = "number",
    tried: tuple[Any, ...] = (),
) -> Any:
    """Declare a hyper-parameter as a field of a dataclass.

    Args:
        default: Its value where neither a preset nor the user gives one.
        meaning: What it is, for readers of ``intentbench systems``.
        low: Lower bound of tuning. With ``choices``, every integer from ``low`` on is allowed as well.
        high: Upper bound of tuning.
        log: Whether tuning draws from a logarithmic range.
        choices: The values it may have. If absent, it is a number.
        tuned: Whether tuning varies it unasked. Choices are varied only where a plan lists them.
        minimum: Least number allowed. If absent, the number must be above 0.
        maximum: Largest number allowed. If absent, a whole number is at most ``LARGEST_WHOLE``, and any other
            number may be as large as it likes.
        plus: Another hyper-parameter. The bounds are then those of the sum of the two, which must be
            above 0, and tuning draws the sum. The number itself may be negative.
        weighs: The loss term whose weight it is. A weight may be 0, which ablates the term.
        read_by: The loss terms that read it, each given by its name or by :func:`when`. A
            hyper-parameter without readers always matters; the number of layers is one.
        matters_when: Values that other hyper-parameters must have for one without readers to matter.
        kind: What it is if it has no ``choices``: one of ``KINDS``. Ours are numbers.
        tried: The values that tuning tries, in place of bounds. Others are allowed as well.
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
        "maximum": LARGEST_WHOLE if maximum is None and (choices or isinstance(default, int)) else maximum,
        "plus": plus,
        "weighs": weighs,
        "read_by": tuple(readers),
        "matters_when": matters_when or {},
        "kind": kind,
        "tried": tried,
    }
    return field(default=default, metadata=declared)


def products_of(*terms: str) -> Any:
    """Declare ``products``, which the ``terms`` that use InfoNCE read."""
    meaning = "precision of the matrix products of InfoNCE"
    return hyper("float32", meaning, choices=PRODUCTS, read_by=terms)


@dataclass(frozen=True)
class SystemHyper:
    """Hyper-parameters of every trained system, beside those of its backbone and its alignment."""

    embedding_size: int = hyper(32, "width D of the node embeddings", 8, 256, log=True, tuned=False)
    l2_weight: float = hyper(1e-6, "weight of the L2 term", 1e-8, 1e-2, log=True, weighs="l2")
    l2_scope: str = hyper(
        "all",
        "what the L2 term squares: all parameters, or the batch's embeddings, divided by the batch size",
        choices=("all", "batch"),
        read_by=("l2",),
    )
    learning_rate: float = hyper(1e-3, "step size of Adam", 1e-4, 1e-2, log=True)


@dataclass(frozen=True)
class IRLLRecHyper:
    """Hyper-parameters of IRLLRec, which aligns intents written by a language model with learned ones.

    Its terms are ``profile``, ``intent``, ``translation`` and ``momentum``. The term ``momentum`` adds
    the weighted translation loss to its own, so that it also reads what ``translation`` reads.
    """

    products: str = products_of("profile", "intent", "translation")
    profile_weight: float = hyper(1e-2, "weight of the profile term", 1e-4, 1.0, log=True, weighs="profile")
    profile_tau: float = hyper(
        0.2, "temperature of the profile term", 0.05, 1.0, minimum=LOWEST_TAU, read_by=("profile",)
    )
    intent_weight: float = hyper(2e-2, "weight of pairwise alignment", 1e-4, 1.0, log=True, weighs="intent")
    intent_tau: float = hyper(
        0.2,
        "temperature of pairwise alignment, and of matching by similarity",
        0.05,
        1.0,
        minimum=LOWEST_TAU,
        read_by=("intent", when("momentum", matching="similarity")),
    )
    translation_weight: float = hyper(
        1e-7, "weight of translation alignment", 1e-7, 1e-2, log=True, weighs="translation"
    )
    translation_noise: str = hyper(
        "multiplicative",
        "how translation alignment adds noise: multiplied by the row, or as it is drawn",
        choices=("multiplicative", "additive"),
        read_by=("translation",),
    )
    translation_partner: str = hyper(
        "nodes",
        "what translation contrasts text with: the node embeddings, or the intent view",
        choices=("nodes", "intent"),
        read_by=("translation",),
    )
    translation_nodes: str | int = hyper(
        "all",
        "nodes that translation and distillation average over: all, the batch's, or this many drawn ones",
        low=1,
        choices=("all", "batch"),
        read_by=("translation", when("momentum", matching="distillation")),
    )
    momentum_weight: float = hyper(
        1e-7, "weight of momentum distillation", 1e-7, 1e-2, log=True, weighs="momentum"
    )
    teacher_start: str = hyper(
        "copy",
        "how the teacher starts: as a copy of the student, or with weights drawn for itself",
        choices=("copy", "draw"),
        read_by=("momentum",),
    )
    matching: str = hyper(
        "distillation",
        "what momentum matches: text with the teacher's text, or text with interactions",
        choices=("distillation", "similarity"),
        read_by=("momentum",),
    )
    n_intents: int = hyper(
        128,
        "number K of prototypes of users, and of items",
        8,
        512,
        log=True,
        tuned=False,
        read_by=(
            "intent",
            when("translation", translation_partner="intent"),
            when("momentum", matching="similarity"),
        ),
    )

    @property
    def reads_intents(self) -> bool:
        """Whether a term reads the intent view of the interactions."""
        translated = self.translation_weight and self.translation_partner == "intent"
        matched = self.momentum_weight and self.matching == "similarity"
        return bool(self.intent_weight or translated or matched)

    @property
    def reads_all_text(self) -> bool:
        """Whether a term reads the intent text of every node."""
        distilled = self.momentum_weight and self.matching == "distillation"
        return self.translation_nodes == "all" and bool(self.translation_weight or distilled)
