"""One step of every system against the authors' recorded numbers.

Every ``*.npz`` of the folder (``tests/golden``, or the one named by ``INTENTBENCH_GOLDEN``) is a
case; its name is the system's line.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.systems import assemble, parse, settings
from models.core import Batch, System
from models.graph import Graph
from models.text import TextRows

FOLDER = Path(os.environ.get("INTENTBENCH_GOLDEN", Path(__file__).parent / "golden"))
CASES = sorted(FOLDER.glob("*.npz"))


def load(path: Path) -> dict[str, np.ndarray]:
    """The recorded arrays by key."""
    with np.load(path, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def rebuild(name: str, golden: dict[str, np.ndarray]) -> System:
    """The system of the file's name on the recorded graph, with the recorded parameters."""
    spec = parse(name)
    values = settings(spec, json.loads(str(golden["hyper"])) | neutral(spec.options()))
    users, items = len(golden["out/user"]), len(golden["out/item"])
    user, item = (torch.from_numpy(row) for row in golden["input/edges"])
    system = assemble(spec, values, Graph(user, item, users, items), text_rows(golden))
    own = {key.split(".", 1)[1]: row for key, row in system.named_parameters()}
    recorded = {key.removeprefix("param/"): row for key, row in golden.items() if "param/" in key}
    recorded = {rename(key): row for key, row in recorded.items()}
    assert own.keys() == recorded.keys()
    with torch.no_grad():
        for key, row in recorded.items():
            own[key].copy_(torch.from_numpy(row))
    return system


def neutral(options: dict[str, object]) -> dict[str, float]:
    """The golden steps were recorded without edge dropout."""
    return {"edge_keep": 1.0} if "edge_keep" in options else {}


def rename(key: str) -> str:
    """Our teacher is a module around its network."""
    return key.replace("teacher.", "teacher.network.")


def text_rows(golden: dict[str, np.ndarray]) -> TextRows | None:
    """The recorded text rows, users first; a system without intents gets its profiles."""
    if "input/user_profile" not in golden:
        return None

    def rows(kind: str) -> torch.Tensor:
        kind = kind if f"input/user_{kind}" in golden else "profile"
        sides = [golden[f"input/{side}_{kind}"] for side in ("user", "item")]
        return torch.from_numpy(np.concatenate(sides))

    return TextRows(rows("profile"), rows("intent"))


def test_golden_folder_holds_cases() -> None:
    assert CASES, f"no golden file in {FOLDER}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_parity(path: Path) -> None:
    golden = load(path)
    system = rebuild(path.stem, golden)
    user, item = system.embeddings()
    np.testing.assert_allclose(user, golden["out/user"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(item, golden["out/item"], rtol=1e-5, atol=1e-6)
    if "input/noise_text" in golden:
        draws = iter([golden["input/noise_text"], golden["input/noise_nodes"]])
        system.alignment.draw_noise = lambda like: torch.from_numpy(next(draws))
    fields = ("user", "pos", "neg")
    losses = system.losses(Batch(*(torch.from_numpy(golden[f"input/{key}"]) for key in fields)))
    expected = {key[5:]: float(value) for key, value in golden.items() if key.startswith("loss/")}
    total = torch.stack(list(losses.values())).sum()
    assert {*losses, "total"} == expected.keys()
    for key, value in {**losses, "total": total}.items():
        assert value.item() == pytest.approx(expected[key], rel=1e-5), key
    total.backward()
    trained = {k.split(".", 1)[1]: v for k, v in system.named_parameters() if v.requires_grad}
    assert {f"grad/{key}" for key in trained} == {key for key in golden if "grad/" in key}
    for key, parameter in trained.items():
        wanted = golden[f"grad/{key}"]
        scale = np.abs(wanted).max()
        np.testing.assert_allclose(parameter.grad, wanted, rtol=1e-4, atol=1e-4 * scale, err_msg=key)
