"""Files of numpy: the header is compared with the file before anything is allocated."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.arrays import load_array
from harness.errors import InputError


def file_with(header: str, content: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """A ``.npy`` file with any header."""
    text = header.encode() + b"\n"
    length = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + length + text + content


def saved(array: Any, allow_pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


@pytest.mark.parametrize("number", ["b1", "i1", "<i8", ">i4", "u2", "f2", "<f4", ">f8"])
@pytest.mark.parametrize("shape", [(0,), (3,), (2, 3), (0, 4), ()])
def test_arrays_of_numbers_are_read_as_numpy_reads_them(
    tmp_path: Path, number: str, shape: tuple[int, ...]
) -> None:
    for array in (np.ones(shape, number), np.asfortranarray(np.ones(shape, number))):
        np.save(tmp_path / "plain.npy", array)
        np.savez(tmp_path / "one.npz", rows=array)
        np.savez_compressed(tmp_path / "small.npz", rows=array)
        for name in ("plain.npy", "one.npz", "small.npz"):
            read = load_array(tmp_path / name)
            assert read.dtype == array.dtype
            np.testing.assert_array_equal(read, array)
            assert read.flags.writeable


def test_a_header_of_python_2_is_read_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "old.npy"
    path.write_bytes(file_with("{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 1L)}", bytes(16)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_array(path).shape == (2, 1)


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(f"{name}.npy", content)
    return stream.getvalue()


HUGE = "{'descr': '<f4', 'fortran_order': False, 'shape': (600000000, 1000)}"


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "no .npy file"),
        (b"PK\x03\x04junk", "unreadable rows"),
        (b"user,item\n", "no .npy file; expected an array that numpy.save wrote"),
        (saved(np.ones(3))[:-1], "a header for 24 bytes, shape .3,., and 23 bytes after it"),
        (saved(np.ones(3)) + b"x", "a header for 24 bytes, shape .3,., and 25 bytes after it"),
        (saved(np.array([{}, None]), allow_pickle=True), "array of type object; expected numbers"),
        (saved(np.array(["a"])), "array of type <U1; expected numbers"),
        (saved(np.array([1j])), "array of type complex128; expected numbers"),
        (saved(np.zeros(2, "i4,i4")), "expected numbers"),
        (file_with(HUGE, bytes(64)), "a header for 2,400,000,000,000 bytes"),
        (file_with(HUGE.replace("1000", "-1")), "and 0 bytes after it"),
        (file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (0, -1)}"), "and 0 bytes after it"),
        (file_with("{'descr': '<f4'}"), "unreadable rows"),
        (file_with("{'descr': 'zz', 'fortran_order': False, 'shape': (1,)}"), "unreadable rows"),
        (file_with("(" * 5000), "unreadable rows"),
        (file_with("__import__('os').system('x')"), "unreadable rows"),
        (file_with("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", b"\x01\x07"), "truth values other than 0"),
        (file_with(HUGE, version=(3, 0)), "header of version .3, 0."),
        (archive(a=saved(np.ones(2)), b=saved(np.ones(2))), "holds 2 arrays .a.npy, b.npy.; expected one"),
        (archive(a=saved(np.zeros(10**7))), "80,000,128 bytes in a file of"),
        (archive(a=file_with(HUGE, bytes(64))), "a header for 2,400,000,000,000 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_array_of_numbers_is_refused(tmp_path: Path, content: bytes, hint: str) -> None:
    path = tmp_path / "rows.npy"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"rows.npy: .*{hint}"):
        load_array(path)


def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    valid = [saved(np.ones((3, 4))), archive(a=saved(np.arange(5, dtype="i4"))), saved(np.ones(2, ">f4"))]
    path, seen = tmp_path / "rows.npy", {"read": 0, "refused": 0}
    for _ in range(1000):
        content = bytearray(valid[random.integers(3)])
        for place in random.integers(len(content), size=random.integers(1, 4)):
            content[place] = random.integers(256)
        path.write_bytes(content[: random.integers(len(content) + 1)] if random.random() < 0.2 else content)
        try:
            assert load_array(path).dtype.kind in "biuf"
            seen["read"] += 1
        except InputError:
            seen["refused"] += 1
    assert min(seen.values()) > 50
