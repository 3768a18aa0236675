"""The facts about a dataset that `intentbench data check` prints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.data import duplicate_items
from harness.data.dataset import SPLITS, Dataset


def describe(
    dataset: Dataset, text_widths: tuple[int, int] | None = None, text_notes: Sequence[str] = ()
) -> dict[str, str]:
    """Sizes, density, quartiles of the degrees, ids without train pairs and widths of texts, by fact.

    Args:
        dataset: The dataset.
        text_widths: Columns of the profile rows and of the intent rows. None without text.
        text_notes: What a reader of the results must know about the text, one sentence each.
    """
    cells = len(dataset.users) * len(dataset.items)
    counts = {split: len(dataset.pairs(split)) for split in SPLITS}
    facts = {
        "users x items": f"{len(dataset.users):,} x {len(dataset.items):,}",
        "train / valid / test": " / ".join(f"{count:,}" for count in counts.values()),
        "density": f"train {counts['train'] / cells:.4%}, total {sum(counts.values()) / cells:.4%}",
    }
    for column, (side, ids) in enumerate((("user", dataset.users), ("item", dataset.items))):
        degree = np.bincount(dataset.train[:, column], minlength=len(ids))
        quartiles = np.quantile(degree, [0, 0.25, 0.5, 0.75, 1]).round().astype(int)
        facts[f"train degree, {side}s"] = "quartiles " + " ".join(map(str, quartiles))
        tested = np.unique(dataset.test[:, column])
        cold = tested[degree[tested] == 0]
        example = f", {ids[cold[0]]!s} first" if len(cold) else ""
        facts[f"cold {side}s"] = (
            f"{int((degree == 0).sum()):,} without a train pair, {len(cold):,} of them tested{example}"
        )
    if not duplicate_items.is_counted(dataset.notes):
        facts["duplicate items"] = "none found"
    if text_widths is None:
        facts["text"] = "none: systems with an alignment are skipped"
    else:
        facts["text"] = "profile width {}, intent width {}".format(*text_widths)
    for number, note in enumerate([*dataset.notes, *text_notes], 1):
        facts[f"note {number}"] = note
    facts["checksum"] = dataset.checksum[:16]
    return facts
