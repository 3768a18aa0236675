"""The cache of encoded rows: each text is encoded once, whatever happens to processes and files."""

from __future__ import annotations

import logging
import multiprocessing
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from harness.data.dataset import digest
from harness.errors import InputError, StoreError
from harness.text.row_cache import cached_rows, cached_table

ROOT = Path(__file__).parents[2]
"""Not taken from tests.worlds: the processes that these tests start would load torch with it."""


class Encoder:
    """Rows of eight numbers that follow from the text, and a record of what was encoded."""

    def __init__(self, width: int = 8) -> None:
        self.width, self.encoded = width, []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.encoded += texts
        return np.array([row(text, self.width) for text in texts], dtype=np.float32)


def row(text: str, width: int = 8) -> np.ndarray:
    return np.frombuffer(digest([text.encode()]).encode()[:width], np.uint8).astype(np.float32)


def expected(texts: Sequence[str]) -> np.ndarray:
    return np.array([row(text) for text in texts])


TEXTS = [f"text {number}" for number in range(2000)]


def test_each_text_is_encoded_once_for_each_recipe(tmp_path: Path) -> None:
    encode = Encoder()
    for texts in (["a", "bb", "a"], ["ccc", "bb"]):
        np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", texts, encode), expected(texts))
    assert encode.encoded == ["a", "bb", "ccc"]
    cached_rows(tmp_path, "another", ["a"], encode)
    assert encode.encoded[3:] == ["a"]


def test_a_table_is_encoded_again_when_any_of_its_texts_differs(tmp_path: Path) -> None:
    encode = Encoder()
    for texts in (["a", "bb", "a"], ["a", "bb", "a"], ["bb", "a", "a"]):
        np.testing.assert_array_equal(cached_table(tmp_path, "recipe", texts, encode), expected(texts))
    assert encode.encoded == ["a", "bb", "a", "bb", "a", "a"]


def test_every_encoded_text_is_told_to_the_watcher(tmp_path: Path) -> None:
    told: Counter[str] = Counter()

    def watch(what: str, total: int):  # type: ignore[no-untyped-def]
        told["total"] += total
        return lambda: told.update(["steps"])

    cached_rows(tmp_path, "recipe", TEXTS[:300], Encoder(), watch)
    cached_rows(tmp_path, "recipe", TEXTS[:310], Encoder(), watch)
    assert told == {"total": 310, "steps": 310}


def write_old_rows(folder: Path, texts: Sequence[str], tail: bytes = b"") -> Path:
    """The files of versions before the SQLite files: rows one after the other, and a line for each key."""
    old = folder / digest([b"recipe"])[:20]
    old.mkdir()
    (old / "lock").touch()
    (old / "rows.f32").write_bytes(expected(texts).astype("<f4").tobytes() + tail)
    (old / "keys").write_text("".join(f"{digest([text.encode()])}\n" for text in texts))
    return old


def test_rows_of_the_old_format_are_taken_over_once(tmp_path: Path) -> None:
    old, encode = write_old_rows(tmp_path, TEXTS[:600]), Encoder()
    rows = cached_rows(tmp_path, "recipe", TEXTS[:601], encode)
    np.testing.assert_array_equal(rows, expected(TEXTS[:601]))
    assert encode.encoded == [TEXTS[600]]
    assert not old.exists()
    cached_rows(tmp_path, "recipe", TEXTS[:601], encode)
    assert encode.encoded == [TEXTS[600]]


def test_rows_without_a_key_of_the_old_format_are_left_out(tmp_path: Path) -> None:
    """A process that was killed between a row and its key left a row that nobody reads."""
    write_old_rows(tmp_path, ["a", "a longer text"], tail=b"1234567890")
    encode = Encoder()
    rows = cached_rows(tmp_path, "recipe", ["bb", "a longer text", "a"], encode)
    np.testing.assert_array_equal(rows, expected(["bb", "a longer text", "a"]))
    assert encode.encoded == ["a longer text", "bb"], "one text shows how wide a row is"


@pytest.mark.parametrize("content", [b"", b"123"])
def test_an_empty_or_cut_file_of_the_old_format_costs_its_rows_only(content: bytes, tmp_path: Path) -> None:
    old = write_old_rows(tmp_path, ["a"])
    (old / "rows.f32").write_bytes(content)
    np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", ["a"], Encoder()), expected(["a"]))


