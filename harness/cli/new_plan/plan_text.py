"""The text of a new plan, with a comment for every key that a newcomer may want to change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from harness.cli.new_plan.commented_yaml import line
from harness.cli.new_plan.dataset_text import NewDataset, dataset_lines, movielens_lines

TEXT_SYSTEMS = ("RLMRec-Con[LightGCN]", "IRLLRec[LightGCN]", "IRLLRec[LightGCN, text=shuffled]")
"""Systems of a new plan that need texts, the last of them as a control."""


def plan_text(datasets: Sequence[NewDataset], out: Path) -> str:
    """A plan in YAML for tables of one's own, or for ML-100k if there are none.

    Args:
        datasets: The tables.
        out: Where the plan will be; its paths are relative to that folder.
    """
    names = _names([dataset.table.path for dataset in datasets])
    lines = [
        "# A plan of IntentBench: every system is trained and tested on every dataset.",
        f"#   intentbench data check {out.name}   reads the datasets and shows their sizes.",
        f"#   intentbench run {out.name}          trains and tests what the store lacks.",
        f"#   intentbench report {out.name}       writes the tables to reports/NAME.",
        "# A key that stands behind a `#` is optional: remove the `# ` before it to use it.",
        "",
        line(f"name: {names[0] if names else 'example'}", "the report is written to reports/NAME"),
        line("repetitions: 3", "runs of each system, each with a seed of its own"),
        "datasets:",
    ]
    for name, dataset in zip(names, datasets, strict=True):
        lines += dataset_lines(name, dataset, out.absolute().parent)
    if not datasets:
        lines += movielens_lines()
    with_texts = not datasets or any(dataset.has_texts for dataset in datasets)
    return "\n".join([*lines, *_systems(with_texts), *_protocol()]) + "\n"


def _names(paths: Sequence[Path]) -> list[str]:
    """A name for each dataset, from its file; each stands once."""
    names: list[str] = []
    for path in paths:
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.name.split(".")[0]).strip("-_") or "data"
        again = names.count(stem)
        name, number = stem, 2
        while again and name in names:
            name, number = f"{stem}-{number}", number + 1
        names.append(name)
    return names


def _systems(with_texts: bool) -> list[str]:
    lines = [
        line("systems:", "`intentbench systems` lists all of them"),
        line("  - MostPop", "what is popular, for everybody"),
        "  - ItemKNN",
        "  - EASE^R",
        "  - LightGCN",
    ]
    if not with_texts:
        lines.append(
            "  # The next systems read texts: give the tables of texts to `intentbench init` as well."
        )
    mark = "" if with_texts else "# "
    return [*lines, *(f'  {mark}- "{system}"' for system in TEXT_SYSTEMS)]


def _protocol() -> list[str]:
    return [
        "training:",
        line("  batch_size: 4096", "train pairs in a step"),
        line("  epochs: 120", "epochs at most"),
        line("  eval_every: 3", "epochs between two validations"),
        line("  patience: 5", "validations without a gain after which training stops"),
        line("  metric: recall@20", "the validation metric"),
        line(
            "# tuning: {trials: 20, epochs: 60}",
            "searches each system's hyper-parameters on validation pairs",
        ),
        "evaluation:",
        line("  k: [10, 20]", "lengths of the lists that are measured"),
        line("  show: [recall@20, ndcg@20]", "the columns of the table"),
    ]
