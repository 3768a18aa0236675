"""The program ``intentbench``. Every command has a file of its own beside this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from harness.cli.bench import bench
from harness.cli.bundle import bundle
from harness.cli.calibrate import calibrate
from harness.cli.check import check
from harness.cli.compare import compare
from harness.cli.data import app as data_app
from harness.cli.doctor import doctor
from harness.cli.explain import explain
from harness.cli.init import init
from harness.cli.intents import app as intents_app
from harness.cli.lists import lists
from harness.cli.logging_options import LogFileOption, VerboseOption, start_logging
from harness.cli.new import new
from harness.cli.outcome import Commands
from harness.cli.plans import plans
from harness.cli.report import report
from harness.cli.run import run
from harness.cli.split import app as split_app
from harness.cli.status import status
from harness.cli.store import app as store_app
from harness.cli.systems import systems

ORDER = (
    "plans", "init", "data", "systems", "new", "check", "intents", "split", "run", "status", "report",
    "compare", "explain", "lists", "calibrate", "bundle",
)  # fmt: skip
"""The order in which a newcomer meets the commands. The others follow."""


class _InOrder(Commands):
    """All commands, listed in ``ORDER``."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands."""
        return sorted(self.commands, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = typer.Typer(
    cls=_InOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS: tuple[Callable[..., None], ...] = (
    plans, init, run, status, report, compare, systems, new, check, explain, lists, calibrate, bundle, bench,
    doctor,
)  # fmt: skip

for command in COMMANDS:
    app.command()(command)
app.add_typer(data_app, name="data")
app.add_typer(intents_app, name="intents")
app.add_typer(split_app, name="split")
app.add_typer(store_app, name="store")


@app.callback()
def intentbench(verbose: VerboseOption = False, log_file: LogFileOption = None) -> None:
    """Compare intent-based recommenders on equal terms."""
    start_logging(verbose, log_file)


if __name__ == "__main__":
    app()