def test_a_table_of_the_old_format_is_taken_over_and_a_damaged_one_encoded(tmp_path: Path) -> None:
    path = tmp_path / f"{digest([b'recipe', b'a', b'bb'])}.npy"
    np.save(path, expected(["a", "bb"]))
    encode = Encoder()
    np.testing.assert_array_equal(
        cached_table(tmp_path, "recipe", ["a", "bb"], encode), expected(["a", "bb"])
    )
    assert not encode.encoded
    assert not path.exists()
    for damaged in (b"", b"no array"):
        path = tmp_path / f"{digest([b'recipe', damaged])}.npy"
        path.write_bytes(damaged)
        cached_table(tmp_path, "recipe", [damaged.decode()], encode)
    assert encode.encoded == ["", "no array"]


def only_file(folder: Path) -> Path:
    (path,) = folder.glob("*.sqlite")
    return path


def test_a_file_that_is_no_database_is_set_aside_and_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached_rows(tmp_path, "recipe", ["a"], Encoder())
    path = only_file(tmp_path)
    path.write_bytes(b"no database at all" * 1000)
    encode = Encoder()
    np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", ["a"], encode), expected(["a"]))
    (aside,) = tmp_path.glob("*.damaged-*")
    assert aside.read_bytes() == b"no database at all" * 1000
    assert f"{path} is damaged and was set aside as {aside}" in caplog.text
    cached_rows(tmp_path, "recipe", ["a"], encode)
    assert encode.encoded == ["a"]


@pytest.mark.parametrize("page", [3, 9, -1])
def test_a_damaged_page_costs_its_own_rows_only(page: int, tmp_path: Path) -> None:
    cached_rows(tmp_path, "recipe", TEXTS, Encoder())
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    pages = len(content) // 8192
    assert pages > 20
    first = page % pages * 8192
    content[first : first + 8192] = random.Random(1).randbytes(8192)
    path.write_bytes(content)
    encode = Encoder()
    np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", TEXTS, encode), expected(TEXTS))
    assert len(encode.encoded) < 200
    cached_rows(tmp_path, "recipe", TEXTS, encode)
    assert len(encode.encoded) == len(set(encode.encoded))


@pytest.mark.parametrize("page", [0, 1])
def test_a_damaged_first_page_costs_all_rows_and_no_more(page: int, tmp_path: Path) -> None:
    """The first page describes the file, and the second says where the rows are."""
    cached_rows(tmp_path, "recipe", TEXTS, Encoder())
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[page * 8192 : (page + 1) * 8192] = random.Random(1).randbytes(8192)
    path.write_bytes(content)
    encode = Encoder()
    np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", TEXTS, encode), expected(TEXTS))
    assert len(encode.encoded) == len(TEXTS)
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1


FEW = [f"text {number}" for number in range(20)]


def flipped(path: Path, bit: int) -> None:
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def check_flips(folder: Path, chosen: Callable[[int], Iterable[int]]) -> None:
    """Flip bits of a file of rows, one at a time: what is read are the rows, at once, and twice."""
    cached_rows(folder / "whole", "recipe", FEW, Encoder())
    whole = only_file(folder / "whole").read_bytes()
    for bit in chosen(8 * len(whole)):
        store = folder / "flipped"
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir()
        path = store / only_file(folder / "whole").name
        path.write_bytes(whole)
        flipped(path, bit)
        started = time.monotonic()
        for _ in range(2):
            np.testing.assert_array_equal(
                cached_rows(store, "recipe", FEW, Encoder()), expected(FEW), str(bit)
            )
        assert time.monotonic() - started < 4, f"{bit}: SQLite waits 5 s for a lock that nobody has"


def test_a_sample_of_flipped_bits_has_no_effect_on_rows(tmp_path: Path) -> None:
    """The header; the description of the table; and any other."""
    header, described = range(100, 800, 50), range(64_300, 65_530, 40)
    draw = random.Random(3)
    check_flips(tmp_path, lambda bits: [*header, *described, *draw.sample(range(bits), 60)])


@pytest.mark.slow
def test_every_seventh_flipped_bit_has_no_effect_on_rows(tmp_path: Path) -> None:
    check_flips(tmp_path, lambda bits: range(0, bits, 7))


@pytest.mark.parametrize(
    ("old", "new"), [(b"checksum INTEGER", b"cheeksum INTEGER"), (b"rows (key", b"rows \xf3key")]
)
def test_a_damaged_description_of_the_table_is_set_aside(
    old: bytes, new: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached_rows(tmp_path, "recipe", FEW, Encoder())
    path = only_file(tmp_path)
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new))
    np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", FEW, Encoder()), expected(FEW))
    assert f"{path} is damaged and was set aside" in caplog.text


