"""Reads ``claims.yaml``: the sentences of the documents that hold numbers, and the cells that they come from."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.worlds import ROOT

NUMBER = re.compile(r"(?<![\w.@-])[+-]?(?:\d*\.\d+(?:\s%)?|\d+(?:,\d{3})*\s%)(?!\.?\w)")
"""What counts as a number: one with a decimal point, or a per cent."""

UNCLAIMED = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|^#[^\n]*$|<!--.*?-->", re.DOTALL | re.MULTILINE)
"""Parts of a document that state nothing: code, addresses, headings and comments."""


@dataclass(frozen=True)
class Claim:
    """A sentence, or a row of a table, with numbers.

    Attributes:
        says: The words as they stand in a document, with single spaces.
        cells: Where each number comes from, in the order of the sentence.
        settings: Numbers of the sentence that are settings of the study, and no findings.
    """

    says: str
    cells: tuple[Mapping[str, Any], ...]
    settings: tuple[str, ...]

    @property
    def numbers(self) -> list[str]:
        """The numbers of the sentence that are findings, as they are written."""
        left = list(self.settings)
        numbers = []
        for number in NUMBER.findall(stated(self.says)):
            if number in left:
                left.remove(number)
            else:
                numbers.append(number)
        return numbers


def claims() -> list[Claim]:
    """All claims. What a group says of its file and rows holds for each of its cells."""
    tree = yaml.safe_load((Path(__file__).parent / "claims.yaml").read_text(encoding="utf-8"))
    found = []
    for group in tree:
        for table in group.get("tables", ()):
            found += _rows_of(table)
        common = {key: value for key, value in group.items() if key not in ("claims", "tables")}
        for entry in group.get("claims", ()):
            cells = tuple(common | entry.get("of", {}) | cell for cell in entry.get("cells", ()))
            found.append(Claim(plain(entry["says"]), cells, tuple(entry.get("settings", ()))))
    return found


def _rows_of(table: Mapping[str, Any]) -> Iterator[Claim]:
    """A claim for each row of a table of results/README.md.

    Args:
        table: ``head`` is the table's heading, ``names`` the column of the file whose value the first cell of a
            row is. ``columns`` has a list for each further column of the table, with what chooses each number
            of its cells. All other keys hold for every cell. An empty cell claims nothing.
    """
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    _, _, below = text.partition(f"{table['head']}\n")
    common = {key: part for key, part in table.items() if key not in ("head", "names", "columns")}
    for line in below.partition("\n\n")[0].splitlines()[1:]:
        name, *shown = (cell.strip() for cell in line.strip("|").split("|"))
        cells = [
            common | {table["names"]: name} | place
            for cell, places in zip(shown, table["columns"], strict=True)
            if cell
            for place in places
        ]
        yield Claim(plain(line), tuple(cells), ())


def plain(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())


def stated(text: str) -> str:
    """What a text states, with single spaces: without code, addresses, headings and comments."""
    return plain(UNCLAIMED.sub(" ", text))


def value(cell: Mapping[str, Any], percent: bool) -> float:
    """The number that a cell of ``claims.yaml`` stands for.

    ``in`` is the file below ``results``, ``column`` the column (``mean`` if absent), and all other keys choose
    the row. ``over: {...}`` makes it the gain over another row, ``less: {...}`` the difference from it, and
    ``share_of: {...}`` the share of it.
    ``highest: true`` takes the highest of all chosen rows. ``below: true`` says that the sentence has a bound
    in place of the number.

    Args:
        cell: The cell.
        percent: Whether the sentence gives it in per cent.
    """
    place = {key: part for key, part in cell.items() if key not in ("over", "less", "share_of", "below")}
    number = _number(place)
    if "over" in cell:
        return 100 * (number / _number(place | cell["over"]) - 1)
    if "share_of" in cell:
        number /= _number(place | cell["share_of"])
    if "less" in cell:
        number -= _number(place | cell["less"])
    return 100 * number if percent and not str(cell.get("column", "mean")).startswith("gain") else number


def _number(place: Mapping[str, Any]) -> float:
    chosen = {key: str(part) for key, part in place.items() if key not in ("in", "column", "highest")}
    rows = [row for row in _rows(place["in"]) if all(row[key] == part for key, part in chosen.items())]
    if place.get("highest"):
        return max(float(row[place["column"]]) for row in rows if row[place["column"]])
    assert len(rows) == 1, f"{len(rows)} rows of {place['in']} have {chosen}"
    return float(rows[0][place.get("column", "mean")])


@cache
def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "results" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(text: str, number: float) -> bool:
    """Whether a number is written correctly: rounded to its decimals, its sign left out or right."""
    digits = text.replace(" %", "").replace("%", "").replace(",", "").strip()
    decimals = len(digits.partition(".")[2])
    wanted = float(digits)
    found = number if digits[0] in "+-" else abs(number)
    return abs(wanted - found) <= 0.5000001 * 10**-decimals


def unclaimed(text: str, said: list[Claim]) -> Iterator[str]:
    """The numbers of a document that stand in no claim."""
    left = stated(text)
    for claim in sorted(said, key=lambda claim: -len(claim.says)):
        left = left.replace(stated(claim.says), " ")
    yield from NUMBER.findall(left)
