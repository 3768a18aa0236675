"""Figures are drawn from the tables' frames, in three formats, the same every time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from harness.evaluation.stats import ranks
from harness.evaluation.stats.null_tables import Spreads, found_differences
from harness.evaluation.stats.smallest import SmallestEffect
from harness.evaluation.stats.stratified import by_stratum
from harness.evaluation.strata import user_strata
from harness.planning.run_status import run_statuses
from harness.report import plots
from harness.report.evidence import Evidence
from harness.report.plots import style
from harness.report.plots.style import FORMATS
from tests.evaluation.stats.test_stratified import sample_of
from tests.report.made_up_study import made_up_study


def strata() -> pd.DataFrame:
    random = np.random.default_rng(0)
    degree = pd.Series(random.integers(1, 40, 120))
    table = pd.DataFrame(random.random((120, 3)), columns=["LightGCN", "IRLLRec[LightGCN]", "MostPop"])
    references = {"IRLLRec[LightGCN]": "LightGCN", "MostPop": "LightGCN"}
    sample = sample_of(table)
    return by_stratum(sample, user_strata(degree, groups=3), references, SmallestEffect())


def sparsity() -> Figure:
    return plots.sparsity(strata(), "Recall@20", ["IRLLRec[LightGCN]"])


def ablation() -> Figure:
    frame = pd.DataFrame(
        [("A", "-one", -0.01, -0.02, 0.0), ("A", "-two", 0.01, 0.0, 0.02), ("B", "-one", 0.0, -0.01, 0.01)],
        columns=["system", "variant", "difference", "difference_low", "difference_high"],
    )
    return plots.ablation(frame, "Recall@20")


def heat() -> Figure:
    frame = pd.DataFrame({"k": [1, 1, 2], "tau": [0.1, 0.2, 0.1], "mean": [0.1, 0.3, 0.2]})
    return plots.heat(frame, "k", "tau", "mean", "Recall@20")


def mean_ranks() -> ranks.Ranking:
    """Of systems of which each is better than the one before, so that several bars overlap."""
    scores = np.random.default_rng(1).random((8, 7)) + 0.3 * np.arange(7)
    return ranks.rank(pd.DataFrame(scores, columns=[f"system {letter}" for letter in "ABCDEFG"]))


def critical() -> Figure:
    found = mean_ranks()
    return plots.ranks(found.mean_ranks, found.p_nemenyi, found.critical_difference)


def costs() -> Figure:
    frame = pd.DataFrame(
        {"system": ["slow", "fast", "bad"], "mean": [0.3, 0.2, 0.1], "seconds_s": [9.0, 1.0, 5.0]}
    )
    return plots.costs(frame.assign(low=frame["mean"] - 0.01, high=frame["mean"] + 0.01), "Recall@20")


def power() -> Figure:
    level, between, *reactions = np.random.default_rng(2).normal(size=(5, 40))
    spreads = Spreads(level, between, np.transpose(reactions), 0.1)
    frame = found_differences(partial(spreads.draw, 4, 3), (0.5, 1.0, 1.5), tables=20)
    return plots.power(frame.assign(dataset="d"))


def curves() -> Figure:
    frame = pd.DataFrame({"system": list("AABB"), "at": [0.1, "all"] * 2, "mean": [0.1, 0.2, 0.2, 0.3]})
    return plots.curves(frame.assign(low=frame["mean"] - 0.01, high=frame["mean"] + 0.01), "k", "Recall@20")


def courses() -> Figure:
    rows = [(name, term, epoch, 0.5) for name in "AB" for term in ("bpr", "l2") for epoch in (1, 2, 3)]
    return plots.courses(pd.DataFrame(rows, columns=["system", "term", "epoch", "share"]))


@pytest.mark.parametrize("draw", [sparsity, ablation, heat, critical, costs, power, curves, courses])
def test_a_figure_is_the_same_every_time(draw: Callable[[], Figure], tmp_path: Path) -> None:
    made = [plots.save(draw(), tmp_path / folder, "name", FORMATS) for folder in ("one", "two")]
    assert [path.suffix[1:] for path in made[0]] == list(FORMATS)
    for one, two in zip(*made, strict=True):
        assert one.read_bytes() == two.read_bytes()
        assert one.stat().st_size > 2000
    assert len(list((tmp_path / "one").iterdir())) == len(FORMATS)


ROOT = Path(__file__).resolve().parents[2]

CRITICAL = """
import sys
from pathlib import Path
from tests.report.test_plots import critical, plots
assert "torch" not in sys.modules, "every process that writes figures would load it"
print(plots.save(critical(), Path.cwd(), "name", ["svg"])[0].read_text())
"""


def test_many_figures_are_drawn_by_several_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "MANY", 2)
    drawn = plots.draw_all({"costs": costs(), "heat": heat()}, FORMATS)
    assert [len(own) for own in drawn.values()] == 2 * [len(FORMATS)]
    for file in plots.save(costs(), tmp_path, "costs", FORMATS):
        assert drawn["costs"][file.suffix[1:]] == file.read_bytes()


def test_critical_differences_do_not_depend_on_the_hashes_of_names(tmp_path: Path) -> None:
    drawn = [
        subprocess.run(
            [sys.executable, "-c", CRITICAL],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path, check=True, capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2", "3")
    ]  # fmt: skip
    assert len(drawn[0]) > 2000
    assert len(set(drawn)) == 1


def test_critical_differences_name_every_system_with_its_rank() -> None:
    found = mean_ranks()
    (panel,) = critical().axes
    drawn = {text.get_text() for text in panel.texts if "critical" not in text.get_text()}
    expected = found.mean_ranks.items()
    both = [{f"{name} ({rank:.2f})", f"({rank:.2f}) {name}"} for name, rank in expected]
    assert all(len(each & drawn) == 1 for each in both)
    assert len(drawn) == len(both)


def test_curves_stand_at_the_frames_means_and_gains() -> None:
    frame, (means, gains) = strata(), sparsity().axes
    drawn = {line.get_label() for line in means.containers}
    assert drawn == set(frame["system"])
    assert [line.get_label() for line in gains.containers] == ["IRLLRec[LightGCN]"]
    mine = frame[frame["system"] == "IRLLRec[LightGCN]"]
    assert gains.containers[0][0].get_ydata() == pytest.approx(mine["difference"].to_numpy(float))
    labels = [tick.get_text() for tick in means.get_xticklabels()]
    assert [label.split("\n")[0] for label in labels] == frame["stratum"].unique().tolist()


def test_every_bar_has_a_hatch_of_its_own() -> None:
    (panel,) = ablation().axes
    assert len({bars.patches[0].get_hatch() for bars in panel.containers if hasattr(bars, "patches")}) == 2


def test_the_front_joins_what_nothing_beats() -> None:
    (panel,) = costs().axes
    front = panel.lines[-1]
    assert front.get_xdata().tolist() == [1.0, 9.0]
    assert front.get_ydata().tolist() == [0.2, 0.3]


HOSTILE = r"""$x^2_i$ <b>&amp;</b> | 50 % _a_ \frac{1} =1+1 "q" '"""