def test_the_width_is_that_of_a_row_that_is_sound(tmp_path: Path) -> None:
    """A row of another width is damage, and no other model that has taken the name of this one."""
    cached_rows(tmp_path, "recipe", FEW, Encoder())
    with closing(sqlite3.connect(only_file(tmp_path))) as file, file:
        file.execute("UPDATE rows SET row = x'00' WHERE rowid = 1")
    np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", FEW, Encoder()), expected(FEW))


def test_a_row_that_does_not_fit_its_checksum_is_encoded_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached_rows(tmp_path, "recipe", TEXTS, Encoder())
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[content.index(row("text 7").astype("<f4").tobytes())] ^= 1
    path.write_bytes(content)
    encode = Encoder()
    np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", TEXTS, encode), expected(TEXTS))
    assert encode.encoded == ["text 7"]
    assert f"{path}: 1 damaged row is encoded again" in caplog.text


def test_one_damaged_row_of_a_table_has_the_whole_table_encoded_again(tmp_path: Path) -> None:
    """Rows that depend on all texts may differ from one machine to another, and must not be mixed."""
    cached_table(tmp_path, "recipe", TEXTS, Encoder())
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    content[content.index(row("text 7").astype("<f4").tobytes())] ^= 1
    path.write_bytes(content)
    rows = cached_table(tmp_path, "recipe", TEXTS, lambda texts: expected(texts) + 1)
    np.testing.assert_array_equal(rows, expected(TEXTS) + 1)
    np.testing.assert_array_equal(cached_table(tmp_path, "recipe", TEXTS, Encoder()), expected(TEXTS) + 1)


def test_rows_of_another_width_are_refused(tmp_path: Path) -> None:
    cached_rows(tmp_path, "recipe", ["a"], Encoder(8))
    with pytest.raises(InputError, match=r"makes rows of 5 numbers, but .*\.sqlite keeps rows of 8"):
        cached_rows(tmp_path, "recipe", ["a", "b"], Encoder(5))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file: cannot be written"):
        cached_rows(tmp_path / "file", "recipe", ["a"], Encoder())
    (tmp_path / f"{digest([b'recipe'])[:20]}.sqlite").mkdir()
    with pytest.raises(StoreError, match=r"\.sqlite: encoded rows cannot be kept \(unable to open"):
        cached_rows(tmp_path, "recipe", ["a"], Encoder())


def encode_slowly(folder: Path, number: int) -> None:
    log = (folder / f"encoded-{number}").open("a", buffering=1)

    def encode(texts: Sequence[str]) -> np.ndarray:
        log.writelines(f"{text}\n" for text in texts)
        time.sleep(0.01)
        return expected(texts)

    order = random.Random(number).sample(TEXTS, len(TEXTS))
    np.testing.assert_array_equal(cached_rows(folder, "recipe", order, encode), expected(order))


def test_processes_that_need_the_same_texts_encode_each_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=encode_slowly, args=(tmp_path, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    encoded = [text for path in tmp_path.glob("encoded-*") for text in path.read_text().splitlines()]
    assert sorted(encoded) == sorted(TEXTS)


ENCODE = """
import sys, time
from pathlib import Path
from tests.text.test_row_cache import TEXTS, expected
from harness.text import row_cache
row_cache.BATCH = 5
def encode(texts):
    print(len(texts), flush=True)
    time.sleep(0.002)
    return expected(texts)
row_cache.cached_rows(Path(sys.argv[1]), "recipe", TEXTS, encode)
"""


def test_killed_at_any_moment_loses_no_finished_batch(tmp_path: Path) -> None:
    draw, encoded = random.Random(2), 0
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", ENCODE, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        batches = draw.randint(1, 60)
        for _ in range(batches):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        encoded += 5 * batches + sum(int(line) for line in process.stdout)
        process.wait()
        process.stdout.close()
    rest = Encoder()
    np.testing.assert_array_equal(cached_rows(tmp_path, "recipe", TEXTS, rest), expected(TEXTS))
    assert 0 < encoded < len(TEXTS)
    assert len(TEXTS) <= encoded + len(rest.encoded) <= len(TEXTS) + 4 * 5, "at most a batch for each kill"


def test_taking_over_is_quiet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    write_old_rows(tmp_path, ["a"])
    cached_rows(tmp_path, "recipe", ["a"], Encoder())
    assert not caplog.records
