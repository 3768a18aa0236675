"""Text rows by token: what alignments read, and the controls that test whether they need it."""

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
    """Rows of text numbers for known tokens.

    Attributes:
        users, items: Tokens, [U] and [I].
        user_profile, item_profile: [U, T] and [I, T], float32.
        user_intent, item_intent: [U, T'] and [I, T'], float32.
        recipe: What identifies the rows beside the dataset's texts: the encoder's settings, or the
            content of precomputed rows. The rows themselves may differ in the last bit from one
            machine to another.
        notes: What a reader of the results must know, one sentence each.
    """

    users: np.ndarray
    items: np.ndarray
    user_profile: np.ndarray
    item_profile: np.ndarray
    user_intent: np.ndarray
    item_intent: np.ndarray
    recipe: str = ""
    notes: tuple[str, ...] = ()

    @property
    def widths(self) -> tuple[int, int]:
        """Columns of the profile rows and of the intent rows."""
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

        return TextRows(stack("profile"), stack("intent"))

    def control(self, kind: str | None, seed: int) -> TextTable:
        """Itself; ``shuffled`` within users and items; ``random`` rows of the same norm; ``noise:SHARE``.

        Noise gives a share of the users and of the items the rows of others of their side; those
        of a small share are among those of a larger one. Profile and intent of a node move together
        under both.
        """
        if kind is None:
            return self
        if kind.startswith("noise:"):
            return self._with_noise(float(kind.removeprefix("noise:")), np.random.default_rng(seed))
        random = np.random.default_rng(seed)
        orders = {"user": random.permutation(len(self.users)), "item": random.permutation(len(self.items))}
        made = {}
        for name in TABLES:
            rows = getattr(self, name)
            if kind == "shuffled":
                made[name] = rows[orders[name.split("_")[0]]]
            else:
                noise = random.standard_normal(rows.shape).astype(np.float32)
                norm = np.linalg.norm(rows, axis=1) / np.linalg.norm(noise, axis=1)
                made[name] = noise * norm[:, None].astype(np.float32)
        return replace(self, **made)

    def _with_noise(self, share: float, random: np.random.Generator) -> TextTable:
        sources = {
            "user": _replaced(len(self.users), share, random),
            "item": _replaced(len(self.items), share, random),
        }
        return replace(self, **{name: getattr(self, name)[sources[name.split("_")[0]]] for name in TABLES})


def _replaced(count: int, share: float, random: np.random.Generator) -> np.ndarray:
    """Whose row each of ``count`` nodes gets [n]: its own, or for a share of them another's."""
    if count < 2:
        return np.arange(count)
    order, step = random.permutation(count), random.integers(1, count, size=count)
    chosen = order[: round(share * count)]
    source = np.arange(count)
    source[chosen] = (chosen + step[chosen]) % count
    return source


def _positions(known: np.ndarray, wanted: np.ndarray, side: str) -> np.ndarray:
    place = {token: position for position, token in enumerate(known)}
    missing = [token for token in wanted if token not in place]
    if missing:
        raise InputError(f"{len(missing)} {side}s without a text row, {side} {str(missing[0])!r} first")
    return np.array([place[token] for token in wanted])
