"""Parts of leaderboard.html: figures, the plan, references; and the index of several reports."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pandas as pd
import pytest

from harness.planning.plan import Plan
from harness.planning.tasks import Run
from harness.report import tables
from harness.report.document import write
from harness.report.page.figures import address
from harness.report.page.index import write_index
from harness.report.section import Options
from harness.report.sections.provenance import plan_yaml, references
from harness.store.layout import USERS
from harness.store.record import RunRecord
from harness.store.store import Store
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS
from tests.report.made_up_study import made_up_study
from tests.report.test_page import NASTY, SCRIPT, page, studied
from tests.worlds import fill, intentbench, made_record

__all__ = ["studied"]


def test_figures_are_smaller_and_keep_their_texts() -> None:
    path = "".join(f"L {number / 7:.6f} 1.234567 \n" for number in range(50))
    svg = f'<?xml version="1.0"?>\n<svg xmlns="x">\n <g id="a">\n  <path d="M 0 0 {path}" style="fill: none"/>\n  <text style="fill: none" x="1.55" y="2">a  b &lt;</text>\n </g>\n</svg>\n'
    head, _, content = address(svg).partition(",")
    short = unquote(content)
    assert head == "data:image/svg+xml"
    assert '"' not in content
    assert len(short) < 0.6 * len(svg)
    assert "<text class='c0' x='1.5' y='2'>a  b &lt;</text>" in short
    assert "<style>.c0{fill: none}</style>" in short


def test_what_a_figure_refers_to_has_a_short_id() -> None:
    used = '<use xlink:href="#m4069f2ca25" clip-path="url(#p61691788f8)"/>'
    svg = f'<svg xmlns="x"><path id="m4069f2ca25"/><clipPath id="p61691788f8"/>{used}</svg>'
    short = unquote(address(svg).partition(",")[2])
    assert "<path id='i0'/><clipPath id='i1'/>" in short
    assert "<use xlink:href='#i0' clip-path='url(#i1)'/>" in short


def test_a_name_in_a_figure_is_text_that_looks_like_no_attribute() -> None:
    name = """a style="fill: red" d="M 1.234567 0" b='c' &amp;"""
    written = name.replace("&", "&amp;")
    svg = (
        f'<svg xmlns="x"><path d="M 0 0" style="fill: none"/><text style="fill: none">{written}</text></svg>'
    )
    short = unquote(address(svg).partition(",")[2])
    assert ElementTree.fromstring(short)[-1].text == name


def test_what_runs_have_recorded_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of machines and versions, and the plan's own words."""
    machine = {"system": NASTY.replace("-", ""), "=cpu": NASTY}

    def nasty_record(run: Run) -> RunRecord:
        return made_record(run).model_copy(update={"machine": machine, "commit": "=<b>|_"})

    monkeypatch.setattr("tests.worlds.made_record", nasty_record)
    about = f"{NASTY}\n```\n{SCRIPT}\n~~~\n"
    plan, store = made_up_study(tmp_path / "store", datasets=1, systems=2, users=30, about=about)
    write(plan, store, tmp_path / "out", options=Options(figures=False))
    rows = tables.read_rows(tmp_path / "out" / "provenance.csv")
    assert rows["=cpu"].tolist() == [NASTY]
    assert rows["commit"].tolist() == ["=<b>|_"]
    shown = page(tmp_path / "out")
    assert SCRIPT not in shown
    assert "<b>|" not in shown
    assert not re.search(r"<img[^>]*onerror", shown)
    assert shown.count("<script>") == 1


def test_the_plan_is_shown_without_places_of_this_machine(tmp_path: Path) -> None:
    source = {"kind": "table", "path": str(tmp_path / "log.csv"), "user": "u", "item": "i"}
    plan = Plan.model_validate(
        {
            "name": "p",
            "about": NASTY,
            "datasets": [{"name": "d", "source": source}],
            "systems": ["MostPop", "LightGCN"],
        }
    )
    text = plan_yaml(plan)
    assert str(tmp_path) not in text
    assert "path: log.csv" in text
    assert "- system: LightGCN" in text


def test_every_reference_is_an_entry_and_every_name_is_registered() -> None:
    known = references()
    assert set(known["systems"]) <= {*CLASSICS, *BACKBONES, *ALIGNMENTS}
    assert {*known["systems"].values(), *known["sources"].values()} == set(known["entries"])
    for key, entry in known["entries"].items():
        assert re.match(rf"@\w+{{{key},\n", entry)
        assert entry.count("{") == entry.count("}")


