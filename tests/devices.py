"""Marks of tests that need a GPU, or that a GPU cannot pass."""

from __future__ import annotations

import pytest
import torch

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

needs_fixed_order = pytest.mark.skipif(
    torch.cuda.is_available(),
    reason="a GPU adds in no fixed order, so that the last digits of two runs differ",
)

DEVICES = ["cpu", pytest.param("cuda", marks=needs_gpu)]
"""Where a system is tested that must give the same on a processor and on a GPU."""
