"""What a bundle holds. Every file and folder of it is named here, once.

README.md            what the bundle is, and how to check it
bundle.json          version of this layout, commits, versions of packages, checksums of sources
plan.yaml            the plan, as its author wrote it
runs/ID/...          records, per-user scores, trials and lists, as in harness/store/layout.py
datasets/KEY.json    checksum and sizes of a dataset
datasets/KEY.parquet number of train pairs of each of its users
report/...           leaderboard.md, .csv, .tex and .html, and the rows of the other sections
croissant.json       the data card, as JSON-LD in the vocabulary Croissant of MLCommons
CITATION.cff         how to cite the study
SHA256SUMS           checksums of all files above, in the format of sha256sum
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from harness.errors import InputError
from harness.store.layout import DATASETS, LISTS, RECORD, RUNS, SUMS, TRIALS, USERS

FORMAT = 1
"""Version of this layout, which ``bundle.json`` holds as ``format``."""

README, ABOUT, PLAN = "README.md", "bundle.json", "plan.yaml"

CARD, CITATION = "croissant.json", "CITATION.cff"

REPORT = "report"

MANIFEST = "SHA256SUMS"

TOP = (README, ABOUT, PLAN, CARD, CITATION)
"""Files beside the folders, each with a line in the manifest."""

RUN_FILES = (RECORD, USERS, TRIALS, LISTS)
"""What is taken over of a run's folder. Prototypes and weights are not: no report reads them."""

_FILES = re.compile(
    "|".join(
        (
            *map(re.escape, TOP),
            rf"{RUNS}/[0-9a-f]{{20}}/(?:{'|'.join(map(re.escape, (*RUN_FILES, SUMS)))})",
            rf"{DATASETS}/[A-Za-z0-9][A-Za-z0-9._@,%-]*\.(?:json|parquet)",
            rf"{REPORT}/[A-Za-z0-9][A-Za-z0-9._-]*\.(?:md|csv|csv\.gz|tex|html)",
        )
    )
)


def check_name(name: str) -> None:
    """Refuse a file that a bundle does not have.

    Raises:
        InputError: Its name leads out of the folder, or no bundle has such a file.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise InputError(f"the name {name[:100]!r} leads out of the bundle's folder")
    if not _FILES.fullmatch(name):
        raise InputError(f"holds {name[:100]!r}, which no bundle of version {FORMAT} has")
