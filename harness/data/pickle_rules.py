"""Which names, calls and states a pickle of arrays may have, and the records that they stand for.

The pickle protocol has three verbs: name a thing of a module, call it, and set the state of the result.
Here a name is a label, a call gives a record, and a state fills a record in.
"""

from __future__ import annotations

from typing import Any

from harness.data.arrays import MOST_AXES
from harness.data.pickle_records import (
    ITEM_BYTES,
    RENAMED,
    SPARSE_CLASSES,
    ArrayRecord,
    DtypeRecord,
    Name,
    SparseClass,
    SparseRecord,
    called,
    shown,
)
from harness.errors import InputError


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
