"""What `intentbench data check` prints of a dataset."""

from __future__ import annotations

import numpy as np

from harness.data import twins
from harness.data.dataset import SPLITS, Dataset
from harness.text.rows import TextTable


def describe(dataset: Dataset, text: TextTable | None) -> dict[str, str]:
    """Sizes, density, degree quartiles, cold ids and text widths, as text by fact."""
    cells = len(dataset.users) * len(dataset.items)
    counts = {split: len(dataset.pairs(split)) for split in SPLITS}
    facts = {
        "users x items": f"{len(dataset.users):,} x {len(dataset.items):,}",
        "train / valid / test": " / ".join(f"{count:,}" for count in counts.values()),
        "density": f"train {counts['train'] / cells:.4%}, total {sum(counts.values()) / cells:.4%}",
    }
    for column, (side, tokens) in enumerate((("user", dataset.users), ("item", dataset.items))):
        degree = np.bincount(dataset.train[:, column], minlength=len(tokens))
        quartiles = np.quantile(degree, [0, 0.25, 0.5, 0.75, 1]).round().astype(int)
        facts[f"train degree, {side}s"] = "quartiles " + " ".join(map(str, quartiles))
        tested = np.unique(dataset.test[:, column])
        cold = tested[degree[tested] == 0]
        example = f", {tokens[cold[0]]!s} first" if len(cold) else ""
        facts[f"cold {side}s"] = (
            f"{int((degree == 0).sum()):,} without a train pair, {len(cold):,} of them tested{example}"
        )
    if twins.sentence(dataset) is None:  # otherwise a note tells of them
        facts["twins"] = "none found"
    if text is None:
        facts["text"] = "none: systems with an alignment are skipped"
    else:
        facts["text"] = (
            f"profile width {text.user_profile.shape[1]}, intent width {text.user_intent.shape[1]}"
        )
    for number, note in enumerate([*dataset.notes, *(text.notes if text else ())], 1):
        facts[f"note {number}"] = note
    facts["checksum"] = dataset.checksum[:16]
    return facts
