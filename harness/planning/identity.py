"""What names a run, a search or a dataset in the store, and where random seeds come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

PROTOCOL = 3
"""Version of the experimental protocol. It is part of the identity of every run and search.

From 1 to 2, all layers of an encoder came to share the edges that are dropped (D5). From 2 to 3, every metric
became its mean over all orders of items with equal scores (D109).
"""


def identity_of(parts: Mapping[str, Any]) -> str:
    """Name a run or search: 20 hexadecimal digits of a hash of all that its result depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def seed_of(base: int, dataset: str, repetition: int | None, purpose: str) -> int:
    """A seed of 31 bits, hashed from its parts. It is the same for every system."""
    text = json.dumps([base, dataset, repetition, purpose])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
