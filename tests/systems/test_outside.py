"""A backbone, an alignment and a classic that stand beside a plan do everything that ours do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pandas as pd
import pytest

from harness import outside
from harness.errors import InputError
from harness.store.store import Store
from harness.systems.line import parse
from harness.training.memory import Sizes, needed_bytes
from tests.worlds import ROOT, intentbench, outside_folder, run_and_report

MODELS = '''
"""Models of somebody else."""

from dataclasses import dataclass

import torch

from baselines.lightgcn import NodeEmbedding
from models.core import Alignment, Encoding
from models.hyper import hyper


@dataclass(frozen=True)
class Halved:
    depth: int = hyper(1, "number of layers", 1, 3)
    pull_weight: float = hyper(0.1, "weight of the pull", 1e-3, 1.0, log=True, weighs="pull")


class Half(NodeEmbedding):
    """Propagation that keeps half of each node."""

    hyper_parameters = Halved

    def encode(self, ego):
        layers = [ego]
        for _ in range(self.options.depth):
            layers.append(0.5 * layers[-1] + 0.5 * self.graph.propagate(layers[-1]))
        return Encoding(layers[-1], tuple(layers), self.users)

    def terms(self, encoding, batch):
        return {"pull": lambda: encoding.nodes.square().mean()}


@dataclass(frozen=True)
class Told:
    told_weight: float = hyper(0.1, "weight of the text", 1e-3, 1.0, log=True, weighs="told")


class Tell(Alignment):
    """Draws each node towards its text."""

    hyper_parameters = Told

    def __init__(self, options, graph, embedding_size, text, backbone):
        super().__init__()
        self.register_buffer("rows", text.profile)
        self.project = torch.nn.Linear(text.profile.shape[1], embedding_size)

    def terms(self, encoding, batch, masked):
        return {"told": lambda: (encoding.nodes - self.project(self.rows)).square().mean()}


@dataclass(frozen=True)
class Backwards:
    power: float = hyper(1.0, "power of the popularity", 0.1, 2.0)


def unpopular(options, train):
    """Ranks the least popular items first."""
    import numpy as np

    rows = -np.asarray(train.sum(0)).ravel() ** options.power
    return (lambda users: np.tile(rows, (len(users), 1)).astype(np.float32)), 0


unpopular.hyper_parameters = Backwards
'''

PLAN = """
name: mine
repetitions: 2
datasets:
  - name: d
    source: {kind: movielens, core: 30}
systems:
  - their_models:unpopular
  - system: their_models:Half
    hyper: {depth: 2}
  - their_models:Tell[their_models:Half]
  - IRLLRec[their_models:Half]
