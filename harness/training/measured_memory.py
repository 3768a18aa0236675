"""How many tables a training step of a system holds, measured on a small random graph.

It is needed for parts from outside whose author does not say it. Every tensor is counted from the operation
that makes it until nothing refers to it, so the result is the same on every machine and whatever else it
does.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode  # the public hooks do not see every tensor
from torch.utils._pytree import tree_leaves

from harness.systems.assembly import assemble
from harness.systems.settings import settings
from harness.systems.spec import SystemSpec
from models.core import Batch
from models.graph import Graph
from models.optimiser import adam, descend
from models.text import TextRows

logger = logging.getLogger(__name__)

SIDE, PAIRS, BATCH, TEXT_WIDTH = 1500, 30_000, 256, 16
"""Users, which are as many as items; train pairs before repeated ones are dropped; a batch; text columns."""

MARGIN = 1.3
"""Factor for what the count leaves out, such as workspace inside an operation."""

ASSUMED = 60
"""Tables of a system that cannot take a step on the random graph: more than any of ours holds."""


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types for it
    """Counts the bytes of the tensors that are made within the block.

    Attributes:
        peak_bytes: The largest number of bytes that lived at one time.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak_bytes = self._bytes = 0
        self._storages: set[int] = set()

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Do an operation and count the tensors that it returns."""
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor) and tensor.layout == torch.strided:
                self._count(tensor.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self._storages:
            self._storages.add(key)
            self._bytes += size
            self.peak_bytes = max(self.peak_bytes, self._bytes)
            weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._storages.discard(key)
        self._bytes -= size


@cache
def measured_tables(spec: SystemSpec) -> float:
    """The number of [N, D] float32 tables at the peak of a step with the default hyper-parameters.

    Parameters, gradients and the state of Adam are counted, and text rows are not.
    """
    values = settings(spec, {})
    try:
        with torch.random.fork_rng():
            held = _held_bytes(spec, values)
    except Exception as error:  # it is somebody's own code; the run itself will say what is wrong with it
        logger.info("The memory of %s cannot be measured (%s).", spec.name, error)
        return ASSUMED
    table_bytes = 2 * SIDE * int(values["embedding_size"]) * torch.float32.itemsize
    return MARGIN * held / table_bytes


def _held_bytes(spec: SystemSpec, values: Mapping[str, Any]) -> int:
    random = torch.Generator().manual_seed(0)
    pairs = torch.unique(torch.randint(SIDE, (PAIRS, 2), generator=random), dim=0)
    user, item = pairs.T.contiguous()
    rows = torch.randn(2 * SIDE, TEXT_WIDTH, generator=random)
    text = TextRows(rows, rows.clone()) if spec.needs_text else None
    system = assemble(spec, values, Graph(user, item, SIDE, SIDE), text)
    negative = torch.randint(SIDE, (BATCH,), generator=random)
    batch = Batch(user[:BATCH], item[:BATCH], negative)
    with LiveBytes() as live:
        optimiser = adam(system, 1e-3)
        for _ in range(2):  # the first step makes the state of Adam
            descend(system.losses(batch), optimiser)
    return int(live.peak_bytes) + sum(parameter.nbytes for parameter in system.parameters())
