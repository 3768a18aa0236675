"""The command line: run, report, status, systems, data check, bench, doctor."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from harness import InputError
from harness.cli_calibrate import calibrate
from harness.cli_explain import explain
from harness.cli_intents import app as intents_app
from harness.cli_store import app as store_app
from harness.terminal import DEFAULT_STORE, PlanPath, Stop, StorePath, console, sentences, show

app = typer.Typer(
    help="Compare intent-based recommenders on equal terms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Look at a plan's datasets.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(store_app, name="store")
app.command()(calibrate)
app.add_typer(intents_app, name="intents")
app.command()(explain)


@app.command()
def run(
    plan: PlanPath,
    store: StorePath = DEFAULT_STORE,
    only: Annotated[str | None, typer.Option(help="Run this system alone.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would run, and run nothing.")] = False,
    retry: Annotated[bool, typer.Option(help="Repeat the failed runs.")] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes on this machine; one a GPU, or one.", show_default=False),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask cluster, tcp://HOST:PORT, instead.", show_default=False)
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="Where Optuna keeps trials; journals in the store without it.", show_default=False),
    ] = None,
) -> None:
    """Train and test every run the store lacks; interrupt and repeat at will."""
    with sentences():
        from harness.memory import keep_freed_memory
        from harness.plan import load_plan
        from harness.standings import standings
        from harness.store import Store
        from harness.workshop import Site

        keep_freed_memory()
        loaded = load_plan(plan)
        chosen, site = _only(loaded, only), Site(store, loaded.seed, storage)
        found = [each for each in standings(loaded, Store(store)) if chosen(each.system)]
        if dry_run:
            _print_standings(found)
            _print_estimate(loaded, site, chosen, workers or _devices())
            return
        if retry:
            for identity in {each.identity for each in found if each.status == "failed"}:
                Store(store).forget(identity)
        _execute(loaded, site, chosen, workers or _devices(), scheduler)


def _devices() -> int:
    """Runs that this machine can do beside each other without being told: one a GPU."""
    import torch

    return max(1, torch.cuda.device_count())


def _only(plan: Any, line: str | None) -> Callable[[str], bool]:
    """Accepts the systems to run, by canonical name."""
    if line is None:
        return lambda name: True
    from harness.runs import Run, expand
    from harness.systems import nearest, parse

    known = list({each.name: None for each in expand(plan) if isinstance(each, Run)})
    wanted = line if line in known else parse(line).name
    if wanted not in known:
        raise InputError(f"--only: the plan has no system {wanted!r}; {nearest(wanted, known)}")
    return lambda name: name == wanted


def _execute(
    plan: Any, site: Any, chosen: Callable[[str], bool], workers: int, scheduler: str | None
) -> None:
    from harness.checkpoint import Interrupted
    from harness.execution import execute, here
    from harness.progress import watcher
    from harness.standings import standings
    from harness.store import Store

    stop = Stop()
    try:
        if scheduler is not None:
            from harness.cluster import dask

            place = dask(scheduler, stop)
        elif workers > 1:
            from harness.workers import processes

            place = processes(workers, stop)
        else:
            place = here(stop)
        with watcher(console) as watching:
            execute(plan, site, watching, chosen, place)
    except (Interrupted, KeyboardInterrupt):
        typer.echo("intentbench: interrupted; run again to go on where it was", err=True)
        raise typer.Exit(130) from None
    counts = Counter(each.status for each in standings(plan, Store(site.root)) if chosen(each.system))
    console.print(", ".join(f"{count} {status}" for status, count in counts.items()), highlight=False)
    if counts["failed"]:
        raise typer.Exit(1)


@app.command()
def report(
    plan: PlanPath,
    store: StorePath = DEFAULT_STORE,
    out: Annotated[Path | None, typer.Option(help="Folder of the tables; results/NAME by default.")] = None,
    published: Annotated[
        Path | None, typer.Option(help="CSV of published numbers to show beside ours.", show_default=False)
    ] = None,
    costs: Annotated[bool, typer.Option(help="Show seconds and memory.")] = True,
    figures: Annotated[bool, typer.Option(help="Draw figures as PNG, SVG and PDF.")] = True,
    wilcoxon: Annotated[bool, typer.Option(help="Add Wilcoxon's test to pairs.csv, with a warning.")] = False,
) -> None:
    """Write tables, rows and figures from the store alone."""
    with sentences():
        from harness.plan import load_plan
        from harness.report import Options, write
        from harness.store import Store

        loaded, options = load_plan(plan), Options(costs, figures, wilcoxon)
        files = write(loaded, Store(store), out or Path("results") / loaded.name, published, options)
        typer.echo(files[0].read_text(encoding="utf-8"))
        for file in files:
            typer.echo(f"wrote {file}")


@app.command()
def status(plan: PlanPath, store: StorePath = DEFAULT_STORE) -> None:
    """Say which runs are finished, failed, missing or skipped."""
    with sentences():
        from harness.plan import load_plan
        from harness.standings import standings
        from harness.store import Store

        _print_standings(standings(load_plan(plan), Store(store)))


def _print_standings(found: list[Any]) -> None:
    groups: dict[tuple[str, str], list[Any]] = {}
    for each in found:
        groups.setdefault((each.dataset, each.system), []).append(each)
    table = Table("dataset", "system", "runs", "reason")
    for (dataset, system), entries in groups.items():
        counts = Counter(entry.status for entry in entries)
        runs = ", ".join(f"{count} {name}" for name, count in counts.items())
        reasons = {entry.reason for entry in entries if entry.status in ("damaged", "failed", "skipped")}
        table.add_row(dataset, escape(system), runs, escape("; ".join(sorted(reasons))))
    show(table)
    total = Counter(entry.status for entry in found)
    console.print(", ".join(f"{count} {name}" for name, count in total.items()), highlight=False)


def _print_estimate(plan: Any, site: Any, chosen: Callable[[str], bool], workers: int) -> None:
    """Hours and memory of what is missing."""
    from harness.estimate import estimate

    found = estimate(plan, site, chosen)
    table = Table("dataset", "system", "stored", "missing", "s a step", "hours at most", "GiB a run")
    for row in found[found["missing"] > 0].itertuples():
        step = "" if row.step_s != row.step_s else f"{row.step_s:.4f}"
        numbers = (str(row.stored), str(row.missing), step, f"{row.hours:.2f}", f"{row.bytes / 2**30:.1f}")
        table.add_row(row.dataset, escape(row.system), *numbers)
    show(table)
    hours = found["hours"].sum()
    console.print(
        f"At most {hours:.2f} hours on one worker, {hours / workers:.2f} on {workers}, from one measured "
        "step a system; early stopping and pruning shorten it.",
        highlight=False,
    )


@app.command()
def systems(
    line: Annotated[str | None, typer.Argument(help="Show this system's hyper-parameters.")] = None,
    released: Annotated[str | None, typer.Option(help="Defaults of the releases for this dataset.")] = None,
) -> None:
    """List what can be compared, or one system's hyper-parameters and terms."""
    with sentences():
        from harness.registry import ALIGNMENTS, BACKBONES, CLASSICS
        from harness.systems import parse, settings

        if line is None:
            table = Table("kind", "name", "what")
            for kind, entries in (("classic", CLASSICS), ("backbone", BACKBONES), ("alignment", ALIGNMENTS)):
                for name, entry in entries.items():
                    table.add_row(kind, name, entry.about)
            show(table)
            console.print(
                "A system is NAME, or ALIGNMENT[BACKBONE, -term, text=shuffled|random|noise:SHARE], "
                "or BACKBONE[capacity=ALIGNMENT]; preset=paper in any",
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
    from harness.presets import released_datasets
    from harness.systems import nearest

    if dataset is not None and dataset not in released_datasets():
        raise InputError(f"--released: no release knows {dataset!r}; {nearest(dataset, released_datasets())}")
    return dataset


@data_app.command()
def check(plan: PlanPath, store: StorePath = DEFAULT_STORE) -> None:
    """Read and check every dataset of a plan; print sizes, density, degrees and cold ids."""
    with sentences():
        from harness.data.describe import describe
        from harness.loading import load
        from harness.plan import load_plan

        loaded = load_plan(plan)
        for each in loaded.datasets:
            kept = store / "text"  # where written intents are, if there are any
            dataset, text = load(each, loaded.seed, kept if kept.is_dir() else None)
            table = Table("fact", "value", title=escape(each.name))
            for fact, value in describe(dataset, text).items():
                table.add_row(fact, value)
            show(table)


@app.command()
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


@app.command()
def doctor() -> None:
    """Say what is installed, which RecBole repairs are in force, the device and the memory."""
    import os

    import psutil

    table = Table("fact", "value")
    table.add_row("python", sys.version.split()[0])
    for name in ("torch", "recbole", "numpy", "scipy", "pandas", "duckdb", "scikit-learn", "statsmodels"):
        try:
            table.add_row(name, version(name))
        except PackageNotFoundError:
            table.add_row(name, "not installed; `make install` installs it")
    try:
        import torch

        from harness.recbole_repairs import REPAIRS, repair

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


if __name__ == "__main__":
    app()
