"""The log: what it holds and what it never holds."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.logs import SHOWN, log_file, log_to_file, log_to_terminal, printable, redacted, stop_logging
from tests.worlds import ROOT

logger = logging.getLogger("harness.somewhere")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    stop_logging()


def test_nothing_is_written_before_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    logger.info("It happens.")
    logger.debug("It happens in detail.")
    assert capsys.readouterr() == ("", "")


def test_the_terminal_shows_what_happens_once(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_terminal(logging.WARNING)
    log_to_terminal(logging.INFO)
    logger.info("It happens.")
    logger.debug("It happens in detail.")
    logger.info("The terminal says so anyway.", extra=SHOWN)
    logging.getLogger("another.library").warning("Not ours.")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split(" ", 2)[2] for line in shown.err.splitlines() if "Not ours" not in line] == [
        "It happens."
    ]


def test_the_terminal_may_show_warnings_alone(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_terminal(logging.WARNING)
    logger.info("It happens.")
    logger.warning("It is odd: \x1b[5m.")
    shown = capsys.readouterr().err
    assert re.fullmatch(r"intentbench: \d\d:\d\d:\d\d It is odd: \\x1b\[5m\.\n", shown)


def test_a_worker_without_a_file_prints_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    log_to_file(None)
    logger.warning("It is odd.")
    assert capsys.readouterr() == ("", "")


def test_the_file_has_every_detail_and_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "log.txt"
    for _ in range(2):
        log_to_file(path)
        log_to_file(path)
        assert log_file() == path
        logger.debug("It happens in detail.")
        logger.info("The terminal says so anyway.", extra=SHOWN)
        stop_logging()
        assert log_file() is None
    lines = path.read_text().splitlines()
    assert len(lines) == 4
    assert "DEBUG [process " in lines[0]
    assert lines[0].endswith("harness.somewhere] It happens in detail.")
    logger.info("It happens later.")
    assert len(path.read_text().splitlines()) == 4


def test_several_processes_append_whole_lines(tmp_path: Path) -> None:
    program = (
        "import logging, sys; from pathlib import Path; from harness.logs import log_to_file\n"
        "log_to_file(Path(sys.argv[1]))\n"
        "for number in range(300): logging.getLogger('harness').info('%s', sys.argv[2] * 200)"
    )
    path = tmp_path / "log.txt"
    command = [sys.executable, "-c", program, str(path)]
    processes = [subprocess.Popen([*command, letter], cwd=ROOT) for letter in "ab"]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    texts = [line.rpartition(" ")[2] for line in path.read_text().splitlines()]
    assert sorted(texts) == ["a" * 200] * 300 + ["b" * 200] * 300


def test_no_secret_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-secret-0123")
    log_to_file(tmp_path / "log.txt")
    logger.info("The storage is %s.", "postgresql+psycopg://me:pass-word@host:5432/trials")
    try:
        raise ValueError("refused: sk-secret-0123")
    except ValueError:
        logger.exception("It failed.")
    text = (tmp_path / "log.txt").read_text()
    assert "postgresql+psycopg://***@host:5432/trials" in text
    assert "ValueError: refused: ***" in text
    assert "sk-secret" not in text
    assert "pass-word" not in text


def test_short_values_of_secret_variables_are_left_in_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "none")
    monkeypatch.setenv("KEYBOARD", "")
    assert redacted("none of them") == "none of them"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text\n\twith é, 漢 and 🙂", "plain text\n\twith é, 漢 and 🙂"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("one\rother", "one\\rother"),
        ("one\r\nother", "one\nother"),
        ("bell\x07 \x9b2J \u202etxet \udcff", "bell\\x07 \\x9b2J \\u202etxet \\udcff"),
    ],
)
def test_control_characters_are_written_as_escapes(text: str, shown: str) -> None:
    assert printable(text) == shown
    shown.encode()


def test_a_file_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "log.txt", tmp_path):
        with pytest.raises(InputError, match=r"--log-file: .* cannot be written"):
            log_to_file(path)
    assert log_file() is None
