"""What a pickled array or sparse matrix says about itself, as plain records and labels: nothing is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Name(Enum):
    """What a pickle of arrays may name beside sparse matrices."""

    DTYPE = "numpy.dtype"
    NDARRAY = "numpy.ndarray"
    RECONSTRUCT = "numpy.core.multiarray._reconstruct"
    SCALAR = "numpy.core.multiarray.scalar"
    FROM_BUFFER = "numpy.core.numeric._frombuffer"
    ENCODE = "_codecs.encode"  # protocols 0 to 2 write the bytes of an array as text
    BYTES = "builtins.bytes"  # protocols 0 to 2 write an empty array so
    OBJECT = "builtins.object"
    NEW_OBJECT = "copyreg._reconstructor"  # protocols 0 and 1 begin a sparse matrix so


@dataclass(frozen=True)
class SparseClass:
    """A sparse class of scipy: its format ``csr``, ``csc`` or ``coo``, and ``matrix`` or ``array``."""

    form: str
    kind: str


SPARSE_CLASSES = {
    f"{form}_{kind}": SparseClass(form, kind)
    for form in ("csr", "csc", "coo")
    for kind in ("matrix", "array")
}

RENAMED = {"numpy._core": "numpy.core", "__builtin__": "builtins", "copy_reg": "copyreg"}
"""Modules that have another name in other releases of numpy, or in Python 2, which old protocols use."""

ITEM_BYTES = {
    "b1": 1, "i1": 1, "i2": 2, "i4": 4, "i8": 8, "u1": 1, "u2": 2, "u4": 4, "u8": 8,
    "f2": 2, "f4": 4, "f8": 8, "f16": 16,
}  # fmt: skip
"""Number types of arrays, with the bytes of one entry."""


@dataclass
class DtypeRecord:
    """A number type; ``order`` is ``<``, ``>`` or ``|`` once the pickle has set it."""

    code: str
    order: str | None = None


@dataclass
class ArrayRecord:
    """An array.

    Attributes:
        dtype: Its number type; None until the pickle has set its state.
        shape: Its shape.
        order: ``C`` or ``F``: whether the last or the first axis runs fastest in ``content``.
        axes: The order of the axes if they are permuted.
        content: Its bytes, or a text each letter of which is a byte: protocols 0 to 2 write them so.
        is_scalar: Whether it is a single number of numpy.
    """

    dtype: DtypeRecord | None = None
    shape: tuple[int, ...] = ()
    order: str = "C"
    axes: tuple[int, ...] | None = None
    content: bytes | bytearray | str = b""
    is_scalar: bool = False


@dataclass
class SparseRecord:
    """A sparse matrix: its class and attributes, None until the pickle has set them."""

    kind: SparseClass
    attributes: dict[Any, Any] | None = field(default=None)


def called(value: Any) -> str:
    """What a sentence calls a value of a pickle."""
    match value:
        case Name():
            return value.value
        case SparseClass():
            return f"the class {value.form}_{value.kind}"
        case SparseRecord():
            return f"a {value.kind.form}_{value.kind.kind}"
        case DtypeRecord():
            return "a number type"
        case ArrayRecord():
            return "an array"
        case None:
            return "None"
    return f"a {type(value).__name__}"


def shown(text: str) -> str:
    """A text of a file as a sentence may show it: printable, and not too long."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text[:60])
    return printable + ("..." if len(text) > 60 else "")
