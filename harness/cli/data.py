"""``intentbench data``: check."""

from __future__ import annotations

import typer

from harness.cli.plan_names import PlanArgument, find_plan
from harness.cli.terminal import DEFAULT_STORE, StoreOption, show_table
from harness.store.layout import TEXT

app = typer.Typer(help="Read the datasets of a plan.", no_args_is_help=True)


@app.callback()
def data() -> None:
    """Read the datasets of a plan."""


@app.command()
def check(plan: PlanArgument, store: StoreOption = DEFAULT_STORE) -> None:
    """Check every dataset of a plan, and print its sizes, density, degrees and cold ids."""
    from harness.data.describe import describe
    from harness.planning.plan import load_plan
    from harness.training.loading import load

    loaded = load_plan(find_plan(plan))
    texts = store / TEXT  # written intents are kept there, if there are any
    for dataset_plan in loaded.variants:
        dataset, rows = load(dataset_plan, loaded.seed, texts if texts.is_dir() else None)
        facts = describe(dataset, *((rows.widths, rows.notes) if rows else ()))
        show_table(("fact", "value"), list(facts.items()), title=dataset_plan.name)