def of_names(names: list[str]) -> pd.DataFrame:
    """Rows of three settings for each system."""
    rows = [(name, at, 0.1 + 0.01 * place) for place, name in enumerate(names) for at in (1, 2, 3)]
    frame = pd.DataFrame(rows, columns=["system", "at", "mean"])
    return frame.assign(low=frame["mean"] - 0.02, high=frame["mean"] + 0.02)


def hostile_ablation() -> Figure:
    row = {"system": HOSTILE, "variant": HOSTILE, "difference": 0.1}
    return plots.ablation(pd.DataFrame([row | {"difference_low": 0.0, "difference_high": 0.2}]), "m")


def hostile_heat() -> Figure:
    return plots.heat(pd.DataFrame({"k": [1, 2], "t": [1, 2], "m": [0.1, 0.2]}), "k", "t", "m", HOSTILE)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.curves(of_names([HOSTILE, "B"]), HOSTILE, HOSTILE),
        lambda: plots.costs(of_names([HOSTILE]).head(1).assign(seconds_s=1.0), HOSTILE),
        hostile_ablation,
        hostile_heat,
    ],
)
def test_a_name_in_a_figure_is_text_as_it_is(draw: Callable[[], Figure]) -> None:
    svg = style.drawn(draw(), "name", ["svg"])["svg"].decode()
    texts = [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert HOSTILE in texts


def test_a_system_looks_the_same_in_every_figure() -> None:
    looks = plots.appearances({"A": "A", "B": "B", "B[-x]": "B", "C": "C", "B[text=shuffled]": "B"})
    assert (looks["B"].colour, looks["B"].mark["marker"]) == (
        looks["B[-x]"].colour,
        looks["B[-x]"].mark["marker"],
    )
    lines = [str(looks[name].line["linestyle"]) for name in ("B", "B[-x]", "B[text=shuffled]")]
    assert len(set(lines)) == 3
    assert lines[0] == str(looks["A"].line["linestyle"])
    for names in (["A", "B", "C"], ["C", "B"]):
        (panel,) = plots.curves(of_names(names), "k", "m", looks=looks).axes
        for container in panel.containers:
            assert container[0].get_color() == looks[container.get_label()].colour
            assert container[0].get_marker() == looks[container.get_label()].mark["marker"]


def test_variants_and_unfinished_systems_leave_the_looks_of_the_others(tmp_path: Path) -> None:
    plan, store = made_up_study(tmp_path / "store", datasets=2, systems=3, users=30, controls=["shuffled"])
    whole = [Evidence.of(plan, [variant], run_statuses(plan, store), store) for variant in plan.variants]
    nothing = Evidence.of(plan, [plan.variants[1]], [], store)
    assert whole[0].looks == whole[1].looks == nothing.looks
    own = whole[0].looks
    assert [own[name].number for name in own if not own[name].variant] == [0, 1, 2]
    assert {name for name in own if own[name].variant} == {name for name in own if "shuffled" in name}


def test_no_two_of_forty_systems_look_the_same() -> None:
    looks = plots.appearances({f"s{number}": f"s{number}" for number in range(40)})
    assert len({(look.colour, look.mark["marker"]) for look in looks.values()}) == 40


def test_a_panel_has_eight_curves_at_most_and_all_panels_have_the_same_axes() -> None:
    names = [f"s{number}" for number in range(19)]
    panels = [panel for panel in plots.curves(of_names(names), "k", "m").axes if panel.containers]
    assert [len(panel.containers) for panel in panels] == [7, 6, 6]
    assert len({(panel.get_xlim(), panel.get_ylim()) for panel in panels}) == 1
    assert [each.get_label() for panel in panels for each in panel.containers] == names


def test_points_stand_over_their_category() -> None:
    names = [f"s{number}" for number in range(8)]
    (panel,) = plots.curves(of_names(names), "k", "m").axes
    places = np.array([container[0].get_xdata() for container in panel.containers]) - [0, 1, 2]
    assert np.abs(places).max() < 0.15
    assert places.sum(axis=0) == pytest.approx([0, 0, 0])


def test_names_stand_beside_the_ends_of_curves_and_do_not_overlap() -> None:
    frame = of_names(["A", "B", "C"]).assign(mean=0.1, low=0.0, high=0.2)
    figure = plots.curves(frame, "k", "m")
    (panel,) = figure.axes
    figure.draw_without_rendering()
    boxes = {text.get_text(): text.get_window_extent() for text in panel.texts}
    assert set(boxes) == {"A", "B", "C"}
    assert not any(boxes[one].overlaps(boxes[two]) for one, two in ("AB", "BC", "AC"))
    assert not figure.legends
