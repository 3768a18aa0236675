"""The plans that come with the project, and the file that a path or a name stands for."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from harness.errors import InputError


def shipped_plans() -> dict[str, Path]:
    """The plans that come with the project, by name."""
    folder = Path(str(files("harness") / "plans"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_plan(wanted: str) -> Path:
    """The file of a plan. A path that exists wins over a name.

    Raises:
        InputError: There is neither such a file nor such a name.
    """
    path, plans = Path(wanted).expanduser(), shipped_plans()
    if os.path.exists(path) and not path.is_dir():  # Path.exists raises where a name is too long
        return path
    if wanted in plans:
        return plans[wanted]
    raise InputError(
        f"{wanted}: there is no such file, and no plan of this name comes with the project; expected a YAML "
        f"file or one of {', '.join(plans)}"
    )
