"""The command line: run, report and status here, the other commands from their files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from harness.cli.calibrate import calibrate
from harness.cli.explain import explain
from harness.cli.intents import app as intents_app
from harness.cli.look import bench, data, doctor, systems
from harness.cli.store import app as store_app
from harness.cli.terminal import DEFAULT_STORE, PlanPath, Stop, StorePath, console, sentences, show
from harness.errors import InputError

app = typer.Typer(
    help="Compare intent-based recommenders on equal terms.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data, name="data")
app.add_typer(store_app, name="store")
app.add_typer(intents_app, name="intents")


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
        from harness.execution.task_runner import RunnerConfig
        from harness.planning.plan import load_plan
        from harness.planning.run_status import run_statuses
        from harness.store.store import Store
        from harness.training.memory import keep_freed_memory

        keep_freed_memory()
        loaded = load_plan(plan)
        chosen, site = _only(loaded, only), RunnerConfig(store, loaded.seed, storage)
        found = [each for each in run_statuses(loaded, Store(store)) if chosen(each.system)]
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
    from harness.errors import did_you_mean
    from harness.planning.runs import expand
    from harness.planning.tasks import Run
    from harness.systems.line import parse

    known = list({each.name: None for each in expand(plan) if isinstance(each, Run)})
    wanted = line if line in known else parse(line).name
    if wanted not in known:
        raise InputError(f"--only: the plan has no system {wanted!r}; {did_you_mean(wanted, known)}")
    return lambda name: name == wanted


def _execute(
    plan: Any, site: Any, chosen: Callable[[str], bool], workers: int, scheduler: str | None
) -> None:
    from harness.cli.progress import watcher
    from harness.errors import Interrupted
    from harness.execution.execution import execute, here
    from harness.planning.run_status import run_statuses
    from harness.store.store import Store

    stop = Stop()
    try:
        if scheduler is not None:
            from harness.execution.dask_cluster import dask

            place = dask(scheduler, stop)
        elif workers > 1:
            from harness.execution.processes import processes

            place = processes(workers, stop)
        else:
            place = here(stop)
        with watcher() as watching:
            execute(plan, site, watching, chosen, place)
    except (Interrupted, KeyboardInterrupt):
        typer.echo("intentbench: interrupted; run again to go on where it was", err=True)
        raise typer.Exit(130) from None
    counts = Counter(each.status for each in run_statuses(plan, Store(site.root)) if chosen(each.system))
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
        from harness.planning.plan import load_plan
        from harness.report import Options, write
        from harness.store.store import Store

        loaded, options = load_plan(plan), Options(costs, figures, wilcoxon)
        files = write(loaded, Store(store), out or Path("results") / loaded.name, published, options)
        typer.echo(files[0].read_text(encoding="utf-8"))
        for file in files:
            typer.echo(f"wrote {file}")


@app.command()
def status(plan: PlanPath, store: StorePath = DEFAULT_STORE) -> None:
    """Say which runs are finished, failed, missing or skipped."""
    with sentences():
        from harness.planning.plan import load_plan
        from harness.planning.run_status import run_statuses
        from harness.store.store import Store

        _print_standings(run_statuses(load_plan(plan), Store(store)))


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
    from harness.execution.estimate import estimate

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


for command in (systems, bench, doctor, calibrate, explain):
    app.command()(command)


if __name__ == "__main__":
    app()
