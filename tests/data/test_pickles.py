"""Pickles are read as data: the same arrays as before, and nothing else, whatever the file holds."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from harness.data.pickles import arrays_of, load_arrays
from harness.errors import InputError
from tests.data.pickle_corpus import ARRAY, objects, tampered
from tests.worlds import ROOT, SHARED, needs_data


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in type, shape, number type and content."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if sp.issparse(one):
        pairs = [
            (getattr(one.tocoo(), part), getattr(other.tocoo(), part)) for part in ("row", "col", "data")
        ]
        same_type = one.dtype == other.dtype and one.shape == other.shape
        return same_type and all(np.array_equal(mine, theirs) for mine, theirs in pairs)
    equal = np.array_equal(one, other)
    return (
        equal and np.shape(one) == np.shape(other) and getattr(one, "dtype", 0) == getattr(other, "dtype", 0)
    )


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("python", [2, 3])
def test_arrays_of_every_kind_are_read_as_they_were_written(protocol: int, python: int) -> None:
    for value in objects():
        assert same(arrays_of(pickle.dumps(value, protocol, fix_imports=python == 2)), value)


@pytest.mark.parametrize(
    "module", ["scipy.sparse.csr", "scipy.sparse._csr", "scipy.sparse._arrays", "scipy.sparse"]
)
def test_modules_of_older_releases_are_known(module: str) -> None:
    matrix = sp.csr_matrix(np.arange(6.0).reshape(2, 3))
    program = pickle.dumps(matrix, 0).replace(b"scipy.sparse._csr", module.encode())
    program = program.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert same(arrays_of(program), matrix)


def test_strings_of_python_2_are_bytes() -> None:
    content = np.arange(4.0).tobytes()
    program = (
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x04\x85"
        b"cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U" + bytes([len(content)]) + content + b"tb."
    )
    assert same(arrays_of(program), np.arange(4.0))


@needs_data
@pytest.mark.parametrize("dataset", ["amazon-book", "yelp"])
def test_the_papers_matrices_are_read_as_python_reads_them(dataset: str) -> None:
    files = sorted((SHARED / dataset).glob("*.pkl"))
    assert len(files) == 3
    for file in files:
        assert same(load_arrays(file), pickle.loads(file.read_bytes()))


def test_nothing_in_the_corpus_is_run() -> None:
    """Every instruction in every protocol, programs that call, exhaust or do not fit, 2,000 mutations.

    In a process of its own: a hook that listens to what Python does stays for as long as its process.
    """
    command = [sys.executable, "-m", "tests.data.pickle_audit", "2000"]
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **single})
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout)
    assert found["failures"] == []
    assert found["imported"] == []
    assert found["changed"] == []
    counts = found["counts"]
    assert counts["mutated: tried"] == 2000
    assert counts["every opcode: tried"] >= 6 * found["opcodes"]
    assert counts["every opcode: read"] > 0
    assert counts["imports and calls: refused"] == counts["imports and calls: tried"]


class Evil:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return eval, ("1 + 1",)


def test_pickles_of_anything_else_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"rows": np.ones(3), "more": Evil()}))
    with pytest.raises(InputError, match=r"evil.pkl: refuses builtins.eval; expected numpy and scipy"):
        load_arrays(path)


@pytest.mark.parametrize(
    ("form", "attributes", "hint"),
    [
        ("csr", {"indptr": np.array([0, 1])}, "holds a csr_matrix whose indptr has 2 numbers; expected 3"),
        ("csr", {"indptr": np.array([0, 2, 1000])}, "indptr does not rise from 0 to its 4 indices"),
        (
            "csc",
            {"indices": np.array([0, 1, 0, 7])},
            r"rows from 0 to 7; expected 0 to 1, as its shape is \(2, 3\)",
        ),
        (
            "csr",
            {"data": np.array([1.0, 2.0, np.nan, 1.0])},
            "whose row 1 has the entry nan; expected finite",
        ),
        ("csr", {"data": None}, "holds a csr_matrix whose data is None; expected an array"),
        ("csr", {"_shape": ("2", "3")}, "whose shape is no two integers"),
        ("coo", {"_shape": (2**40, 2**40)}, "expected sides from 0 to 2,147,483,647"),
        ("coo", {"coords": (np.array([-1, 0, 1, 1]), np.array([0, 1, 0, 2]))}, "with rows from -1 to 1"),
    ],
)
def test_matrices_whose_parts_do_not_fit_are_refused(
    form: str, attributes: dict[str, Any], hint: str
) -> None:
    matrix = sp.coo_matrix(([1.0, 2, 3, 4], ([0, 0, 1, 1], [0, 1, 0, 2])), shape=(2, 3)).asformat(form)
    with pytest.raises(InputError, match=hint):
        arrays_of(pickle.dumps(tampered(matrix, attributes)))


def test_a_program_is_refused_for_what_it_does() -> None:
    for program, hint in (
        (b"cscipy.sparse\ncsr_matrix\n}S'pwned'\nI1\nsb.", "gives the class csr_matrix a state"),
        (b"(" + ARRAY + b"h\x00t.", "refers to a value that it never remembered"),
        (b"N2.", "has the instruction DUP at byte 1, which no pickled array needs"),
        (b"]q\x00h\x00a.", "lists or dicts inside each other, more than 16 deep"),
        (b"K\x01" * 500_000 + b".", "puts more than 100,000 values on its stack"),
        (b"}K\x01K\x02\x86Ns.", "dict whose key is a tuple; expected a text or an integer"),
        (b"\x80\x05X\xff\xff\xff\x7fabc.", "unreadable pickle"),
    ):
        with pytest.raises(InputError, match=hint):
            arrays_of(program)
    assert not hasattr(sp.csr_matrix, "pwned")


def test_a_missing_file_and_a_folder_are_no_pickles(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.pkl", tmp_path):
        with pytest.raises(InputError, match=f"{path.name}: no such file"):
            load_arrays(path)
