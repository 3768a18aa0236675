"""One step of every system against the authors' recorded numbers.

Every ``*.npz`` of the folder (``tests/golden``, or the one named by ``INTENTBENCH_GOLDEN``) is a
case; its name is the system's line. Files that hold scores alone are read by ``test_score_parity.py``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.bench.plain import Plain
from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.settings import settings
from models.core import Batch, System
from models.graph import Graph
from models.soft_targets import SoftTargets
from models.text import TextRows
from tests.devices import DEVICES
from tests.worlds import ROOT

FOLDER = Path(os.environ.get("INTENTBENCH_GOLDEN", ROOT / "tests" / "golden"))
CASES = sorted(FOLDER.glob("*.npz"))


def load(path: Path) -> dict[str, np.ndarray]:
    """The recorded arrays by key."""
    with np.load(path, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def line_of(path: Path) -> str:
    """The system's line: the file's name without what follows its closing bracket, which is a label."""
    head, bracket, _ = path.stem.partition("]")
    return head + bracket


def is_step(path: Path) -> bool:
    """Whether a file holds a training step; others hold scores alone."""
    with np.load(path, allow_pickle=False) as stored:
        return "loss/total" in stored.files


def rebuild(name: str, golden: dict[str, np.ndarray]) -> tuple[System, dict[str, torch.Tensor]]:
    """The recorded system with its graph and parameters, and the parameters by recorded name."""
    spec = parse(name)
    values = settings(spec, json.loads(str(golden["hyper"])) | neutral(spec.options()))
    users, items = len(golden["out/user"]), len(golden["out/item"])
    user, item = (torch.from_numpy(row) for row in golden["input/edges"])
    system = assemble(spec, values, Graph(user, item, users, items), text_rows(golden))
    own = {
        key.split(".", 1)[1].replace("teacher.network", "teacher"): row
        for key, row in system.named_parameters()
    }
    recorded = {key.removeprefix("param/"): row for key, row in golden.items() if key.startswith("param/")}
    known = names(own, recorded)
    with torch.no_grad():
        for key, row in own.items():
            row.copy_(torch.from_numpy(recorded[known[key]]).reshape(row.shape))
    return system, {known[key]: row for key, row in own.items()}


def names(own: Mapping[str, torch.Tensor], recorded: Mapping[str, np.ndarray]) -> dict[str, str]:
    """The recorded name of each of our parameters. Where the names differ, their shapes must tell which it is."""
    found = {key: key for key in own if key in recorded}
    left = {key: tuple(n for n in recorded[key].shape if n > 1) for key in recorded.keys() - found}
    for key in own.keys() - found:
        alike = [other for other, shape in left.items() if shape == tuple(own[key].shape)]
        assert len(alike) == 1, f"{key}: recorded as one of {sorted(left)}?"
        found[key] = alike[0]
    assert sorted(found.values()) == sorted(recorded)
    return found


def neutral(options: dict[str, object]) -> dict[str, float]:
    """The golden steps were recorded without edge dropout."""
    return {"edge_keep": 1.0} if "edge_keep" in options else {}


def text_rows(golden: dict[str, np.ndarray]) -> TextRows | None:
    """The recorded text rows, users first; a system without intents gets its profiles."""
    if "input/user_profile" not in golden:
        return None

    def rows(kind: str) -> torch.Tensor:
        kind = kind if f"input/user_{kind}" in golden else "profile"
        sides = [golden[f"input/{side}_{kind}"] for side in ("user", "item")]
        return torch.from_numpy(np.concatenate(sides))

    edges = torch.from_numpy(golden["input/new_edges"]) if "input/new_edges" in golden else None
    return TextRows(rows("profile"), rows("intent"), edges)


def test_golden_folder_holds_cases() -> None:
    assert CASES, f"no golden file in {FOLDER}"


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("path", [*filter(is_step, CASES)], ids=lambda path: path.stem)
def test_parity(path: Path, device: str) -> None:
    check(path, device)


def check(path: Path, device: str = "cpu") -> None:
    """Scored rows, losses and gradients of one recorded step."""
    golden = load(path)
    system, parameters = rebuild(line_of(path), golden)
    system.to(device)
    user, item = (rows.cpu() for rows in system.embeddings())
    np.testing.assert_allclose(user, golden["out/user"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(item, golden["out/item"], rtol=1e-5, atol=1e-6)
    replay(system, golden, device)
    fields = ("user", "pos", "neg")
    batch = Batch(*(torch.from_numpy(golden[f"input/{key}"]).to(device) for key in fields))
    losses = system.losses(batch)
    expected = {key[5:]: float(value) for key, value in golden.items() if key.startswith("loss/")}
    total = torch.stack(list(losses.values())).sum()
    assert {*losses, "total"} == expected.keys()
    for key, value in {**losses, "total": total}.items():
        assert value.item() == pytest.approx(expected[key], rel=1e-5), key
    total.backward()
    trained = {key: row for key, row in parameters.items() if row.requires_grad}
    assert {f"grad/{key}" for key in trained} == {key for key in golden if key.startswith("grad/")}
    for key, parameter in trained.items():
        wanted = golden[f"grad/{key}"].reshape(parameter.shape)
        scale = np.abs(wanted).max()
        assert parameter.grad is not None, key
        np.testing.assert_allclose(parameter.grad.cpu(), wanted, rtol=1e-4, atol=1e-4 * scale, err_msg=key)


def replay(system: System, golden: dict[str, np.ndarray], device: str) -> None:
    """Replace random draws by the recorded ones."""

    def recorded(rows: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(rows).to(device)

    if "input/noise_text" in golden:
        draws = iter([golden["input/noise_text"], golden["input/noise_nodes"]])
        system.alignment.draw_noise = lambda like: recorded(next(draws))
    if "input/noise" in golden:
        layers = iter(golden["input/noise"])
        system.backbone.draw_noise = lambda like: recorded(next(layers))
    if "input/masked_nodes" in golden:
        masked = recorded(golden["input/masked_nodes"]).long()
        system.alignment.draw_nodes = lambda count, ratio, device: masked
    if "input/whitened_user" in golden:  # the signs of whitened columns are whoever whitened them's
        sides = (torch.from_numpy(golden[f"input/whitened_{side}"]) for side in ("user", "item"))
        tau = json.loads(str(golden["hyper"]))["shaping_tau"]
        system.alignment.targets = SoftTargets(*sides, tau).to(device)


FOREIGN = {"mask_token": "token", "profile_reconstructor": "mlp_up"}
"""Names that somebody else might give to our parameters."""


@pytest.mark.parametrize(
    "line",
    [
        "SGL",
        "MF",
        "LightCCF",
        "ProMax[SGL]",
        "RLMRec-Con[DCCF]",
        "RLMRec-Gen[LightGCN]",
        "RLMRec-Gen[DCCF]",
        "IRLLRec[DCCF]",
    ],
)
@pytest.mark.parametrize("device", DEVICES)
def test_a_new_file_needs_no_new_code(line: str, device: str, tmp_path: Path) -> None:
    path = tmp_path / f"{line}.npz"
    np.savez(path, **recorded_step(line))
    check(path, device)


def recorded_step(line: str) -> dict[str, np.ndarray]:
    """A file as the README of the golden numbers describes it, from the plain equations."""
    given = load(ROOT / "tests" / "golden" / "IRLLRec[LightGCN].npz")
    spec = parse(line)
    values = settings(spec, neutral(spec.options()))
    user, item = (torch.from_numpy(row) for row in given["input/edges"])
    users, items = len(given["out/user"]), len(given["out/item"])
    graph, text = Graph(user, item, users, items), text_rows(given)
    torch.manual_seed(3)
    start = dict(assemble(spec, values, graph, text).named_parameters())
    if "alignment.mask_token" in start:
        torch.nn.init.normal_(start["alignment.mask_token"])
    plain = Plain((spec.backbone, spec.alignment), values, start, graph, text)
    made = {key: given[key] for key in given if key.startswith("input/") and "noise" not in key}
    made["hyper"] = np.array(json.dumps(values | {"edge_keep": 1.0} if "edge_keep" in values else values))
    made |= {f"param/{foreign(key)}": row.detach().numpy().copy() for key, row in start.items()}
    rows = torch.as_tensor(plain.scored()).detach().numpy()
    made |= {"out/user": rows[:users], "out/item": rows[users:]}
    torch.manual_seed(4)
    made["input/masked_nodes"] = torch.randperm(graph.nodes)[
        : int(graph.nodes * values.get("mask_ratio", 0.1))
    ].numpy()
    noise = torch.Generator().manual_seed(4)
    made["input/noise_text"], made["input/noise_nodes"] = torch.randn(
        2, graph.nodes, 32, generator=noise
    ).numpy()
    torch.manual_seed(4)
    batch = Batch(*(torch.from_numpy(given[f"input/{key}"]) for key in ("user", "pos", "neg")))
    losses = plain.losses(batch)
    total = torch.stack(list(losses.values())).sum()
    total.backward()
    made |= {f"loss/{key}": loss.detach().numpy() for key, loss in {**losses, "total": total}.items()}
    grads = {key: row.grad for key, row in plain.given.items() if row.grad is not None}
    return made | {f"grad/{foreign(key)}": grad.numpy() for key, grad in grads.items()}


def foreign(key: str) -> str:
    """A parameter's name as somebody else might record it."""
    short = key.split(".", 1)[1].replace("teacher.network", "teacher")
    for ours, theirs in FOREIGN.items():
        short = short.replace(ours, theirs)
    return short
