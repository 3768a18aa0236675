"""Score matrices of systems in closed form, against those that other implementations recorded.

A file of the golden folder with the key ``out/scores`` is a case, and so is each of its ``case/NAME``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from harness.systems.assembly import pick
from harness.systems.line import parse
from harness.systems.registry import CLASSICS
from harness.systems.settings import settings
from harness.testing.world import ITEMS, USERS, random_pairs
from tests.baselines.plain_neighbours import walk_scores
from tests.systems.test_parity import CASES, line_of, load

ACCEPTED = {
    "power": {"transitions"},
    "diagonal": {"removed"},
    "neighbours_of": {"row", "row, then column", "user"},
    "similarity": {"cosine"},
    "self": {"excluded", "counts among the neighbours, then zeroed"},
}
"""The conventions that this project has, or that it can repeat by other hyper-parameters."""


def cases(path: Path) -> Iterator[str]:
    """The prefixes of a file's cases; that of its main case is empty."""
    with np.load(path, allow_pickle=False) as stored:
        if "out/scores" in stored.files:
            yield ""
            yield from (
                key.removesuffix("scores")
                for key in stored.files
                if key.startswith("case/") and key.endswith("/scores")
            )


EVERY = [(path, prefix) for path in CASES for prefix in cases(path)]


@pytest.mark.parametrize(
    ("path", "prefix"), EVERY, ids=[f"{path.stem}-{prefix.strip('/') or 'main'}" for path, prefix in EVERY]
)
def test_scores_equal_those_recorded(path: Path, prefix: str) -> None:
    check(path, prefix)


def check(path: Path, prefix: str = "") -> None:
    """The scores of one recorded case; skipped if it was recorded with another convention than ours."""
    golden = load(path)
    hyper = json.loads(str(golden[f"{prefix}hyper"]))
    line = hyper.pop("system", line_of(path))
    recorded = golden[f"{prefix}scores" if prefix else "out/scores"]
    convention = json.loads(str(golden.get(f"{prefix}convention", "{}")))
    implementation = convention.pop("implementation", "")
    user, item = golden["input/edges"]
    train = sp.csr_matrix((np.ones(len(user)), (user, item)), shape=recorded.shape)
    covers_all = (hyper.get("neighbours") or np.inf) >= max(recorded.shape)
    for key, value in convention.items():
        if value not in ACCEPTED.get(key, ()) and not (key == "neighbours_of" and covers_all):
            pytest.skip(f"recorded with another convention: {key} is {value!r}")
    spec = parse(line)
    entry = CLASSICS[spec.backbone]
    values = settings(
        spec, in_our_words(hyper, convention, implementation, spec.options(), max(recorded.shape))
    )
    text = [golden["input/item_profile"]] if spec.needs_text else []
    scores, _ = entry.make(pick(entry.options, values), train, *text)
    tolerance = 1e-6 if implementation.startswith("lenskit") else 1e-12
    np.testing.assert_allclose(
        scores(np.arange(len(recorded))), recorded, rtol=tolerance, atol=tolerance * np.abs(recorded).max()
    )


def in_our_words(
    hyper: dict[str, Any], convention: dict[str, str], implementation: str, options: Any, largest: int
) -> dict[str, Any]:
    """The hyper-parameters that make our system do what was recorded."""
    recorded = {"item_weight": 0.0, "text_scale": "raw"}
    values = {name: value for name, value in recorded.items() if name in options} | hyper
    if "neighbours" in values and values["neighbours"] is None:
        values["neighbours"] = largest
    if "normalise" in values:
        values["normalise"] = "l1" if values["normalise"] else "none"
    if convention.get("neighbours_of") == "row, then column":
        values["cut"] = "rows-columns"
    if convention.get("self", "").startswith("counts"):
        values["neighbours"] -= 1  # a user's similarity to itself is the largest and takes one place
    if implementation.startswith("irspack") and "shrink" in values:
        values["shrink"] += 1e-6
    return values


def test_a_new_file_needs_no_new_code(tmp_path: Path) -> None:
    edges = random_pairs().T
    train = np.zeros((USERS, ITEMS))
    train[tuple(edges)] = 1.0
    hyper = {"alpha": 0.7, "neighbours": 4, "normalise": True}
    scores = walk_scores(train, alpha=0.7, beta=0.0, neighbours=4, normalise=True)
    ours = {"power": "transitions", "diagonal": "removed", "neighbours_of": "row"}
    path = tmp_path / "P3alpha.npz"
    np.savez(
        path,
        **{
            "input/edges": edges,
            "hyper": json.dumps(hyper),
            "convention": json.dumps(ours),
            "out/scores": scores,
            "case/uncut/hyper": json.dumps({**hyper, "neighbours": None, "system": "RP3beta", "beta": 0.2}),
            "case/uncut/scores": walk_scores(train, alpha=0.7, beta=0.2, neighbours=ITEMS, normalise=True),
            "case/counts/hyper": json.dumps(hyper),
            "case/counts/convention": json.dumps({**ours, "power": "counts"}),
            "case/counts/scores": scores,
        },
    )
    assert list(cases(path)) == ["", "case/uncut/", "case/counts/"]
    check(path)
    check(path, "case/uncut/")
    with pytest.raises(pytest.skip.Exception, match="power is 'counts'"):
        check(path, "case/counts/")
