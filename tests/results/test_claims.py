"""Every number that README.md and results/README.md state as a finding is the one in its CSV file."""

from __future__ import annotations

import re

import pytest

from tests.results.claims import Claim, claims, plain, unclaimed, value, written
from tests.worlds import ROOT

CLAIMS = claims()
DOCUMENTS = {
    "README.md": plain((ROOT / "README.md").read_text(encoding="utf-8")),
    "results/README.md": plain((ROOT / "results" / "README.md").read_text(encoding="utf-8")),
}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says[:60])
def test_a_sentence_has_the_numbers_of_its_files(claim: Claim) -> None:
    assert any(claim.says in text for text in DOCUMENTS.values()), "no document says so"
    numbers = claim.numbers
    assert len(numbers) == len(claim.cells), numbers
    for number, cell in zip(numbers, claim.cells, strict=True):
        found = value(cell, number.endswith("%"))
        correct = found < float(number) if cell.get("below") else written(number, found)
        assert correct, f"{number} stands for {found} ({dict(cell)})"


def test_every_number_of_the_findings_is_claimed() -> None:
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    assert list(unclaimed(text[text.index("## The quickstart") :], CLAIMS)) == []


def test_every_number_of_the_first_page_is_claimed() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"\*\*What it shows\.\*\*.*?(?=\n\n)", text, re.DOTALL)
    assert list(unclaimed(shown, CLAIMS)) == []


def test_a_wrong_number_is_found() -> None:
    assert written(".2936", 0.29364)
    assert not written(".2936", 0.29374)
    assert written("5.7 %", -5.74)
    assert written("-5.7 %", -5.74)
    assert not written("+5.7 %", -5.74)
    assert written("5 %", 5.4)
    assert not written("5 %", 5.6)
