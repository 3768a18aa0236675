"""What there is: systems, and what is installed."""

from __future__ import annotations

from harness.cli.systems import EXAMPLES
from harness.systems.line import parse
from tests.worlds import intentbench


def test_every_example_of_a_system_is_a_system() -> None:
    listed = intentbench("systems").output
    for line in EXAMPLES:
        assert parse(line).name.startswith(line.split("[")[0])
        assert line in listed


def test_systems_lists_everything_and_explains_one() -> None:
    listed = intentbench("systems").output
    for name in ("MostPop", "ItemKNN", "EASE^R", "LightGCN", "DCCF", "RLMRec-Con", "IRLLRec"):
        assert name in listed
    one = intentbench("systems", "IRLLRec[LightGCN]").output
    assert "translation_weight" in one
    assert "ablations: -l2, -profile, -intent, -translation, -momentum" in one


def test_doctor_names_versions_repairs_and_memory() -> None:
    text = intentbench("doctor").output
    for word in ("torch", "recbole", "repair numpy_names", "device", "memory"):
        assert word in text
