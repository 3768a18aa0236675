"""Training of LightGCN by this project, by RecBole and by Cornac."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from harness.bench.evaluations import stock_of
from harness.bench.sides import Sides
from harness.bench.steps import our_step, our_system
from harness.bench.world import BATCH, World
from models.optimiser import adam, descend

AS_OTHERS = {"readout": "mean"}
"""RecBole and Cornac score by the mean of all layers."""

TOLERANCE = 1e-5
"""Largest difference between two embeddings, as a share of the largest number in them."""


def step_beside_recbole(world: World, threads: int, folder: Path) -> Sides:
    """One training step of LightGCN, beside RecBole's, on a batch that was drawn beforehand."""
    stock = stock_of(world, folder)
    step, system = our_step("LightGCN", world, AS_OTHERS)
    backbone: Any = system.backbone
    with torch.no_grad():
        backbone.user_embedding.copy_(stock.model.user_embedding.weight[stock.users])
        backbone.item_embedding.copy_(stock.model.item_embedding.weight[stock.items])
        user, item = stock.model.forward()
        propagated = torch.cat([user[stock.users], item[stock.items]])
        system.eval()
        apart = (backbone.encode(backbone.ego()).nodes - propagated).abs().max() / propagated.abs().max()
        system.train()
    if not apart <= TOLERANCE:
        raise RuntimeError(
            f"two propagated embeddings differ by {apart:.1e} of the largest; expected at most {TOLERANCE:g}"
        )
    checked = f"the propagated embeddings are equal to {TOLERANCE:g} of the largest"
    return Sides(step, stock.step(), checked)


def epoch_beside_cornac(world: World, threads: int, folder: Path) -> Sides:
    """A fit of LightGCN for one epoch: the graph, the draws, the steps and the final embeddings."""
    from cornac.data import Dataset
    from cornac.models import LightGCN

    # An id is a word, so that none is taken for a position.
    rows = [(f"u{user}", f"i{item}", 1.0) for user, item in world.train.tolist()]
    data = Dataset.from_uir(rows)
    model = LightGCN(emb_size=32, num_epochs=1, batch_size=BATCH, num_layers=3, verbose=False)

    def ours() -> None:
        fresh = replace(world)  # its graph is made anew
        system: Any = our_system("LightGCN", fresh, AS_OTHERS)
        optimiser = adam(system, 1e-3, fused=True)
        for batch in fresh.epoch():
            descend(system.losses(batch), optimiser)
        with torch.no_grad():
            system.backbone.encode(system.backbone.ego())

    return Sides(ours, lambda: model.fit(data), "nothing, since each library draws its own embeddings")
