"""The conformance suite passes our systems, and says of a faulty one what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import outside
from harness.systems.line import parse
from harness.systems.registry import BACKBONES, CLASSICS
from harness.testing.conformance import failures
from tests.worlds import intentbench

FAULTY = '''
from dataclasses import dataclass

import torch

from baselines.lightgcn import NodeEmbedding
from models.core import Encoding
from models.hyper import hyper


@dataclass(frozen=True)
class Unread:
    power: float = hyper(1.0, "nobody reads it", 0.1, 2.0)


class Idle(NodeEmbedding):
    """A parameter and a hyper-parameter that nothing uses."""

    hyper_parameters = Unread

    def __init__(self, *inputs):
        super().__init__(*inputs)
        self.idle = torch.nn.Parameter(torch.ones(2))

    def encode(self, ego):
        return Encoding(ego, (ego,), self.users)

    def terms(self, encoding, batch):
        return {}


class Noisy(NodeEmbedding):
    """Scores that change at every call, a term without a weight, and a count that no checkpoint keeps."""

    calls = 0

    def encode(self, ego):
        self.calls += 1
        rows = (ego + 0.1 * torch.randn_like(ego)) / self.calls
        return Encoding(rows, (ego,), self.users)

    def terms(self, encoding, batch):
        return {"secret": lambda: encoding.nodes.sum()}


class Numbered(NodeEmbedding):
    """Users who are known by their number."""

    def encode(self, ego):
        rows = ego * torch.arange(1, len(ego) + 1)[:, None]
        return Encoding(rows, (ego,), self.users)

    def terms(self, encoding, batch):
        return {}
'''


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "faulty_models.py").write_text(FAULTY)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    yield
    sys.modules.pop("faulty_models", None)
    for cached in (outside.load, outside.announced, parse):
        cached.cache_clear()
    BACKBONES._outside.clear()


def failed(line: str) -> dict[str, str]:
    return {name: reason for name, reason in failures(line).items() if reason}


@pytest.mark.parametrize("line", ["LightGCN", "IRLLRec[LightGCN]", "ItemKNN", "L3AE"])
def test_our_systems_pass(line: str) -> None:
    assert failed(line) == {}


@pytest.mark.slow
@pytest.mark.parametrize("line", [*BACKBONES, "RLMRec-Con[DCCF]", "RLMRec-Gen[SGL]", *CLASSICS])
def test_all_our_systems_pass(line: str) -> None:
    known = {
        "XSimGCL",
        "LightCCF",
        "MostPop",
    }  # their published weights, or popularity, learn no colours here
    assert set(failed(line)) <= ({"the checkerboard is learned"} if line in known else set())


@pytest.mark.usefixtures("faulty")
def test_what_is_idle_is_named() -> None:
    found = failed("faulty_models:Idle")
    assert "the parameter backbone.idle gets no gradient" in found["every parameter gets a gradient"]
    assert found["every hyper-parameter changes something"].startswith("power changes nothing; read it")
    assert set(found) == {"every parameter gets a gradient", "every hyper-parameter changes something"}


@pytest.mark.usefixtures("faulty")
def test_what_changes_by_itself_is_named() -> None:
    found = failed("faulty_models:Noisy")
    assert "draw random numbers only while" in found["scoring twice is equal"]
    assert "secret" in " ".join(found.values())
    assert (
        "other numbers for the users change scores"
        in failed("faulty_models:Numbered")["other numbers of users permute the rows"]
    )


@pytest.mark.usefixtures("faulty")
def test_the_command_prints_a_row_a_check_and_fails() -> None:
    passed, faulty = intentbench("check", "EASE^R"), intentbench("check", "faulty_models:Idle")
    assert passed.exit_code == 0, passed.output
    assert "2 of 2 checks passed." in passed.output
    assert faulty.exit_code == 1
    assert "8 of 10 checks passed." in faulty.output
    assert intentbench("check", "faulty_models:Gone").exit_code == 2


@pytest.mark.parametrize("kind", ["backbone", "alignment", "classic"])
def test_a_new_part_runs_as_it_is_written(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    name = f"Fresh{kind.capitalize()}"
    written = intentbench("new", kind, name)
    assert written.exit_code == 0, written.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"fresh_{kind}.py", f"test_fresh_{kind}.py"]
    line = {"backbone": f"fresh_{kind}:{name}", "alignment": f"fresh_{kind}:{name}[LightGCN]"}.get(
        kind, f"fresh_{kind}:fresh_{kind}"
    )
    assert f"'{line}'" in " ".join(written.output.split())
    checked = intentbench("check", line)
    assert checked.exit_code == 0, checked.output
    again = intentbench("new", kind, name)
    assert again.exit_code == 2
    assert "exists already" in again.output
    assert intentbench("new", kind, "no-name").exit_code == 2
    sys.modules.pop(f"fresh_{kind}")
