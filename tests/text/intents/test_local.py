"""The small model on this machine: found without importing its package, served on loopback only."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import InputError
from harness.text.intents import local
from harness.text.intents.settings import ModelWriterSpec
from tests.text.intents.test_client import ask
from tests.worlds import ROOT


def test_weights_are_found_by_the_package_that_carries_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "carrier"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "model.gguf").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(local, "PACKAGE", "carrier")
    assert local.weights() == package / "model.gguf"
    monkeypatch.setattr(local, "PACKAGE", "no_such_package")
    with pytest.raises(InputError, match=r"install the extra \[local-llm\]"):
        local.weights()


def test_it_is_served_on_loopback_with_the_given_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def run(command: list[str], check: bool) -> SimpleNamespace:
        seen.append(command)
        return SimpleNamespace(returncode=3)

    monkeypatch.setattr(local.subprocess, "run", run)
    monkeypatch.setattr(local, "weights", lambda: Path("model.gguf"))
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda name: object())
    assert local.serve_here(8123, 1024, 2) == 3
    words = " ".join(seen[0][1:])
    assert words.startswith("-m llama_cpp.server --model model.gguf")
    for option in ("--host 127.0.0.1", "--port 8123", "--n_ctx 1024", "--n_threads 2", "--n_threads_batch 2"):
        assert option in words
    monkeypatch.setattr(local.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="llama-cpp-python is not installed"):
        local.serve_here(8123, 1024)


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("llama_cpp") is None or importlib.util.find_spec(local.PACKAGE) is None,
    reason="needs the extra [local-llm]",
)
def test_the_real_model_answers_in_the_form_asked_for(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "intents",
        "serve",
        "--port",
        str(port),
        "--threads",
        "1",
    ]
    server = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        wait_for(port)
        spec = ModelWriterSpec.model_validate({
            "kind": "openai", "model": local.MODEL, "base_url": f"http://127.0.0.1:{port}/v1",
            "structured": "json_object_schema", "concurrency": 1, "answer_tokens": 60, "timeout_s": 300,
        })  # fmt: skip
        tally, writer, asks = ask(spec, tmp_path, documents=1)
    finally:
        os.killpg(server.pid, signal.SIGINT)  # the command and the server that it started
        server.wait(60)
    assert tally.replies >= 2
    assert tally.complete
    assert all(writer.outcome(each).status != "unanswered" for each in asks)


def wait_for(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the server did not start")
