"""leaderboard.html: what it shows is in the CSV files, no data is markup, and it asks no other place."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.report import tables
from harness.report.document import write
from harness.report.page.markdown import to_html
from harness.report.page.page import render
from harness.report.section import Options, Section
from harness.report.sections.questions import RIVALS
from tests.report.made_up_study import made_up_study

SCRIPT = "<script>alert(1)</script>"
NASTY = f"{SCRIPT}\"'|_x_ `c` [l](javascript:alert(1)) <img src=x onerror=alert(1)> &amp; $5% =1+1"


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a study with controls and two datasets."""
    folder = tmp_path_factory.mktemp("page")
    plan, store = made_up_study(folder / "store", datasets=2, systems=4, users=60, controls=["shuffled"])
    write(plan, store, folder / "out", options=Options(figures=False))
    return folder / "out"


def page(folder: Path) -> str:
    return (folder / "leaderboard.html").read_text()


def unpacked(text: str) -> list[dict[str, Any]]:
    """The comparisons that the page holds, one for each dataset."""
    found = re.findall(r'<script type="application/octet-stream">([^<]*)</script>', text)
    return [json.loads(zlib.decompress(base64.b64decode(each))) for each in found]


def test_every_number_of_the_table_is_in_the_csv_file(studied: Path) -> None:
    frame = tables.read_rows(studied / "leaderboard.csv")
    known = set(frame.select_dtypes("number").to_numpy().ravel()) | set(frame["peak_bytes"] / 2**20)
    values = re.findall(r'data-v="([^"]*)"', page(studied))
    assert len(values) == 2 * 8 * (3 + 3)
    written = {f"{value:.12g}" for value in known}  # pandas reads the last digit of a number roughly
    assert {f"{float(value):.12g}" for value in values} <= written


def test_the_cells_are_those_of_the_markdown_table(studied: Path) -> None:
    markdown = (studied / "leaderboard.md").read_text().split("## d1")[0]
    rows = [line.strip("|").split("|") for line in markdown.splitlines() if line.startswith("| IRLLRec")]
    wanted = [[re.sub(r"\*\*|</?u>| ?[▲▼=]$", "", cell.strip()) for cell in row] for row in rows]
    body = page(studied).split('class="leaderboard"')[1].split("<tbody>")[1].split("</tbody>")[0]
    for row, html in zip(wanted[: body.count("<tr")], body.split("<tr")[1:], strict=True):
        shown = re.findall(r"<td(?![^>]* hidden)[^>]*>(.*?)</td>", html)[1:]
        texts = [re.sub(r"<(svg|span class=\"\w+\">[▲▼=]).*|<[^>]*>", "", cell).strip() for cell in shown]
        assert [text.removeprefix("? ") for text in texts if text != "best baseline"] == [
            text for text, seen in zip(row[1:], texts, strict=True) if seen != "best baseline"
        ]


def test_the_packed_comparisons_are_those_of_the_csv_files(studied: Path) -> None:
    compared, users = (tables.read_rows(studied / name) for name in ("compared.csv", "users.csv.gz"))
    strata = tables.read_rows(studied / "by-degree.csv")
    for dataset, content in zip(("d0", "d1"), unpacked(page(studied)), strict=True):
        rows = compared[compared["dataset"] == dataset]
        systems = content["systems"]
        pairs = [(one, other) for at, one in enumerate(systems) for other in systems[at + 1 :]]
        for columns, (_, own) in zip(content["metrics"], rows.groupby("metric", sort=False), strict=True):
            assert list(zip(own["first"], own["second"], strict=True)) == pairs
            assert columns["difference"] == [round(value * 10_000) for value in own["difference"]]
            assert columns["verdict"] == own["verdict"].fillna("").tolist()
            assert (own[["first_wins", "ties", "second_wins"]].sum(axis=1) == 60).all()
        mine = strata[(strata["dataset"] == dataset) & (strata["stratum"] == content["strata"]["labels"][0])]
        assert content["strata"]["low"][0] == [round(value * 10_000) for value in mine["low"]]
        first = (
            users[(users["dataset"] == dataset)].groupby(["first", "second"], sort=False).get_group(pairs[0])
        )
        places, scores, _ = content["users"]["pairs"][0]
        assert [content["users"]["names"][place] for place in places] == first["user"].tolist()
        assert scores == [round(value * 10_000) for value in first["first_score"]]


def test_pairs_are_judged_as_in_pairs_csv(studied: Path) -> None:
    judged = tables.read_rows(studied / "pairs.csv").set_index(["dataset", "metric", "first", "second"])
    for row in tables.read_rows(studied / "compared.csv").dropna(subset=["p_holm"]).itertuples():
        key, turned = (
            (row.dataset, row.metric, row.first, row.second),
            (row.dataset, row.metric, row.second, row.first),
        )
        same = judged.loc[key] if key in judged.index else judged.loc[turned]
        sign = 1 if key in judged.index else -1
        assert row.difference == pytest.approx(sign * same["difference"], abs=1e-6)
        assert row.p_holm == pytest.approx(same["p_holm"], rel=1e-3)


def test_the_users_with_the_largest_differences_are_listed(studied: Path) -> None:
    users = tables.read_rows(studied / "users.csv.gz")
    size = (users["first_score"] - users["second_score"]).abs()
    for _, own in size.groupby([users["dataset"], users["first"], users["second"]]):
        assert len(own) <= 20
        assert own.is_monotonic_decreasing


