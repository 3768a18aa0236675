"""The changes that a plan asks of every system that reads text: ablations and text controls."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import InputError, did_you_mean
from harness.systems.line import changed, parse, terms_of
from harness.systems.registry import ALIGNMENTS, BACKBONES
from harness.systems.spec import SystemSpec


def check_ablation(change: str, listed: Sequence[SystemSpec] = ()) -> None:
    """Check that some system has each term of an ablation such as ``-intent-translation``.

    Args:
        change: The ablation.
        listed: The systems of the plan, which may be none of ours.

    Raises:
        InputError: It is not an ablation, or it names a term that no system has.
    """
    if not change.startswith("-"):
        raise InputError(
            f"{change!r} is not an ablation; expected a term with a minus sign before it such as -intent, or "
            "several joined as in -intent-translation"
        )
    specs = [SystemSpec(backbone, alignment) for backbone in BACKBONES for alignment in (None, *ALIGNMENTS)]
    known = {term for spec in [*specs, *listed] for term in spec.terms()}
    for term in terms_of(change):
        if term not in known:
            raise InputError(f"no system has a term {term!r}; {did_you_mean(term, known)}")


def check_control(control: str) -> str:
    """Return a text control such as ``shuffled`` or ``noise:0.20``, written in its one way (``noise:0.2``).

    Raises:
        InputError: There is no such control.
    """
    return str(changed(parse("RLMRec-Con"), f"text={control}").text)
