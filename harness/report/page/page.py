"""leaderboard.html, from the sections of a report."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.report import tables
from harness.report.page.figures import address
from harness.report.page.leaderboard import MARKS, leaderboard
from harness.report.page.markdown import slug, to_html
from harness.report.page.packing import packed
from harness.report.section import Section
from harness.report.sections.answers import CORRECTED
from harness.report.sections.questions import NOT_ASKED, RIVALS

SIGNS = {"yes": "✓", "no": "✗", "equal": "=", "not decided": "?", "not asked": "–"}
"""Signs of the answers, which can be told apart without colours."""

SCRIPTS = ("tables.js", "leaderboard.js", "compare.js")


def render(name: str, sections: Sequence[Section], figures: Mapping[str, str]) -> str:
    """Write the page of a report.

    Args:
        name: Name of the plan.
        sections: The sections of the report, that with its title and question first.
        figures: SVG files of figures, by their names without the ending.
    """
    addresses = {figure: address(svg) for figure, svg in figures.items()}
    title, *rest = sections
    systems = next((each.frames["systems"] for each in rest if "systems" in each.frames), pd.DataFrame())
    kinds = {} if systems.empty else dict(zip(systems["system"], systems["kind"], strict=True))
    comparisons = {
        _dataset(each, "compared"): _comparison(each) for each in rest if "compared" in each.frames
    }
    parts = [
        _leaderboard(section, addresses, kinds, comparisons.get(_dataset(section, "leaderboard"), Markup("")))
        if "leaderboard" in section.frames
        else _blocks([*section.markdown, *section.page], addresses)
        for section in rest
        if "answers" not in section.frames
    ]
    body = _numbered(Markup("").join(parts))
    return rendered(
        "page.html",
        SCRIPTS,
        name=name,
        title=to_html("\n\n".join(title.markdown)),
        answers=[_answers(section) for section in rest if "answers" in section.frames],
        body=body,
        contents=_contents(body),
    )


def rendered(template: str, scripts: Sequence[str], **values: Any) -> str:
    """Fill a template; the page may run these scripts and the style, and load nothing."""
    style, script = _asset("page.css"), "\n".join(_asset(name) for name in scripts)
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    text = _environment().get_template(template)
    return text.render(policy=policy, style=Markup(style), script=Markup(script), **values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["slug"] = slug
    environment.filters["p"] = tables.p_value
    return environment


def _asset(name: str) -> str:
    return (files("harness.report.page") / "templates" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _dataset(section: Section, frame: str) -> str:
    """The dataset of a section."""
    return str(section.frames[frame]["dataset"].iloc[0])


def _blocks(blocks: Sequence[str], figures: Mapping[str, str]) -> Markup:
    heading = next((block.lstrip("# ") for block in blocks if block.startswith("#")), "")
    return Markup("").join(to_html(block, figures, heading) for block in blocks if block)


def _leaderboard(
    section: Section, figures: Mapping[str, str], kinds: Mapping[str, str], comparison: Markup
) -> Markup:
    """The table with its tools, two systems compared, and the rest of the section."""
    _, caption, *more = section.markdown
    assert section.board is not None, "a section with rows of a leaderboard has its table"
    table = leaderboard(section.board, section.frames["leaderboard"], kinds)
    text = _environment().get_template("leaderboard.html")
    written = Markup(text.render(table=table, caption=to_html(caption), marks=MARKS))
    return written + comparison + _blocks(more, figures)


def _comparison(section: Section) -> Markup:
    text = _environment().get_template("comparison.html")
    return Markup(text.render(dataset=_dataset(section, "compared"), data=packed(section.frames)))


def _answers(section: Section) -> Markup:
    """The answers of one dataset: the sentence about the best system, and a row for each system with text.

    A question that is asked of no system has no column.
    """
    frame = section.frames["answers"]
    asked = frame[frame["question"].isin(list(RIVALS))]
    rows = {
        system: {row["question"]: row for row in own.to_dict("records")}
        for system, own in asked.groupby("system", sort=False)
    }
    answered = set(asked[asked["answer"] != NOT_ASKED]["question"])
    text = _environment().get_template("answers.html")
    return Markup(
        text.render(
            dataset=_dataset(section, "answers"),
            metric=tables.title(str(frame["metric"].iloc[0])),
            best=to_html(section.markdown[0]),
            rows=rows,
            rivals={kind: said for kind, said in RIVALS.items() if kind in answered} or RIVALS,
            signs=SIGNS,
            corrected=CORRECTED,
        )
    )


def _numbered(body: str) -> Markup:
    """Number the headings that occur several times, since no two may have the same ``id``."""
    seen: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        seen[match[2]] = seen.get(match[2], 0) + 1
        return match[0] if seen[match[2]] == 1 else f'{match[1]}{match[2]}-{seen[match[2]]}"'

    return Markup(re.sub(r'(<h\d id=")([^"]*)"', number, body))


def _contents(body: str) -> list[tuple[str, Markup]]:
    """The addresses and texts of the headings of the second level."""
    found = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', body, re.DOTALL)
    return [(address, Markup(text)) for address, text in found]
