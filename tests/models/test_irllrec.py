"""IRLLRec: its sampled translation has no bias, and its options do what the paper shows."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from harness.systems.assembly import assemble
from harness.systems.line import parse
from harness.systems.settings import settings
from models.core import Batch, System
from models.graph import Graph
from models.matching import cross_entropy, similarity_matching
from models.text import TextRows


def build(graph: Graph, text: TextRows, **hyper: Any) -> System:
    spec = parse("IRLLRec[LightGCN]")
    torch.manual_seed(0)
    values = settings(spec, {"embedding_size": 8, "translation_weight": 1.0, "momentum_weight": 1.0, **hyper})
    return assemble(spec, values, graph, text)


def silent(system: System) -> Any:
    """The system's alignment, with zeros in place of random noise."""
    alignment: Any = system.alignment
    alignment.draw_noise = torch.zeros_like
    return alignment


def means(graph: Graph, text: TextRows, batches: list[Batch], nodes: str | int) -> torch.Tensor:
    """The losses translation and momentum of an untrained system, averaged over batches."""
    alignment = silent(build(graph, text, translation_nodes=nodes))
    encoding = build(graph, text).backbone.encode(build(graph, text).backbone.ego())
    rows = []
    for batch in batches:
        terms = alignment.terms(encoding, batch, None)
        rows.append(torch.stack([terms[name]() for name in ("translation", "momentum")]))
    return torch.stack(rows).mean(0).detach()


def all_batches(graph: Graph, size: int, epochs: int) -> list[Batch]:
    """Batches of several epochs, all of one size; the incomplete last one of an epoch is left out."""
    user = torch.repeat_interleave(torch.arange(graph.users), graph.user_starts.diff())
    made = []
    for _ in range(epochs):
        order = torch.randperm(len(user))
        made += [order[at : at + size] for at in range(0, len(user) - size + 1, size)]
    return [Batch(user[part], graph.user_columns[part], torch.zeros_like(part)) for part in made]


@pytest.mark.parametrize("nodes", ["batch", 7])
def test_a_sampled_translation_has_no_bias(nodes: str | int, graph: Graph, text: TextRows) -> None:
    torch.manual_seed(1)
    batches = all_batches(graph, 16, epochs=60)
    exact = means(graph, text, batches[:1], "all")
    sampled = means(graph, text, batches, nodes)
    torch.testing.assert_close(sampled, exact, rtol=0.01, atol=0.0)


def test_a_sample_projects_only_its_own_rows(graph: Graph, text: TextRows, batch: Batch) -> None:
    system = build(graph, text, translation_nodes=5, intent_weight=0.0, profile_weight=0.0)
    seen: list[int] = []
    alignment: Any = system.alignment
    alignment.intent_projector.register_forward_hook(lambda module, rows, made: seen.append(len(made)))
    system.losses(batch)
    assert set(seen) == {5}


@pytest.mark.parametrize(
    "change",
    [{"translation_noise": "additive"}, {"translation_partner": "intent"}, {"matching": "similarity"}],
)
def test_every_switch_of_the_paper_changes_its_term_alone(
    change: dict[str, str], graph: Graph, text: TextRows, batch: Batch
) -> None:
    made = []
    for hyper in ({}, change):
        system = build(graph, text, **hyper)
        torch.manual_seed(2)
        made.append(system.losses(batch))
    changed = {name for name in made[0] if not torch.equal(made[0][name], made[1][name])}
    assert changed == ({"momentum"} if "matching" in change else {"translation", "momentum"})


def test_additive_noise_moves_a_row_of_zeros(graph: Graph, text: TextRows) -> None:
    rows = torch.zeros(3, 8)
    for kind, moved in (("multiplicative", False), ("additive", True)):
        alignment: Any = build(graph, text, translation_noise=kind).alignment
        assert bool((alignment._noisy(rows) != 0).any()) is moved


def test_the_intent_view_exists_where_a_term_reads_it(graph: Graph, text: TextRows, batch: Batch) -> None:
    without = build(graph, text, intent_weight=0.0)
    assert not hasattr(without.alignment, "user_prototypes")
    partner = build(graph, text, intent_weight=0.0, translation_partner="intent")
    torch.stack(list(partner.losses(batch).values())).sum().backward()
    assert partner.alignment.user_prototypes.grad.abs().sum() > 0  # type: ignore[union-attr, operator]


def test_cross_entropy_is_worked_by_hand() -> None:
    teacher, student = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, torch.log(torch.tensor(3.0))]])
    # targets (1/2, 1/2), student (1/4, 3/4)
    wanted = -(0.5 * torch.log(torch.tensor(0.25)) + 0.5 * torch.log(torch.tensor(0.75)))
    torch.testing.assert_close(cross_entropy(teacher, student), wanted.reshape(1))


def test_similarity_matching_is_least_where_text_says_what_the_teacher_says() -> None:
    torch.manual_seed(0)
    interaction, teacher, other = torch.randn(3, 6, 4)
    same = similarity_matching([(interaction, teacher, teacher)], 0.2)
    assert same < similarity_matching([(interaction, other, teacher)], 0.2)
    both = similarity_matching([(interaction, teacher, teacher), (interaction, other, teacher)], 0.2)
    assert same < both


def test_an_impossible_number_of_translation_nodes_is_refused() -> None:
    from harness.errors import InputError

    with pytest.raises(InputError, match="translation_nodes"):
        settings(parse("IRLLRec[LightGCN]"), {"translation_nodes": 0})
    with pytest.raises(InputError, match="did you mean 'batch'"):
        settings(parse("IRLLRec[LightGCN]"), {"translation_nodes": "bach"})
