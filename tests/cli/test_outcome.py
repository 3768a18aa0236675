"""No command ends in a traceback, whatever happens."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness.cli.outcome import STOPPED_AT_ONCE
from harness.cli.terminal import replace_what_cannot_be_encoded, say, show_table
from harness.errors import RunFailed
from tests.worlds import ROOT, intentbench

PROGRAM = [sys.executable, "-m", "harness.cli.main"]


def raising(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `status` raise something."""

    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr("harness.planning.run_status.run_statuses", fail)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (RuntimeError("spoiled"), "RuntimeError: spoiled"),
        (RuntimeError("one\ntwo"), "RuntimeError: one"),
        (KeyError("repetition"), "KeyError: 'repetition'"),
        (MemoryError(), "(MemoryError)"),
        (RecursionError("deep"), "RecursionError: deep"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("x" * 5000), "ValueError: xxx"),
        (RuntimeError("\x1b[31mred\x1b[0m [bold]"), "RuntimeError: \\x1b[31mred\\x1b[0m [bold]"),
    ],
)
def test_an_error_that_nobody_expected_is_a_sentence_with_a_log_file(
    error: Exception, shown: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    raising(error, monkeypatch)
    done = intentbench("status", "smoke")
    assert done.exit_code == 1
    assert len(done.output.splitlines()) == 1
    assert done.stderr.startswith("intentbench: The command ended because of an error that it did not expect")
    assert shown in done.stderr
    assert len(done.stderr) < 800
    assert "it is safe to run the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    path = Path(re.findall(r"The details are in the log file (\S+)\. ", done.stderr)[0])
    assert path.parent == tmp_path
    assert "Traceback" in path.read_text()
    assert type(error).__name__ in path.read_text()


def test_the_log_file_that_was_asked_for_has_the_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raising(RuntimeError("spoiled"), monkeypatch)
    path = tmp_path / "log.txt"
    done = intentbench("--log-file", path, "--verbose", "status", "smoke")
    assert done.exit_code == 1
    assert f"The details are in the log file {path}." in done.stderr
    assert "RuntimeError: spoiled" in path.read_text()
    assert "Traceback" in path.read_text()
    assert "Traceback" not in done.output


def test_no_secret_stands_in_the_sentence_or_the_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-verysecret0123456789")
    raising(RuntimeError("401 for sk-verysecret0123456789 at https://me:pass-word@host"), monkeypatch)
    done = intentbench("status", "smoke")
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert "401 for *** at https://***@host" in done.stderr
    assert "401 for *** at https://***@host" in written
    assert not {"sk-very", "pass-word"} & {
        word for word in ("sk-very", "pass-word") if word in done.output + written
    }


def test_without_a_place_for_a_log_file_the_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")
    raising(RuntimeError("spoiled"), monkeypatch)
    done = intentbench("status", "smoke")
    assert done.exit_code == 1
    assert "`--log-file PATH`" in done.stderr


def test_a_run_that_fails_outside_the_store_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(RunFailed("needs about 9 GiB of memory; 2 GiB are free"), monkeypatch)
    done = intentbench("status", "smoke")
    assert (done.exit_code, done.stderr) == (1, "intentbench: needs about 9 GiB of memory; 2 GiB are free\n")


def test_an_interruption_says_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(KeyboardInterrupt(), monkeypatch)
    done = intentbench("status", "smoke")
    assert done.exit_code == 130
    assert done.stderr == f"intentbench: {STOPPED_AT_ONCE}\n"


@pytest.mark.parametrize(
    "words", [["nothing"], ["run"], ["run", "smoke", "--workers", "none"], ["status", "--no"]]
)
def test_a_mistake_in_the_command_line_is_no_unexpected_error(words: list[str]) -> None:
    done = intentbench(*words)
    assert done.exit_code == 2
    assert "did not expect" not in done.output


@pytest.mark.parametrize(
    "words",
    [
        ["store", "verify", "--store", "~/none"],
        ["store", "gc", "--store", "~/none"],
        ["store", "merge", "~/none"],
        ["init", "~/none"],
        ["report", "smoke", "--store", "~/none"],
        ["report", "smoke", "--published", "~/none"],
        ["status", "~/none"],
        ["--log-file", "~/none/log.txt", "status", "~/none"],
    ],
)
def test_every_path_may_begin_with_the_home_folder(
    words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "none").write_text("")  # a file in the way of a folder, and no table
    if "status" in words and "--log-file" not in words:
        (tmp_path / "none").write_text("name: 1")
    monkeypatch.setenv("HOME", str(tmp_path))
    done = intentbench(*words)
    assert done.exit_code == 2, done.output
    assert str(tmp_path / "none") in done.stderr.replace("\n", "")
    assert "~" not in done.stderr


def test_what_an_encoding_lacks_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    replace_what_cannot_be_encoded()
    show_table(("naïve", "▲"), [("漢", "→")], title="é")
    say("▼ ends")
    sys.stdout.flush()
    text = written.getvalue().decode("ascii")
    assert "na?ve" in text
    assert "? ends" in text


def test_a_narrow_encoding_and_a_closed_pipe_end_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user,item,naïve\na,b,c\n", encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "LANG": "C", "PATH": ""}
    words = [*PROGRAM, "init", "log.csv", "--out"]
    done = subprocess.run(
        [*words, "one.yaml"], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"has the columns user, item, na?ve." in done.stdout
    started = subprocess.Popen(
        [*words, "two.yaml"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert started.stdout is not None
    started.stdout.close()
    _, error = started.communicate(timeout=60)
    assert b"Traceback" not in error
    assert b"did not expect" not in error