def test_the_best_system_is_that_of_all_pairs(studied: Path) -> None:
    answers = tables.read_rows(studied / "answers.csv")
    pairs = tables.read_rows(studied / "pairs.csv")
    pairs = pairs[(pairs["metric"] == "recall@20") & (pairs["dataset"] == "d0")]
    verdicts = pairs.set_index(["first", "second"])["verdict"].to_dict()
    best = answers[answers["question"] == "best"].iloc[0]
    said = {"better": "yes", "undecided": "not decided", "equal": "no"}
    assert best["answer"] == said[verdicts[best["system"], best["other"]]]
    text = (studied / "leaderboard.md").read_text()
    assert f"{best['system']} has the highest mean Recall@20" in text
    assert set(answers[answers["question"] == "shuffled text"]["answer"]) == {"yes"}
    assert "itself with shuffled text? Yes: +0.02" in text
    assert "✓ yes" in page(studied)


def test_a_question_that_the_plan_does_not_ask_has_no_answer(tmp_path: Path) -> None:
    plan, store = made_up_study(tmp_path / "store", datasets=1, systems=1, users=30)
    write(plan, store, tmp_path / "out", options=Options(figures=False))
    assert set(tables.read_rows(tmp_path / "out" / "answers.csv")["answer"].dropna()) == {"not asked"}


def test_the_page_runs_its_own_scripts_and_asks_no_other_place(studied: Path) -> None:
    text = page(studied)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")  # type: ignore[index]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        wanted = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{wanted}'" in policy
    assert all(
        target.startswith(("#", "data:image/")) for target in re.findall(r'\s(?:src|href)="([^"]*)"', text)
    )
    assert not re.search(r"\s(style|on\w+)=", re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL))


def test_the_page_is_a_plain_table_without_scripts(studied: Path) -> None:
    rows = re.findall(r'<tr data-kind="([^"]*)"><th scope="row">([^<]*)</th>', page(studied))
    frame = tables.read_rows(studied / "leaderboard.csv")
    assert {name for _, name in rows} == set(frame["system"])
    assert {kind for kind, _ in rows} == {"alignment", "control"}


def test_a_page_is_the_same_every_time(tmp_path: Path) -> None:
    plan, store = made_up_study(tmp_path / "store", datasets=1, systems=3, users=30)
    for name in ("one", "two"):
        write(plan, store, tmp_path / name, options=Options(figures=False))
    for file in ("leaderboard.html", "users.csv.gz"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def hostile() -> list[Section]:
    """Sections whose every name is a payload."""
    row = {"mean": 0.2, "low": 0.1, "high": 0.3, "baseline": NASTY, "gain_percent": 1.0, "gain_low": 0.0}
    more = {
        "gain_high": 2.0,
        "p_holm": 0.2,
        "verdict": "undecided",
        "runs": 1.0,
        "parameters": 1.0,
        "m spread": 0.1,
    }
    board = pd.DataFrame([{"dataset": NASTY, "system": NASTY, "metric": "m", **row, **more}])
    cells = pd.DataFrame({"System": [NASTY], "m": ["0.2"], "verdict": [NASTY], NASTY: [NASTY]})
    answer = {"other": NASTY, "answer": "no", "difference": 0.1, "low": 0.0, "high": 0.2, "p_holm": 0.01}
    answers = pd.DataFrame(
        [
            {"dataset": NASTY, "metric": NASTY, "system": NASTY, "question": kind, **answer}
            for kind in ("best", *RIVALS)
        ]
    )
    pair = {"dataset": NASTY, "metric": NASTY, "first": NASTY, "second": NASTY + "2"}
    number = {"difference": 0.1, "low": 0.0, "high": 0.2, "p": 0.1, "p_holm": np.nan, "verdict": ""}
    frames = {
        "compared": pd.DataFrame([{**pair, **number, "first_wins": 1, "ties": 0, "second_wins": 0}]),
        "by-degree": pd.DataFrame([{**pair, **number, "stratum": NASTY, "users": 1}]),
        "users": pd.DataFrame(
            [{**pair, "user": NASTY, "train_pairs": 1.0, "first_score": 0.1, "second_score": 0.0}]
        ),
    }
    escaped = tables.escape_markdown(NASTY)
    return [
        Section([f"# {escaped}", tables.escape_paragraphs(f"{NASTY}\n\n# {SCRIPT}")]),
        Section([f"## {escaped}", f"Note: {escaped}."]),
        Section([f"{escaped} has the highest mean."], frames={"answers": answers}),
        Section(["| a |", escaped, f"![{escaped}](x.png)"], frames={"leaderboard": board}, board=cells),
        Section(frames=frames),
        Section([tables.markdown(pd.DataFrame({NASTY: [NASTY]}))], page=[f"```yaml\n{NASTY}\n```"]),
    ]  # fmt: skip


def test_no_name_is_markup() -> None:
    text = render(NASTY, hostile(), {"x": "<svg></svg>"})
    assert SCRIPT not in text
    assert not re.search(r"<img[^>]*onerror", text)
    assert all(
        target.startswith(("#", "data:image/")) for target in re.findall(r'\s(?:src|href)="([^"]*)"', text)
    )
    assert text.count("<script>") == 1
    (content,) = unpacked(text)
    assert content["systems"][0] == NASTY, "scripts are given the name as it is, and write it as text"


@pytest.mark.parametrize(
    "text",
    [
        "<b>x</b>",
        "[a](javascript:alert(1))",
        "<http://a.b>",
        "[a]: javascript:x\n\n[a]",
        "![a](http://a.b/c.png)",
    ],
)
def test_markdown_of_the_data_makes_no_elements(text: str) -> None:
    assert not re.search(r"<(?!/?(p|em)>)", to_html(text))
