"""What there is: ``intentbench systems``, ``data check``, ``bench`` and ``doctor``."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from harness.cli.terminal import DEFAULT_STORE, PlanPath, StorePath, console, sentences, show
from harness.errors import InputError
from harness.store.layout import TEXT

data = typer.Typer(help="Look at a plan's datasets.", no_args_is_help=True)


def systems(
    line: Annotated[str | None, typer.Argument(help="Show this system's hyper-parameters.")] = None,
    released: Annotated[str | None, typer.Option(help="Defaults of the releases for this dataset.")] = None,
) -> None:
    """List what can be compared, or one system's hyper-parameters and terms."""
    with sentences():
        from harness.systems.assembly import settings
        from harness.systems.line import parse
        from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS

        if line is None:
            table = Table("kind", "name", "what")
            for kind, entries in (("classic", CLASSICS), ("backbone", BACKBONES), ("alignment", ALIGNMENTS)):
                for name, entry in entries.items():
                    table.add_row(kind, name, entry.about)
            show(table)
            console.print(
                "A system is NAME, or ALIGNMENT[BACKBONE, -term, text=shuffled|random|noise:SHARE], "
                "or BACKBONE[capacity=ALIGNMENT]; preset=paper in any, start=warm in what is trained",
                markup=False,
            )
            return
        spec = parse(line)
        values = settings(spec, {}, _released(released))
        table = Table("hyper-parameter", "default", "range", "meaning", title=escape(spec.name))
        for name, item in spec.options().items():
            facts = item.metadata
            bounds = " | ".join(facts["choices"]) or f"{facts['low']} .. {facts['high']}"
            bounds += f" | {facts['low']} .." if facts["choices"] and facts["low"] else ""
            table.add_row(name, str(values[name]), bounds, facts["meaning"])
        show(table)
        terms = ", ".join(f"-{term}" for term in spec.terms()) or "none"
        console.print(f"ablations: {terms}", markup=False)


def _released(dataset: str | None) -> str | None:
    from harness.systems.presets import check_released

    try:
        return dataset if dataset is None else check_released(dataset)
    except ValueError as error:
        raise InputError(f"--released: {error}") from None


@data.command()
def check(plan: PlanPath, store: StorePath = DEFAULT_STORE) -> None:
    """Read and check every dataset of a plan; print sizes, density, degrees and cold ids."""
    with sentences():
        from harness.data.describe import describe
        from harness.planning.plan import load_plan
        from harness.training.loading import load

        loaded = load_plan(plan)
        for each in loaded.datasets:
            kept = store / TEXT  # where written intents are, if there are any
            dataset, text = load(each, loaded.seed, kept if kept.is_dir() else None)
            table = Table("fact", "value", title=escape(each.name))
            for fact, value in describe(dataset, *((text.widths, text.notes) if text else ())).items():
                table.add_row(fact, value)
            show(table)


def bench(
    json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
    grow: Annotated[bool, typer.Option(help="Measure how steps grow with the graph instead.")] = False,
    only: Annotated[str | None, typer.Option(help="Measure this row or system alone.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Steps of which the median counts.")] = 5,
    largest: Annotated[int, typer.Option(min=1, help="Largest graph of --grow, times Amazon-book.")] = 64,
    out: Annotated[Path, typer.Option(help="Folder of growth.csv and growth.png.")] = Path("results/bench"),
) -> None:
    """Time our steps beside RecBole's and the plainly written equations', on this machine."""
    with sentences():
        from harness.bench import show

        found = show.growth(only, largest, out) if grow else show.speed(only, repeats)
        typer.echo(found.to_json(orient="records") if json else show.table(found))


def doctor() -> None:
    """Say what is installed, which RecBole repairs are in force, the device and the memory."""
    import os

    import psutil

    table = Table("fact", "value")
    table.add_row("python", sys.version.split()[0])
    for name in ("torch", "recbole", "numpy", "scipy", "pandas", "duckdb", "scikit-learn"):
        try:
            table.add_row(name, version(name))
        except PackageNotFoundError:
            table.add_row(name, "not installed; `make install` installs it")
    try:
        import torch

        from harness.recbole_host.repairs import REPAIRS, repair

        applied = repair()
        for item in REPAIRS:
            state = "in force" if item.name in applied else "not needed"
            table.add_row(f"repair {item.name}", f"{state}: {item.breaks}")
        device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
        table.add_row("device", f"{device}, {torch.get_num_threads()} threads")
    except ImportError as error:
        table.add_row("RecBole host", f"does not load: {error}")
    memory = psutil.virtual_memory()
    table.add_row("cores", str(os.cpu_count()))
    table.add_row("memory", f"{memory.available / 2**30:.1f} of {memory.total / 2**30:.1f} GiB free")
    show(table)