def test_without_costs_the_page_says_nothing_of_machines(tmp_path: Path) -> None:
    plan, store = made_up_study(tmp_path / "store", datasets=1, systems=2, users=30)
    files = write(plan, store, tmp_path / "out", options=Options(figures=False, costs=False))
    assert "provenance.csv" not in {file.name for file in files}
    text = page(tmp_path / "out")
    assert "peak MiB" not in text
    assert "by the code's commit" not in text


def test_an_index_shows_every_report_of_a_folder(studied: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "leaderboard.md").write_text(
        f"# old\n\nWhat | it asks {tables.escape_markdown(SCRIPT)}\n\n## d\n"
    )
    for name in ("leaderboard.md", "leaderboard.html", "answers.csv"):
        (tmp_path / "b" / name).write_bytes((studied / name).read_bytes())
    text = write_index(tmp_path).read_text()
    assert 'href="a/leaderboard.md">old<' in text
    assert 'href="b/leaderboard.html">made-up<' in text
    assert "✓ yes" in text
    assert SCRIPT not in text


def test_an_index_of_no_report_is_refused(tmp_path: Path) -> None:
    result = intentbench("report", "--index", tmp_path)
    assert result.exit_code == 2
    assert "no folder in it holds a leaderboard.md" in result.output


def test_a_large_study_fits(tmp_path: Path) -> None:
    """A tenth of five datasets with thirty systems: its page grows with the pairs, not with the users."""
    sizes = []
    for users in (40, 400):
        plan, store = made_up_study(tmp_path / str(users), datasets=1, systems=12, users=users)
        write(plan, Store(store.root), tmp_path / f"out{users}", options=Options(figures=False))
        sizes.append(len(page(tmp_path / f"out{users}")))
    assert sizes[1] < 1.3 * sizes[0]


def test_two_systems_with_the_same_runs_are_one(tmp_path: Path) -> None:
    """The test of all pairs names one of them; the answers and the comparison know both."""
    systems = ["EASE^R", "LightGCN", "IRLLRec[LightGCN]"]
    plan, _ = made_up_study(tmp_path / "unused", datasets=1, systems=1, users=30)
    plan = plan.model_validate({**plan.model_dump(exclude_unset=True), "systems": systems})
    store = fill(plan, tmp_path / "store", lambda run: 0.3 if run.system.name == "EASE^R" else 0.2, 30)
    for identity, record in store.runs().items():
        if record.system == "IRLLRec[LightGCN]":
            (same,) = (
                other
                for other, one in store.runs().items()
                if (one.system, one.repetition) == ("LightGCN", record.repetition)
            )
            scores = (store.folder(same) / USERS).read_bytes()
            store.forget(identity)
            store.put(identity, record, pd.read_parquet(io.BytesIO(scores)))
    write(plan, store, tmp_path / "out", options=Options(figures=False))
    answers = tables.read_rows(tmp_path / "out" / "answers.csv").set_index("question")
    assert answers.loc["backbone", ["answer", "difference"]].tolist() == ["equal", 0.0]
    assert answers.loc["simple baseline", "answer"] == "no"
    compared = tables.read_rows(tmp_path / "out" / "compared.csv")
    assert set(compared[compared["difference"] > 0]["verdict"]) == {"better"}


def test_models_of_recbole_have_a_kind_and_a_line(tmp_path: Path) -> None:
    plan, _ = made_up_study(tmp_path / "unused", datasets=1, systems=1, users=30)
    plan = plan.model_validate(
        {**plan.model_dump(exclude_unset=True), "systems": ["LightGCN", "recbole:BPR"]}
    )
    store = fill(plan, tmp_path / "store", lambda run: 0.3 if run.system.is_recbole else 0.2, 30)
    write(plan, store, tmp_path / "out", options=Options(figures=False))
    systems = tables.read_rows(tmp_path / "out" / "systems.csv").set_index("system")
    assert systems.loc["recbole:BPR", "kind"] == "RecBole"
    assert systems.loc["recbole:BPR", "about"]
    assert "No reference is on file for recbole:BPR" in page(tmp_path / "out")
