"""A plan is read, and its texts are written, in processes that never load torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.worlds import ROOT


@pytest.mark.parametrize(
    "module", ["harness.text.tables", "harness.text.intents.build", "harness.text.intents.inspect"]
)
def test_texts_are_imported_without_torch(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'torch', 'models', 'httpx2', 'sklearn'}} & sys.modules.keys()))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
