"""``intentbench data``: check."""

from __future__ import annotations

import typer

from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.terminal import DEFAULT_STORE, StoreOption, show_table
from harness.errors import InputError
from harness.store.layout import TEXT

app = typer.Typer(help="Read the datasets of a plan.", no_args_is_help=True)


@app.callback()
def data() -> None:
    """Read the datasets of a plan."""


@app.command()
def check(plan: PlanArgument, store: StoreOption = DEFAULT_STORE) -> None:
    """Check every dataset of a plan and what came back for it from elsewhere, and print their facts."""
    from harness.data.describe import describe
    from harness.external.system import ExternalSpec
    from harness.planning.plan import load_plan
    from harness.planning.runs import runs_on
    from harness.planning.tasks import Run, Skipped
    from harness.training.loading import load

    loaded = load_plan(find_plan(plan))
    elsewhere = {entry.system.name for entry in loaded.systems if entry.system.is_external}
    texts = store / TEXT  # written intents are kept there, if there are any
    for dataset_plan in loaded.variants:
        dataset, rows = load(dataset_plan, loaded.seed, texts if texts.is_dir() else None)
        facts = describe(dataset, *((rows.widths, rows.notes) if rows else ()))
        for run in runs_on(loaded, dataset_plan):
            if isinstance(run, Run) and isinstance(run.system, ExternalSpec):
                from harness.external.results import check_results  # these load torch
                from harness.training.elsewhere import request_of

                title = f"{run.name}, {run.system.shown}"
                facts[title] = check_results(run.system, request_of(run, dataset))
            elif isinstance(run, Skipped) and run.system in elsewhere:
                raise InputError(f"{run.system}: {run.reason}; expected one for {run.dataset}")
        show_table(("fact", "value"), list(facts.items()), title=dataset_plan.name)
