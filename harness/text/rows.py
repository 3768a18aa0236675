"""Text rows by token, and the controls that test whether a system needs them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import InputError

if TYPE_CHECKING:
    from models.text import TextRows

TABLES = ("user_profile", "item_profile", "user_intent", "item_intent")


@dataclass(frozen=True)
class TextTable:
    """The text rows of a dataset's users and items.

    Attributes:
        users, items: Tokens, [U] and [I].
        user_profile, item_profile: Profile rows, [U, T] and [I, T], float32.
        user_intent, item_intent: Intent rows, [U, T'] and [I, T'], float32.
        edges: Pairs of a user and an item that a language model chose, as positions in ``users`` and
            ``items`` [2, n]. None if there are none.
        recipe: Identifies the rows together with the dataset's texts. It holds the encoder's settings or a
            digest of precomputed rows, since rows may differ in the last bit between machines.
        notes: Sentences that a reader of the results must know.
    """

    users: np.ndarray
    items: np.ndarray
    user_profile: np.ndarray
    item_profile: np.ndarray
    user_intent: np.ndarray
    item_intent: np.ndarray
    edges: np.ndarray | None = None
    recipe: str = ""
    notes: tuple[str, ...] = ()

    @property
    def widths(self) -> tuple[int, int]:
        """The number of columns of profile rows and of intent rows."""
        return self.user_profile.shape[1], self.user_intent.shape[1]

    def rows(self, users: np.ndarray, items: np.ndarray) -> TextRows:
        """Profiles [U + I, T] and intents [U + I, T'] of ``users`` [U] and ``items`` [I], in their order.

        Raises:
            InputError: A token has no row.
        """
        import torch  # plans and reports are read without it

        from models.text import TextRows

        at_user, at_item = _positions(self.users, users, "user"), _positions(self.items, items, "item")

        def stack(kind: str) -> torch.Tensor:
            sides = getattr(self, f"user_{kind}")[at_user], getattr(self, f"item_{kind}")[at_item]
            return torch.from_numpy(np.concatenate(sides).astype(np.float32))

        edges = self._edges_between(at_user, at_item)
        return TextRows(stack("profile"), stack("intent"), None if edges is None else torch.from_numpy(edges))

    def _edges_between(self, at_user: np.ndarray, at_item: np.ndarray) -> np.ndarray | None:
        """The edges [2, n] between the users and the items at these positions, which are counted from 0."""
        if self.edges is None:
            return None
        sides = _numbers(at_user, len(self.users)), _numbers(at_item, len(self.items))
        edges = np.stack([number[ends] for number, ends in zip(sides, self.edges, strict=True)])
        return edges[:, (edges >= 0).all(0)]

    def by_number(self, users: np.ndarray, items: np.ndarray) -> TextTable:
        """The same rows, with the numbers of ``users`` [U] and ``items`` [I], from 0, as their tokens.

        Raises:
            InputError: A token has no row.
        """
        return replace(
            self, users=_renumbered(self.users, users, "user"), items=_renumbered(self.items, items, "item")
        )

    def control(self, kind: str | None, seed: int) -> TextTable:
        """The rows under a text control. Profile and intent of a node stay together unless they are random.

        A control has no edges, since they were chosen by the true texts.

        Args:
            kind: None changes nothing. ``shuffled`` permutes rows within users and within items.
                ``random`` draws rows of the same norms. ``noise:SHARE`` gives that share of the users and of
                the items the rows of other users and items; a larger share contains the nodes of a smaller.
            seed: Of the random draws.
        """
        if kind is None:
            return self
        random, counts = np.random.default_rng(seed), {"user": len(self.users), "item": len(self.items)}
        if kind.startswith("noise:"):
            share = float(kind.removeprefix("noise:"))
            sources = {side: _noisy_sources(count, share, random) for side, count in counts.items()}
        else:
            sources = {side: random.permutation(count) for side, count in counts.items()}
        if kind == "random":  # after the permutations, as in every stored run
            rows = {name: _random_rows(getattr(self, name), random) for name in TABLES}
        else:
            rows = {name: getattr(self, name)[sources[name.split("_")[0]]] for name in TABLES}
        return replace(self, edges=None, **rows)  # type: ignore[arg-type]


def _random_rows(rows: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Normal random rows [n, T] with the norms of ``rows`` [n, T]."""
    noise = random.standard_normal(rows.shape).astype(np.float32)
    norms = np.linalg.norm(rows, axis=1) / np.linalg.norm(noise, axis=1)
    scaled: np.ndarray = noise * norms[:, None].astype(np.float32)
    return scaled


def _noisy_sources(count: int, share: float, random: np.random.Generator) -> np.ndarray:
    """The node whose row each of ``count`` nodes gets, [n]: itself, or another one for a share of them."""
    sources = np.arange(count)
    if count < 2:
        return sources
    order, shift = random.permutation(count), random.integers(1, count, size=count)
    chosen = order[: round(share * count)]
    sources[chosen] = (chosen + shift[chosen]) % count
    return sources


def _numbers(chosen: np.ndarray, count: int) -> np.ndarray:
    """Where each of ``count`` positions stands in ``chosen`` [n], or -1 if it does not, [count]."""
    numbers = np.full(count, -1)
    numbers[chosen] = np.arange(len(chosen))
    return numbers


def _renumbered(known: np.ndarray, wanted: np.ndarray, side: str) -> np.ndarray:
    """For each token of ``known`` [m] its position in ``wanted`` as text; empty if it is not wanted."""
    numbers = np.full(len(known), "", dtype=object)
    numbers[_positions(known, wanted, side)] = np.arange(len(wanted)).astype(str)
    return numbers


def _positions(known: np.ndarray, wanted: np.ndarray, side: str) -> np.ndarray:
    """Where each token of ``wanted`` [n] stands in ``known`` [m], [n]."""
    position_of = {token: position for position, token in enumerate(known)}
    missing = [token for token in wanted if token not in position_of]
    if missing:
        raise InputError(
            f"{len(missing)} {side}s of the dataset have no text row, the first is {side} {str(missing[0])!r}"
        )
    return np.array([position_of[token] for token in wanted])
