"""A file is replaced whole or stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.store.files import replaced


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    with replaced(path) as unfinished:
        unfinished.write_text("one")
        assert unfinished.parent == path.parent
        assert unfinished.suffix != path.suffix, "a sweep or a glob must not take it for a whole file"
        assert not path.exists()
    assert path.read_text() == "one"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("trouble", [OSError("disk full"), KeyboardInterrupt()])
def test_where_writing_fails_the_file_stays_and_nothing_lies_beside_it(
    trouble: BaseException, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_text("before")

    def fail() -> None:
        with replaced(path) as unfinished:
            unfinished.write_text("half")
            raise trouble

    with pytest.raises(type(trouble)):
        fail()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
