"""The checks of a system: each says in a sentence what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from harness.errors import Interrupted
from harness.planning.datasets import DatasetVariant
from harness.planning.parts import EvaluationPlan, TrainingPlan
from harness.planning.tasks import Run
from harness.store.checkpoint import Checkpoint
from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.settings import settings
from harness.testing.world import World, checkerboard, graph_of, parity_text
from harness.training.loop import Callbacks
from harness.training.prepared_data import prepared
from harness.training.run import Outcome, train
from models.core import Batch, System
from models.graph import Graph
from models.text import TextRows

BOARD: dict[str, object] = {"embedding_size": 16, "learning_rate": 0.02}
"""Hyper-parameters with which a trained system should learn the checkerboard within EPOCHS epochs."""

EPOCHS = 20

LEARNED = 0.7
"""Recall@5 to be reached on the checkerboard: blind guessing reaches .19, knowing the colour .83."""


class NotConforming(Exception):
    """A system fails a check. The message says what was found and what to do."""


def build(line: str, graph: Graph, text: TextRows, seed: int = 0, **hyper: Any) -> System:
    """A trained system of width 8 with its defaults otherwise, drawn from ``seed``."""
    spec = parse(line)
    torch.manual_seed(seed)
    return assemble(spec, settings(spec, {"embedding_size": 8, **hyper}), graph, text)


def make_run(
    line: str, hyper: dict[str, object] | None = None, repetition: int = 0, **training: object
) -> Run:
    """A run of one system on the checkerboard; quick unless told otherwise."""
    plan = TrainingPlan.model_validate({"batch_size": 128, "epochs": 2, "metric": "recall@5", **training})
    dataset = DatasetVariant.model_validate({"family": "checkerboard", "source": {"kind": "movielens"}})
    spec = parse(line)
    evaluation = EvaluationPlan.model_validate({"k": [3, 5], "show": ["recall@5"]})
    return Run(
        dataset=dataset, system=spec, settings=settings(spec, hyper or {}), repetition=repetition,
        base_seed=7, training=plan, evaluation=evaluation,
    )  # fmt: skip


def every_parameter_gets_a_gradient(line: str) -> None:
    """L2 reaches every parameter by itself; the other terms must do so without it."""
    world = World.small()
    system = build(line, world.graph, world.text)
    token = getattr(system.alignment, "mask_token", None)
    if token is not None:  # it starts at zero, and a backbone without propagation adds nothing to it
        torch.nn.init.normal_(token)
    losses = system.losses(world.batch)
    torch.stack([loss for name, loss in losses.items() if name != "l2"]).sum().backward()  # type: ignore[no-untyped-call]
    for name, parameter in system.named_parameters():
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.abs().sum()):
            raise NotConforming(
                f"the parameter {name} gets no gradient from any term; use it in `encode` or in a term, or "
                "set its requires_grad to False"
            )


def terms_are_named_as_their_weights(line: str) -> None:
    """Each term has a weight among the hyper-parameters, and each weight a term."""
    world = World.small()
    _, *terms = build(line, world.graph, world.text).losses(world.batch)
    declared = parse(line).terms()
    if set(terms) != set(declared):
        odd = sorted(set(terms) ^ set(declared))
        raise NotConforming(
            f"the terms {odd} are computed and not declared, or declared and not computed; `terms` must "
            "return "
            'exactly the names that hyper-parameters give by `weighs="NAME"`'
        )


def an_ablated_term_is_gone(line: str) -> None:
    """A system without a term computes no loss of that name."""
    world, spec = World.small(), parse(line)
    if set(spec.ablated) & set(build(line, world.graph, world.text).losses(world.batch)):
        raise NotConforming("an ablated term is still computed; let `terms` return functions, and no losses")


def scoring_twice_is_equal(line: str) -> None:
    """Scoring draws nothing at random, and leaves the mode of training as it was."""
    world = World.small()
    system = build(line, world.graph, world.text).train()
    first, second = system.embeddings(), system.embeddings()
    if not all(torch.equal(one, two) for one, two in zip(first, second, strict=True)):
        raise NotConforming("scoring twice gives two results; draw random numbers only while `self.training`")
    if not system.training:
        raise NotConforming("scoring ends the training mode; `encode` must not call eval()")


def a_seed_reproduces_a_step(line: str) -> None:
    """The same seed gives the same losses, and another seed gives others."""
    world = World.small()
    first, again, other = (build(line, world.graph, world.text, n).losses(world.batch) for n in (1, 1, 2))
    if not all(torch.equal(first[name], again[name]) for name in first):
        raise NotConforming("one seed gives two results; draw all random numbers from torch's own generator")
    if all(torch.equal(first[name], other[name]) for name in first):
        raise NotConforming("two seeds give one result; draw the initial weights from torch's own generator")


def a_hyper_parameter_is_read(line: str, key: str) -> None:
    """Another value changes a loss, a score or a size, in a graph that has an item without train pairs."""
    world, item = World.small(), parse(line).options()[key]
    graph = graph_of(world.pairs[world.pairs[:, 1] != 0])
    default = settings(parse(line), {})[key]
    choices = [*item.metadata["choices"], item.metadata["low"]]
    other = next(c for c in choices if c != default) if item.metadata["choices"] else default / 2
    changed = max(1, int(other)) if isinstance(default, int) else other
    changed = changed + 1 if changed == default else changed
    usual, moved = (build(line, graph, world.text, **values) for values in ({}, {key: changed}))
    if fingerprint(usual, world.batch) == fingerprint(moved, world.batch):
        raise NotConforming(f"{key} changes nothing; read it, or do not declare it")


def every_hyper_parameter_is_read(line: str) -> None:
    """Every hyper-parameter but the learning rate, which the optimiser reads, changes something."""
    for key in parse(line).options():
        if key != "learning_rate":
            a_hyper_parameter_is_read(line, key)


def fingerprint(system: System, batch: Batch) -> list[float]:
    """The losses of a step from a fixed seed, sums of the scored rows, and sizes of the parameters."""
    torch.manual_seed(5)
    losses = [loss.item() for loss in system.losses(batch).values()]
    losses += [rows.sum().item() for rows in system.embeddings()]
    return losses + [float(row.numel()) for row in system.parameters()]


def relabelled_users_permute_the_rows(line: str) -> None:
    """With other numbers for the users each has the row that it had, and items keep theirs."""
    graph, text = World.small().graph, World.small().text
    system, order = build(line, graph, text), torch.randperm(graph.users)
    user = torch.repeat_interleave(torch.arange(graph.users), graph.user_starts.diff())
    other = build(line, Graph(order.argsort()[user], graph.user_columns, graph.users, graph.items), text)
    state = system.state_dict()
    if "backbone.user_embedding" in state:  # a backbone may have none: users are their items' texts
        state["backbone.user_embedding"] = state["backbone.user_embedding"][order]
    other.load_state_dict(state)
    (user_rows, item_rows), (moved, same) = system.embeddings(), other.embeddings()
    pairs = ((moved, user_rows[order]), (same, item_rows))
    if not all(torch.allclose(found, expected, atol=1e-5) for found, expected in pairs):
        raise NotConforming(
            "other numbers for the users change scores; a user must be known by its embedding and its pairs "
            "alone"
        )


def the_checkerboard_is_learned(line: str) -> None:
    """Users like the items of their own colour, and a system must find that out from train pairs."""
    reached = float(_trained(line, epochs=EPOCHS, eval_every=5).users["recall@5"].mean())
    if reached < LEARNED:
        raise NotConforming(
            f"Recall@5 on the checkerboard is {reached:.2f}; expected {LEARNED:g} or more with {EPOCHS} "
            "epochs of a learning rate of .02, since blind guessing reaches .19; look at the ranking loss, "
            "and at the weights of the other terms"
        )


def a_seed_repeats_a_run(line: str) -> None:
    """Two runs of one seed have the same scores, to the last digit."""
    if not _trained(line).users.equals(_trained(line).users):
        raise NotConforming("two runs of one seed differ; draw all random numbers from torch's own generator")


def a_resumed_run_is_the_same(line: str) -> None:
    """A run that is interrupted between two epochs and goes on ends where an undisturbed one does."""
    whole = _trained(line, epochs=3)
    with TemporaryDirectory() as folder:
        checkpoint, asked = Checkpoint(Path(folder) / "state"), iter([False, True])
        with suppress(Interrupted):
            _trained(line, Callbacks(checkpoint=checkpoint, should_stop=lambda: next(asked)), epochs=3)
        resumed = _trained(line, Callbacks(checkpoint=checkpoint), epochs=3)
    if not resumed.users.equals(whole.users):
        raise NotConforming(
            "a run that was interrupted ends elsewhere; keep what changes while training in parameters or "
            "buffers"
        )


def _trained(line: str, callbacks: Callbacks | None = None, **lengths: int) -> Outcome:
    """A run on the checkerboard, whose text tells the colours."""
    board, spec = checkerboard(), parse(line)
    hyper = {name: value for name, value in BOARD.items() if name in spec.options()}
    with prepared(board, parity_text(board)) as data:
        return train(make_run(line, hyper, **lengths), data, callbacks)


TRAINED: dict[str, Callable[[str], None]] = {
    "every parameter gets a gradient": every_parameter_gets_a_gradient,
    "terms are named as their weights": terms_are_named_as_their_weights,
    "an ablated term is gone": lambda line: _each_ablation(line, an_ablated_term_is_gone),
    "every hyper-parameter changes something": every_hyper_parameter_is_read,
    "scoring twice is equal": scoring_twice_is_equal,
    "a seed reproduces a step": a_seed_reproduces_a_step,
    "other numbers of users permute the rows": relabelled_users_permute_the_rows,
    "the checkerboard is learned": the_checkerboard_is_learned,
    "a seed repeats a run": a_seed_repeats_a_run,
    "a resumed run is the same": a_resumed_run_is_the_same,
}
"""The checks of a backbone, alone or with an alignment, by what each says."""

CLASSIC: dict[str, Callable[[str], None]] = {
    "the checkerboard is learned": the_checkerboard_is_learned,
    "a seed repeats a run": a_seed_repeats_a_run,
}
"""The checks of a classic, and of a model of RecBole."""


def _each_ablation(line: str, check: Callable[[str], None]) -> None:
    spec = parse(line)
    head = spec.name.removesuffix("]")
    for term in spec.terms():
        check(f"{head}{', ' if '[' in head else '['}-{term}]")


def checks_of(line: str) -> dict[str, Callable[[str], None]]:
    """The checks that a system has to pass.

    Raises:
        InputError: The line is no system.
    """
    return TRAINED if parse(line).is_assembled else CLASSIC


def failures(line: str) -> dict[str, str]:
    """Run every check: what each says, and why it fails; empty where it passes."""
    found = {}
    for name, check in checks_of(line).items():
        try:
            check(line)
            found[name] = ""
        except NotConforming as error:
            found[name] = str(error)
        except Exception as error:  # the system is somebody's own code, and may raise anything
            found[name] = f"{type(error).__name__}: {error}"
    return found
