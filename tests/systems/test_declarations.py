"""Lines, hyper-parameters and search spaces are read without torch; registered parts load when they are made."""

from __future__ import annotations

import subprocess
import sys

import pytest

from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS, Entry, load
from tests.worlds import ROOT

READ_EVERY_LINE = """
import sys
from harness.systems.line import parse
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS
from harness.systems.search_space import space
from harness.systems.settings import settings

aligned = [f"{alignment}[{backbone}" for alignment in ALIGNMENTS for backbone in BACKBONES]
for line in [*(f"{name}[" for name in (*CLASSICS, *BACKBONES)), *(f"{head}, " for head in aligned)]:
    for preset in ("release", "paper"):
        spec = parse(f"{line}preset={preset}]")
        values = settings(spec, {}, "yelp")
        space(spec, values, set(), {})
ours = [name for name in sys.modules if name.split(".")[0] in ("models", "baselines")]
print(*sorted(ours), *sorted({"torch", "recbole"} & set(sys.modules)))
"""


def test_settings_and_spaces_of_every_line_load_no_torch() -> None:
    command = [sys.executable, "-c", READ_EVERY_LINE]
    loaded = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["baselines", "baselines.classic_hyper", "baselines.hyper", "models", "models.hyper"]


@pytest.mark.parametrize("entry", [*CLASSICS.values(), *BACKBONES.values(), *ALIGNMENTS.values()])
def test_every_path_leads_to_a_part(entry: Entry) -> None:
    assert callable(load(entry.path))
