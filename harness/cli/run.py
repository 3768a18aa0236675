"""``intentbench run``."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

import typer

from harness.cli.logging_options import LogFileOption, VerboseOption, start_logging
from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.status import counted, show_statuses
from harness.cli.stopping import stop_after_epoch
from harness.cli.terminal import DEFAULT_STORE, StoreOption, say, show_table
from harness.errors import InputError
from harness.logs import log_file

logger = logging.getLogger(__name__)


def run(
    plan: PlanArgument,
    store: StoreOption = DEFAULT_STORE,
    only: Annotated[
        str | None, typer.Option(help="Only this system of the plan is run.", show_default=False)
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="The command says what would be run, and runs nothing.")
    ] = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="The command shows what other processes run, how far they are and when the rest may end; it "
            "runs nothing.",
        ),
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Runs that failed are run again.")] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="This many processes on this machine share the runs; with 1, no further process is started. "
            "By default there is one for each GPU or, without GPUs, one for each core, as far as the memory "
            "suffices.",
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="The runs are done by the Dask cluster with this address, such as tcp://HOST:8786.",
            show_default=False,
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            help="Optuna keeps the trials of searches at this URL. By default it keeps them in the store.",
            show_default=False,
        ),
    ] = None,
    verbose: VerboseOption = False,
    log_to: LogFileOption = None,
) -> None:
    """Train and test every run that the store lacks. You may interrupt it and repeat it at will."""
    from harness.execution.task_runner import RunnerConfig
    from harness.planning.plan import load_plan
    from harness.planning.run_status import run_statuses
    from harness.store.store import Store
    from harness.training.memory import keep_freed_memory

    start_logging(verbose, log_to)
    keep_freed_memory()
    loaded = load_plan(find_plan(plan))
    chosen, config = _chosen(loaded, only), RunnerConfig(store, loaded.seed, storage, log_file())
    if watch:
        from harness.cli.watch import watch as show

        show(loaded, Store(store), chosen)
        return
    statuses = [each for each in run_statuses(loaded, Store(store)) if chosen(each.system)]
    if dry_run:
        show_statuses(statuses)
        _show_estimate(loaded, config, chosen, workers)
        return
    if retry:
        for identity in {each.identity for each in statuses if each.status == "failed"}:
            logger.info("The failed run %s is removed, so that it is done again.", identity)
            Store(store).forget(identity)
    _execute(loaded, config, chosen, workers, scheduler)


def _chosen(plan: Any, line: str | None) -> Callable[[str], bool]:
    """Accepts the canonical names of the systems to run: the one that is asked for, or all.

    Raises:
        InputError: The plan has no such system.
    """
    if line is None:
        return lambda name: True
    from harness.errors import did_you_mean
    from harness.planning.runs import expand
    from harness.planning.tasks import Run
    from harness.systems.line import parse

    names = list({run.name: None for run in expand(plan) if isinstance(run, Run)})
    wanted = line if line in names else parse(line).name
    if wanted not in names:
        raise InputError(f"--only: the plan has no system {wanted!r}; {did_you_mean(wanted, names)}")
    return lambda name: name == wanted


def _execute(
    plan: Any, config: Any, chosen: Callable[[str], bool], workers: int | None, scheduler: str | None
) -> None:
    """Do what is missing, then say what the store holds.

    Raises:
        Exit: A run of the plan has failed.
    """
    from harness.cli.progress import progress_display
    from harness.execution.execution import execute
    from harness.planning.run_status import run_statuses
    from harness.store.store import Store

    with stop_after_epoch() as should_stop, progress_display() as observer:
        execute(plan, config, chosen, observer, should_stop, workers, scheduler)
    statuses = [each for each in run_statuses(plan, Store(config.root)) if chosen(each.system)]
    counts = Counter(each.status for each in statuses)
    say(counted(counts))
    if counts["failed"]:
        raise typer.Exit(1)


def _show_estimate(plan: Any, config: Any, chosen: Callable[[str], bool], workers: int | None) -> None:
    """Print the hours and the memory that the missing runs would take."""
    from harness.execution.estimate import estimate
    from harness.execution.workers import this_machine, worker_count

    costs = estimate(plan, config, chosen)
    missing, rows = costs[costs["missing"] > 0], []
    for row in missing.itertuples():
        step = "" if row.step_s != row.step_s else f"{row.step_s:.4f}"
        numbers = (str(row.stored), str(row.missing), step, f"{row.hours:.2f}", f"{row.bytes / 2**30:.1f}")
        rows.append((row.dataset, row.system, *numbers))
    show_table(("dataset", "system", "stored", "missing", "s a step", "hours at most", "GiB a run"), rows)
    workers = worker_count(this_machine(), int(missing["missing"].sum()), missing["bytes"].max(), workers)
    hours = costs["hours"].sum()
    say(
        f"At most {hours:.2f} hours on one worker or {hours / workers:.2f} on {workers} are needed. This "
        "follows from one measured step of each system; early stopping and pruning make it less."
    )
