"""What is printed is text: no markup, and no control character from outside."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from harness.cli import progress, terminal
from tests.cli.tiny_plan import write_plan
from tests.worlds import intentbench, run_record

WORDS = ("warm tone", "cheap plastic", "solid build")
MARKUP = "[bold]x[/bold] [/] [link=file:///]y[/link] :smile:"


def test_tables_show_markup_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show_table((MARKUP, "b"), [(MARKUP, "\x1b[2Jgone\x07")], title=f"title {MARKUP}")
    shown = capsys.readouterr().out
    assert shown.count(MARKUP) == 3
    assert "\\x1b[2Jgone\\x07" in shown
    assert "\x1b" not in shown


def test_sentences_show_markup_and_controls_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say(f"{MARKUP} {'long ' * 100}end\x1b[0m")
    terminal.complain("two\nlines\r\x1b]0;title\x07")
    shown = capsys.readouterr()
    assert shown.out == f"{MARKUP} {'long ' * 100}end\\x1b[0m\n"
    assert shown.err == "intentbench: two\\nlines\\r\\x1b]0;title\\x07\n"


def test_bars_show_markup_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=300, color_system=None)
    monkeypatch.setattr(terminal, "console", console)
    monkeypatch.setattr(progress, "console", console)
    task: Any = SimpleNamespace(
        title=f"{MARKUP}\x1b[5m", steps=2, training=SimpleNamespace(metric="recall@5")
    )
    with progress.progress_display() as display:
        display.expect(1)
        display.started(task)(1, 0.5)
        display.bars.refresh()
        display.ended(task, run_record(status="failed", reason="[red]\x1b[5m"))
    shown = written.getvalue()
    assert shown.count(MARKUP) >= 2
    assert "failed, [red]\\x1b[5m" in shown
    assert "\x1b[5m" not in shown


def test_what_users_wrote_steers_no_terminal(tmp_path: Path) -> None:
    rows = [
        {
            "user": f"u{user}",
            "item": f"i{item}",
            "text": f"\x1b[2J\x9b31m [red]nice[/red] {WORDS[user % 3]} and {WORDS[item % 3]}\r",
        }
        for user in range(8)
        for item in range(8)
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    source = {"kind": "table", "path": "log.jsonl", "review": "text"}
    text = {"kind": "intents", "encoder": {"kind": "tfidf", "width": 2}}
    plan = write_plan(tmp_path, source, dataset={"text": text})
    done = intentbench("intents", "inspect", plan, "u1")
    assert done.exit_code == 0, done.output
    assert "[red]nice[/red]" in done.output
    assert "\\x1b[2J" in done.output
    assert not {"\x1b", "\x9b", "\r"} & set(done.output)
