"""The page in a real browser, without a network: what it does, who can use it, and how fast it is there."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.report import tables
from harness.report.document import write
from harness.report.page.index import write_index
from harness.report.page.page import render
from harness.report.section import Options
from tests.report.made_up_study import made_up_study
from tests.report.test_page import NASTY, hostile

playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install -e '.[browser]'")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs pip install -e '.[browser]'")

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium"),
]

WCAG_AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
WIDTHS = (360, 1920)
PAINT = (
    "performance.getEntriesByType('paint').filter(one => one.name === 'first-contentful-paint')[0]?.startTime"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with playwright.sync_playwright() as started:
            opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            yield opened
            opened.close()


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    plan, store = made_up_study(
        folder / "store", datasets=2, systems=5, users=60, controls=["shuffled"], ablate=["-profile"]
    )
    write(plan, store, folder / "reports" / "study")
    write_index(folder / "reports")
    return folder / "reports" / "study"


class Opened:
    """A page that was opened from disk, with everything it complained of and asked for."""

    def __init__(self, browser: Any, file: Path, width: int = 1280, **more: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **more)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())

    def compare(self) -> None:
        """Open the comparison of the first dataset."""
        self.page.get_by_role("button", name="Compare two systems").first.click()
        self.page.wait_for_selector(".compare .plot")

    def assert_quiet(self) -> None:
        """Nothing was complained of, and nothing but the page itself was asked for."""
        assert self.said == []
        assert [url for url in self.asked if not url.startswith(("file:", "data:"))] == []
        self.context.close()


def texts(page: Any, selector: str) -> list[str]:
    return [str(text).strip() for text in page.locator(selector).all_inner_texts()]


def test_a_table_is_sorted_searched_and_filtered(browser: Any, studied: Path) -> None:
    opened = Opened(browser, studied / "leaderboard.html")
    board = opened.page.locator(".leaderboard").first
    frame = tables.read_rows(studied / "leaderboard.csv")
    rows = frame[(frame["dataset"] == "d0") & (frame["metric"] == "recall@20")].set_index("system")
    button = board.get_by_role("button", name="Recall@20", exact=True)
    for ascending in (False, True):
        button.click()
        assert texts(board, "tbody th") == list(rows["mean"].sort_values(ascending=ascending).index)
        state = board.locator("thead th").nth(2).get_attribute("aria-sort")
        assert state == ("ascending" if ascending else "descending")
    board.get_by_role("checkbox", name="control").uncheck()
    assert not any("shuffled" in name for name in texts(board, "tbody tr:not([hidden]) th"))
    board.get_by_role("searchbox").fill("simgcl")
    assert texts(board, "tbody tr:not([hidden]) th") == [
        name for name in texts(board, "tbody th") if "SimGCL" in name and "shuffled" not in name
    ]
    opened.assert_quiet()


def test_columns_can_be_chosen(browser: Any, studied: Path) -> None:
    opened = Opened(browser, studied / "leaderboard.html")
    board = opened.page.locator(".leaderboard").first
    assert not board.get_by_role("columnheader", name="NDCG@10").is_visible()
    board.get_by_text("Metrics and columns").click()
    board.get_by_role("checkbox", name="NDCG@10").check()
    assert board.get_by_role("columnheader", name="NDCG@10").is_visible()
    opened.assert_quiet()


def test_two_systems_are_compared_with_the_numbers_of_the_csv_files(browser: Any, studied: Path) -> None:
    opened = Opened(browser, studied / "leaderboard.html")
    opened.compare()
    compared, users = (tables.read_rows(studied / name) for name in ("compared.csv", "users.csv.gz"))
    pair = compared[compared["dataset"] == "d0"].iloc[-1]
    lists = opened.page.locator(".compare").first.locator("select")
    for first, second, sign in ((pair["first"], pair["second"], 1), (pair["second"], pair["first"], -1)):
        lists.nth(0).select_option(first)
        lists.nth(1).select_option(second)
        opened.page.wait_for_selector(f".compare h4:has-text('{first} less {second}')")
        part = opened.page.locator(".compare").first
        cells = texts(part.locator("tbody").nth(0).locator("tr").last, "td")
        assert cells[0].startswith(f"{sign * pair['difference']:+.4f}"[:7])
        wins = [pair["first_wins"], pair["ties"], pair["second_wins"]][::sign]
        assert [int(count) for count in cells[-3:]] == wins
        own = users[
            (users["dataset"] == "d0")
            & (users["first"] == pair["first"])
            & (users["second"] == pair["second"])
        ]
        assert texts(part.locator("tbody").nth(2), "th") == own["user"].tolist()
    opened.assert_quiet()


def test_pressing_two_names_compares_them(browser: Any, studied: Path) -> None:
    opened = Opened(browser, studied / "leaderboard.html")
    board = opened.page.locator(".leaderboard").nth(1)
    names = texts(board, "tbody th")
    for name in (names[3], names[1]):
        board.get_by_role("button", name=name, exact=True).click()
        opened.page.wait_for_timeout(500)
    assert opened.page.locator(f".compare h4:has-text('{names[3]} less {names[1]}')").count() == 1
    assert texts(board, "tr.chosen th") == [names[1], names[3]]
    opened.assert_quiet()


def test_a_table_is_copied_as_the_files_write_it(browser: Any, studied: Path) -> None:
    opened = Opened(browser, studied / "leaderboard.html", permissions=["clipboard-read", "clipboard-write"])
    names = texts(opened.page.locator(".leaderboard").first, "tbody th")
    expected = {"CSV": f'\n"{names[0]}",', "Markdown": "|---|", "LaTeX": "\\begin{tabular}{lr"}
    for form, piece in expected.items():
        opened.page.locator(".leaderboard").first.get_by_role("button", name=form, exact=True).click()
        copied = opened.page.evaluate("navigator.clipboard.readText()")
        assert piece in copied
        assert len(copied.splitlines()) >= len(names) + 1
    opened.assert_quiet()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Any, studied: Path, width: int, scheme: str
) -> None:
    for file in (studied / "leaderboard.html", studied.parent / "index.html"):
        opened = Opened(browser, file, width, color_scheme=scheme)
        if file.name != "index.html":
            opened.compare()
        violations = axe.Axe().run(opened.page, options=WCAG_AA).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == []
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        opened.assert_quiet()


def test_the_page_can_be_printed_and_read_without_scripts(browser: Any, studied: Path) -> None:
    opened = Opened(browser, studied / "leaderboard.html", java_script_enabled=False)
    opened.page.emulate_media(media="print")
    assert opened.page.locator(".leaderboard").first.locator("tbody tr").count() > 5
    assert opened.page.locator("button").count() == 0
    assert len(opened.page.pdf()) > 10_000
    opened.assert_quiet()


def test_no_name_runs_a_script(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(render(NASTY, hostile(), {}))
    opened = Opened(browser, tmp_path / "page.html")
    opened.compare()
    for button in opened.page.get_by_role("button").all():
        button.click()
    assert opened.page.locator(".compare h4").first.inner_text().count("<script>alert(1)</script>") == 3
    assert opened.page.locator("main img, main script:not([type])").count() == 0
    opened.assert_quiet()


def test_a_large_study_is_small_and_there_at_once(browser: Any, tmp_path: Path) -> None:
    """Five datasets, thirty systems, three metrics: at most 3 MB, and painted within a second."""
    plan, store = made_up_study(tmp_path / "store", users=300)
    write(plan, store, tmp_path / "out", options=Options())
    file = tmp_path / "out" / "leaderboard.html"
    assert file.stat().st_size <= 3_000_000
    opened = Opened(browser, file)
    opened.page.wait_for_function(f"{PAINT} !== undefined")
    assert opened.page.evaluate(PAINT) < 1000
    opened.assert_quiet()
