"""A hyper-parameter is tuned exactly where changing it changes a loss, and its readers are the changed terms."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.registry import ALIGNMENTS, BACKBONES
from harness.systems.search_space import always_matters, readers, space
from harness.systems.settings import settings
from harness.systems.spec import SystemSpec
from harness.testing.world import ITEMS, USERS
from models.core import Batch, System
from models.graph import Graph
from models.text import TextRows

WHOLE = [*BACKBONES, *(f"{a}[{b}]" for a, b in itertools.product(ALIGNMENTS, ("LightGCN", "DCCF")))]

CHOSEN = {
    "embedding_size": 8,
    "n_intents": 4,
    "negatives": 8,
    "translation_weight": 0.5,
    "momentum_weight": 0.5,
}
"""Small tables, and terms heavy enough to be seen in a sum of float32."""

DRAWS = torch.Generator().manual_seed(5).get_state()
"""Where random draws begin."""

WITHOUT_LOSS = {
    "learning_rate",  # the optimiser reads it; tests/training/test_training.py
    "scored_noise",  # BIGCF reads it when it scores; tests/baselines/test_backbones.py
}


def changed_lines(line: str) -> list[str]:
    """The system itself and each single ablation, under both presets."""
    spec = parse(line)
    head, inside = spec.alignment or spec.backbone, [spec.backbone] if spec.alignment else []
    changes = [[], *([f"-{term}"] for term in spec.terms())]
    return [
        f"{head}[{', '.join([*inside, *change, f'preset={preset}'])}]"
        for change, preset in itertools.product(changes, ("release", "paper"))
    ]


@pytest.fixture
def graph(pairs: np.ndarray) -> Graph:
    """With an item that has no train pair: ``negatives_from`` is about such."""
    user, item = torch.from_numpy(pairs[pairs[:, 1] != 0].T.copy())
    return Graph(user, item, USERS, ITEMS)


@pytest.mark.parametrize("line", [changed for line in WHOLE for changed in changed_lines(line)])
def test_what_is_tuned_is_what_changes_a_loss(line: str, graph: Graph, text: TextRows, batch: Batch) -> None:
    spec = parse(line)
    values = settings(spec, {name: value for name, value in CHOSEN.items() if name in spec.options()})
    tuned = space(spec, values, set(), {name: (value,) for name, value in values.items()})
    system = build(spec, values, graph, text)
    start = {name: row.clone() for name, row in system.state_dict().items()}
    before = losses(system, batch)
    for name in spec.options():
        after = losses(varied_system(spec, values, name, start, graph, text), batch)
        changed = {term for term in before if not torch.equal(before[term], after[term])}
        declared = readers(spec, name, values)
        if "l2" not in declared:
            changed.discard("l2")  # it squares the parameters, whose number and start other values decide
        if name in WITHOUT_LOSS:
            assert name in tuned
            assert not changed
            continue
        assert (name in tuned) == bool(changed), name
        if always_matters(spec, name, values):
            continue
        if name == "mask_ratio":
            changed &= {"reconstruct"}  # all losses of the pass lack the rows that it hides
        if "translation" in declared and "momentum" in before:
            declared.add("momentum")  # it adds the weighted translation loss to its own
        assert changed == declared, name


def build(spec: SystemSpec, values: dict[str, Any], graph: Graph, text: TextRows) -> System:
    torch.set_rng_state(DRAWS)
    return assemble(spec, values, graph, text)


@torch.no_grad()
def losses(system: System, batch: Batch) -> dict[str, Tensor]:
    """Every weighted term of a step, each from the same seed: other terms may draw more or less before it."""
    found: dict[str, Tensor] = {}
    weights = system.weights
    for term, weight in weights.items():
        system.weights = dict.fromkeys(weights, 0.0) | {term: weight}
        torch.set_rng_state(DRAWS)
        found |= system.losses(batch)
    return found


def varied_system(
    spec: SystemSpec,
    values: dict[str, Any],
    name: str,
    start: dict[str, Tensor],
    graph: Graph,
    text: TextRows,
) -> System:
    """The system with one hyper-parameter changed, and the parameters of ``start`` that still fit it."""
    value, choices = values[name], spec.options()[name].metadata["choices"]
    if choices:
        other = next(choice for choice in (*choices, 5) if choice != value)
    else:
        other = type(value)(value / 2) or 1
        other = value + 1 if other == value else other
    system = build(spec, settings(spec, {**values, name: other}), graph, text)
    if name != "teacher_start":  # this one decides about the start itself
        own = system.state_dict()
        fitting = {key: row for key, row in start.items() if key in own and own[key].shape == row.shape}
        system.load_state_dict(fitting, strict=False)
    return system