ablate: [-told]
controls: [shuffled]
training: {batch_size: 4096, epochs: 2, eval_every: 1}
tuning: {trials: 2, epochs: 1, ablations: full}
evaluation: {metrics: [recall], k: [5], show: [recall@5]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with outside_folder(tmp_path, "their_models", MODELS, PLAN) as made:
        yield made


def test_they_are_tuned_ablated_controlled_run_and_reported(folder: Path) -> None:
    out = run_and_report(folder)
    systems = set(pd.read_csv(out / "leaderboard.csv")["system"])
    assert systems >= {
        "their_models:unpopular",
        "their_models:Half",
        "their_models:Tell[their_models:Half]",
        "their_models:Tell[their_models:Half, -told]",
        "their_models:Tell[their_models:Half, text=shuffled]",
        "IRLLRec[their_models:Half]",
        "IRLLRec[their_models:Half, text=shuffled]",
    }
    assert {"depth", "pull_weight", "told_weight", "power"} <= set(pd.read_csv(out / "trials.csv").columns)


def test_the_memory_of_a_part_that_does_not_say_it_is_measured(folder: Path) -> None:
    outside.look_in(folder)
    spec, sizes = parse("their_models:Half"), Sizes(100_000, 100_000, 0, 0)
    bytes_of_a_table = 4 * sizes.nodes * 32
    needed = needed_bytes(spec, {"embedding_size": 32}, sizes) - needed_bytes(
        spec, {"embedding_size": 0}, sizes
    )
    assert 6 < needed / bytes_of_a_table < 25


def test_a_changed_file_is_a_new_run_and_status_says_so(folder: Path) -> None:
    plan = folder / "plan.yaml"
    plan.write_text(
        PLAN.split("systems:")[0].replace("repetitions: 2", "repetitions: 1")
        + """
systems: [their_models:unpopular]
evaluation: {metrics: [recall], k: [5], show: [recall@5]}
"""
    )
    store = folder / "store"
    assert intentbench("run", plan, "--store", store).exit_code == 0
    (record,) = Store(store).runs().values()
    assert list(record.sources) == ["their_models:unpopular"]
    with (folder / "their_models.py").open("a") as file:
        file.write("# another line\n")
    status = intentbench("status", plan, "--store", store)
    assert "the source file of the system has changed" in " ".join(status.output.split())
    assert intentbench("run", plan, "--store", store).exit_code == 0
    assert len(Store(store).runs()) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nowhere.at.all:Part", "there is no such module"),
        ("their_models:Haf", "did you mean 'Half'"),
        ("their_models:MODELS", "has no 'MODELS'"),
        ("their_models:Told", "is no backbone, since it is no torch.nn.Module, and no alignment"),
        ("torch.nn:Linear", "is no backbone, since it has no ego, and no alignment"),
        ("os:system", "expected a class, or a function with the attribute hyper_parameters"),
        ("os:environ", "expected a class, or a function"),
        ("IRLLRec[their_models:Tell]", "unknown backbone 'their_models:Tell'"),
    ],
)
def test_what_is_no_system_is_one_sentence(line: str, said: str, folder: Path) -> None:
    outside.look_in(folder)
    with pytest.raises(InputError, match=said):
        parse(line)


def test_a_broken_file_is_named_with_its_error(folder: Path) -> None:
    (folder / "their_models.py").write_text("1 / 0\n")
    result = intentbench("run", folder / "plan.yaml", "--dry-run")
    assert result.exit_code == 2
    assert "ZeroDivisionError: division by zero" in " ".join(result.output.split())


def test_what_a_package_announces_has_a_name_and_is_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.look_in(folder)
    points = {"intentbench.backbones": [EntryPoint("Half", "their_models:Half", "intentbench.backbones")]}
    monkeypatch.setattr(outside, "entry_points", lambda group: points.get(group, []))
    outside.announced.cache_clear()
    spec = parse("RLMRec-Con[Half]")
    assert spec.sources.keys() == {"Half"}
    assert set(spec.terms()) >= {"pull", "profile"}
    listed = intentbench("systems")
    assert "their_models:Half" in listed.output


def test_an_installed_package_goes_through_every_command(folder: Path, tmp_path: Path) -> None:
    """Its entry points are those of a real installation: a folder of metadata beside the modules."""
    site = tmp_path / "site"
    metadata = site / "their_models-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "their_models.py").write_text((folder / "their_models.py").read_text())
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: their-models\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[intentbench.backbones]\nHalf = their_models:Half\n"
        "[intentbench.alignments]\nTell = their_models:Tell\n"
        "[intentbench.classics]\nUnpopular = their_models:unpopular\n"
    )
    plan = tmp_path / "elsewhere" / "plan.yaml"
    plan.parent.mkdir()
    plan.write_text(
        (folder / "plan.yaml")
        .read_text()
        .replace("their_models:unpopular", "Unpopular")
        .replace("their_models:", "")
    )
    store, out = tmp_path / "store", tmp_path / "out"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{site}", "OMP_NUM_THREADS": "1"}

    def command(*arguments: object) -> str:
        line = [sys.executable, "-m", "harness.cli.main", *map(str, arguments)]
        done = subprocess.run(line, cwd=plan.parent, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    assert "their_models:Tell" in command("systems")
    command("run", plan, "--store", store, "--workers", 1)
    command("report", plan, "--store", store, "--out", out, "--no-figures")
    systems = set(pd.read_csv(out / "leaderboard.csv")["system"])
    assert {"Unpopular", "Half", "Tell[Half]", "Tell[Half, -told]", "IRLLRec[Half, text=shuffled]"} <= systems
