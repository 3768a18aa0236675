"""What a pickled array or sparse matrix says about itself, as plain records: nothing named there is called.

The names that a pickle may use stand in :func:`resolve`. Each name is a :class:`Name` or a
:class:`SparseClass`, which are labels and no functions. :func:`reduce` and :func:`build` say what the
pickle protocol's "call this" and "set the state of this" mean for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harness.data.arrays import MOST_AXES
from harness.errors import InputError


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


def resolve(module: str, name: str) -> Name | SparseClass:
    """What ``module.name`` stands for in a pickle of arrays.

    Raises:
        InputError: It stands for anything else.
    """
    if f"{module}.".startswith("scipy.sparse.") and name in SPARSE_CLASSES:
        return SPARSE_CLASSES[name]  # the private modules below scipy.sparse differ between releases
    head, dot, tail = module.rpartition(".")
    known = RENAMED.get(module, RENAMED.get(head, head) + dot + tail)
    try:
        return Name(f"{known}.{name}")
    except ValueError:
        raise InputError(f"refuses {shown(f'{module}.{name}')}") from None


def reduce(name: Any, arguments: Any) -> Any:
    """The value of the pickle's call ``name(*arguments)``.

    Raises:
        InputError: The call is none that a pickle of arrays makes.
    """
    if type(arguments) is not tuple:
        raise InputError(f"calls {called(name)} with {called(arguments)}; expected a tuple")
    match name, arguments:
        case Name.DTYPE, (str() as code, bool() | 0 | 1, bool() | 0 | 1) if code in ITEM_BYTES:
            return DtypeRecord(code)
        case Name.DTYPE, (str() as code, *_):
            raise InputError(f"holds an array of type {shown(code)}; expected numbers")
        case Name.RECONSTRUCT, (Name.NDARRAY, (0,), b"b" | "b"):
            return ArrayRecord()
        case Name.SCALAR, (DtypeRecord() as dtype, bytes() | str() as content):
            return ArrayRecord(dtype, content=content, is_scalar=True)
        case Name.FROM_BUFFER, (
            bytes() | bytearray() as content,
            DtypeRecord() as dtype,
            tuple() as shape,
            order,
        ):
            return ArrayRecord(dtype, _integers(shape), _order(order), content=content)
        case Name.FROM_BUFFER, (
            bytes() | bytearray() as content,
            DtypeRecord() as dtype,
            tuple() as shape,
            "K",
            axes,
        ):
            return ArrayRecord(dtype, _integers(shape), axes=_integers(axes), content=content)
        case Name.ENCODE, (str() as text, "latin1"):
            return text
        case Name.BYTES, ():
            return b""
        case Name.NEW_OBJECT, (SparseClass() as kind, Name.OBJECT, None):
            return SparseRecord(kind)
    raise InputError(f"calls {called(name)} with arguments that no pickled array has")


def build(value: Any, state: Any) -> None:
    """Set the state of a number type, an array or a sparse matrix, each once.

    Raises:
        InputError: The pickle sets the state of anything else, or a state that these do not have.
    """
    match value, state:
        case DtypeRecord(order=None), (3, "<" | ">" | "|" as order, None, None, None, -1, -1, int()):
            if (order == "|") != (ITEM_BYTES[value.code] == 1):
                raise InputError(f"holds an array of type {value.code} in byte order {order!r}")
            value.order = order
        case ArrayRecord(dtype=None), (
            1,
            tuple() as shape,
            DtypeRecord() as dtype,
            bool() | 0 | 1 as fortran,
            content,
        ):
            if not isinstance(content, bytes | bytearray | str):
                raise InputError(f"holds an array whose content is {called(content)}; expected bytes")
            value.dtype, value.shape, value.order = dtype, _integers(shape), "F" if fortran else "C"
            value.content = content
        case SparseRecord(attributes=None), dict():
            value.attributes = state
        case _:
            raise InputError(f"gives {called(value)} a state that no pickled array has")


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


def _integers(values: Any) -> tuple[int, ...]:
    """A shape or an order of axes, checked to be a tuple of integers."""
    if (
        type(values) is not tuple
        or len(values) > MOST_AXES
        or not all(type(value) is int for value in values)
    ):
        raise InputError(f"holds an array whose shape or axes are not up to {MOST_AXES} integers")
    return values


def _order(order: Any) -> str:
    if order not in ("C", "F"):
        raise InputError("holds an array whose order is neither 'C' nor 'F'")
    return str(order)
