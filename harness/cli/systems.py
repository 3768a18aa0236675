"""``intentbench systems``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from harness.cli.terminal import say, show_table
from harness.errors import InputError

EXAMPLES = {
    "DCCF": "A classic or a backbone stands alone.",
    "IRLLRec": "An alignment stands over LightGCN.",
    "IRLLRec[DCCF]": "The alignment stands over this backbone instead.",
    "IRLLRec[DCCF, -intent]": "The system is trained without this term of its loss.",
    "IRLLRec[DCCF, text=shuffled]": "Users have text rows of other users, and items those of other items.",
    "IRLLRec[DCCF, text=random]": "The text rows are random and as long as the true ones.",
    "IRLLRec[DCCF, text=noise:0.2]": "A fifth of the users and of the items have text rows of others.",
    "LightGCN[capacity=IRLLRec]": "The backbone has as many parameters as it would have with the alignment.",
    "LightGCN[start=warm]": "Each window of time starts with what was learned in the window before.",
    "recbole:NCL": "A general recommender of RecBole, trained by RecBole's own trainer.",
    "IRLLRec[DCCF, preset=paper]": "Where papers and releases differ, the system does what the papers say.",
}
"""Every way of writing a system, and what it means."""


def systems(
    line: Annotated[
        str | None,
        typer.Argument(help="The hyper-parameters of this system are shown.", show_default=False),
    ] = None,
    released: Annotated[
        str | None,
        typer.Option(
            help="The defaults are those that the releases have for this dataset.", show_default=False
        ),
    ] = None,
) -> None:
    """List the systems that can be compared, or show one system's hyper-parameters and terms."""
    if line is None:
        _show_registry()
        return
    from harness.systems.line import parse
    from harness.systems.settings import settings

    spec = parse(line)
    values = settings(spec, {}, _released(released))
    rows = [
        (name, str(values[name]), _range(option.metadata), option.metadata["meaning"])
        for name, option in spec.options().items()
    ]
    show_table(("hyper-parameter", "default", "range", "meaning"), rows, title=spec.name)
    say(f"ablations: {', '.join(f'-{term}' for term in spec.terms()) or 'none'}")


def _show_registry() -> None:
    from harness.outside import announced, load
    from harness.systems import recbole_models
    from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS

    kinds = (("classic", CLASSICS), ("backbone", BACKBONES), ("alignment", ALIGNMENTS))
    rows = [(kind, name, entry.about) for kind, entries in kinds for name, entry in entries.items()]
    show_table(("kind", "name", "what"), rows)
    rows = [("RecBole", line, model.about) for line, model in recbole_models.models().items()]
    show_table(("kind", "name", "what"), rows, title="general recommenders of the installed RecBole")
    others = [
        (kind, name, entries[name].about, path)
        for kind, entries in kinds
        for name, path in announced(kind).items()
    ]
    others += [
        (kind, name, (load(path).__doc__ or "").strip().partition("\n")[0], path)
        for kind in ("encoder", "source")
        for name, path in announced(kind).items()
    ]
    if others:
        show_table(("kind", "name", "what", "from"), others, title="announced by installed packages")
    show_table(("a system is written as", "which means"), list(EXAMPLES.items()))
    say(
        "A line may also name a class of your own by its import path, such as my_models:MyBackbone or "
        "IRLLRec[my_models:MyBackbone]; the module stands beside the plan or is installed."
    )
    say("`intentbench systems 'IRLLRec[DCCF]'` shows the hyper-parameters of one system.")


def _range(facts: Any) -> str:
    """A hyper-parameter's valid values: its choices, the interval it lies in, or both."""
    if facts["tried"]:
        return " | ".join(str(value) for value in facts["tried"])
    if facts["low"] is None and not facts["choices"]:
        return ""
    interval = f"{facts['low']} .. {facts['high']}"
    if facts["plus"]:
        return f"{interval}, with {facts['plus']} added"
    if not facts["choices"]:
        return interval
    choices = " | ".join(facts["choices"])
    return f"{choices} | {facts['low']} .." if facts["low"] else choices


def _released(dataset: str | None) -> str | None:
    """The dataset, if releases have hyper-parameters for it.

    Raises:
        InputError: They have none.
    """
    from harness.systems.presets import check_released

    try:
        return None if dataset is None else check_released(dataset)
    except ValueError as error:
        raise InputError(f"--released: {error}") from None
