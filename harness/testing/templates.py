"""The files that ``intentbench new`` writes: a part of a system that runs, and its test."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import InputError
from harness.store.files import replaced

BACKBONE = '''"""{name}: a backbone for IntentBench."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from baselines.lightgcn import NodeEmbedding
from models.core import Batch, Encoding, Terms
from models.hyper import hyper


@dataclass(frozen=True)
class {name}Hyper:
    """What a plan may set, and tuning may vary."""

    layers: int = hyper(2, "number L of propagation layers", 1, 4, maximum=100)
    size_weight: float = hyper(0.01, "weight of the size of scored rows", 1e-4, 1.0, log=True, weighs="size")


class {name}(NodeEmbedding):
    """Learned embeddings that are propagated over the train graph; the last layer is scored."""

    hyper_parameters = {name}Hyper

    def encode(self, ego: Tensor) -> Encoding:
        """Turn the embeddings E^0 [N, D], users first, into the rows that are scored, [N, D]."""
        layers = [ego]
        for _ in range(self.options.layers):
            layers.append(layers[-1] + self.graph.propagate(layers[-1]))
        return Encoding(layers[-1], tuple(layers), self.users)

    def terms(self, encoding: Encoding, batch: Batch) -> Terms:
        """Losses beside the ranking loss, by name; the hyper-parameter NAME_weight weighs each."""
        return {{"size": lambda: encoding.nodes.square().mean()}}
'''

ALIGNMENT = '''"""{name}: an alignment for IntentBench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from models.core import Alignment, Batch, Encoding, Terms
from models.graph import Graph
from models.hyper import hyper
from models.text import TextRows


@dataclass(frozen=True)
class {name}Hyper:
    """What a plan may set, and tuning may vary."""

    pull_weight: float = hyper(0.1, "weight of the pull towards the text", 1e-3, 1.0, log=True, weighs="pull")


class {name}(Alignment):
    """Pulls each node towards its profile text, projected to the nodes' space."""

    hyper_parameters = {name}Hyper

    def __init__(
        self, options: {name}Hyper, graph: Graph, embedding_size: int, text: TextRows, backbone: Any
    ) -> None:
        """``text.profile`` and ``text.intent`` have a row for each node, users first."""
        super().__init__()
        self.register_buffer("profile", text.profile)
        self.project = nn.Linear(text.profile.shape[1], embedding_size)

    def terms(self, encoding: Encoding, batch: Batch, masked: Tensor | None) -> Terms:
        """The losses by name; ``batch.user`` and ``batch.positive`` are numbers of users and items."""
        gap = encoding.nodes - self.project(self.profile)
        return {{"pull": lambda: gap.square().mean()}}
'''

CLASSIC = '''"""{name}: a system in closed form for IntentBench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from models.hyper import hyper


@dataclass(frozen=True)
class {name}Hyper:
    """What a plan may set, and tuning may vary."""

    damping: float = hyper(1.0, "number added to the number of an item's users", 0.1, 100.0, log=True)


def {function}(options: {name}Hyper, train: sp.csr_matrix) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    """Score an item by the users whom it shares with the items of a user.

    Args:
        options: The hyper-parameters.
        train: The train pairs as a binary matrix [U, I].

    Returns:
        A function from numbers of users [B] to scores [B, I], and the number of learned values.
    """
    shared = (train.T @ train).toarray()
    shared /= shared.diagonal()[:, None] + options.damping
    return (lambda users: np.asarray(train[users] @ shared, dtype=np.float32)), shared.size


{function}.hyper_parameters = {name}Hyper  # type: ignore[attr-defined]
'''

TEST = '''"""{name} keeps the contract of IntentBench."""

from __future__ import annotations

import pytest
from harness.testing.conformance import checks_of

LINE = "{line}"


@pytest.mark.parametrize("check", checks_of(LINE))
def test_it_conforms(check: str) -> None:
    checks_of(LINE)[check](LINE)
'''

KINDS = {"backbone": BACKBONE, "alignment": ALIGNMENT, "classic": CLASSIC}


def write(kind: str, name: str, folder: Path) -> tuple[str, list[Path]]:
    """Write a part that runs, and its test.

    Args:
        kind: A key of ``KINDS``.
        name: Name of the class, such as ``MyBackbone``.
        folder: Where the files are written.

    Returns:
        The system's line, and the files.

    Raises:
        InputError: The name is none of a class, or a file exists.
    """
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
        raise InputError(f"{name!r} is no name of a class; expected letters and digits, as in MyBackbone")
    module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    part = f"{module}:{module if kind == 'classic' else name}"
    line = f"{part}[LightGCN]" if kind == "alignment" else part
    files = {folder / f"{module}.py": KINDS[kind], folder / f"test_{module}.py": TEST}
    for path in files:
        if path.exists():
            raise InputError(f"{path}: exists already; expected another name or another folder")
    for path, template in files.items():
        with replaced(path) as unfinished:
            unfinished.write_text(template.format(name=name, function=module, line=line), encoding="utf-8")
    return line, list(files)
