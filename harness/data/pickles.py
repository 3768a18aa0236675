"""An unpickler for numpy and scipy arrays that refuses everything else by name."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from harness.errors import InputError

ALLOWED = {
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "scalar"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),  # how protocol 2 writes an array's bytes
}

SPARSE_CLASSES = {f"{kind}_{form}" for kind in ("coo", "csr", "csc") for form in ("matrix", "array")}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        sparse = module.split(".")[:2] == ["scipy", "sparse"] and name in SPARSE_CLASSES
        if sparse:
            module = "scipy.sparse"  # older releases pickled the private submodule's name
        elif (module, name) not in ALLOWED:
            raise InputError(f"refuses {module}.{name}")
        return super().find_class(module, name)


def load_arrays(path: Path) -> Any:
    """Unpickle numpy and scipy arrays (and lists, tuples and dicts of them).

    Raises:
        InputError: The file is no pickle, or names a class or function that is not allowed.
    """
    try:
        return _ArrayUnpickler(io.BytesIO(path.read_bytes())).load()
    except InputError as error:
        raise InputError(f"{path}: {error}; expected numpy and scipy arrays only") from None
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected a pickle of numpy or scipy arrays") from None
    except Exception as error:  # a broken pickle can raise nearly anything
        raise InputError(f"{path}: unreadable pickle ({type(error).__name__}: {error})") from None
