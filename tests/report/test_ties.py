"""The sentence that names the systems which score many items alike."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from harness.report.sections.ties import ties
from tests.worlds import run_record


def sentence(metric: str, **overall: list[dict[str, float]]) -> str:
    """What is said of systems by the overall measures of each one's runs."""
    records = {name: [run_record(overall=each) for each in runs] for name, runs in overall.items()}
    evidence: Any = SimpleNamespace(shown=[metric, "ndcg@10"], records=records)
    return ties(evidence)


def test_systems_with_many_tied_users_are_named() -> None:
    said = sentence(
        "recall@20",
        MostPop=[{"tied@10": 0.5, "tied@20": 0.973}],
        EASE=[{"tied@20": 0.01}, {"tied@20": 0.01}],
        ItemKNN=[{"tied@20": 0.03}, {"tied@20": 0.05}],
    )
    assert "both sides of place 20: MostPop for 97 %, ItemKNN for 4 % of the users. All numbers" in said
    assert "EASE" not in said


def test_nothing_is_said_without_ties() -> None:
    assert sentence("recall@20", EASE=[{"tied@20": 0.002}]) == ""


def test_nothing_is_said_of_runs_that_do_not_know() -> None:
    assert sentence("recall@20", MostPop=[{"coverage@20": 0.4}]) == ""
