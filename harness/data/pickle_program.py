"""A reader of pickle programs that knows the instructions of arrays, and neither imports nor calls anything.

A pickle is a program for a machine with a stack and a memo. :func:`run` goes through its instructions
and keeps what they describe as records of :mod:`harness.data.pickle_records`.
"""

from __future__ import annotations

import pickletools
import struct
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from harness.data.pickle_machine import Machine
from harness.data.pickle_records import SparseClass, SparseRecord, called, shown
from harness.data.pickle_rules import build, reduce, resolve
from harness.errors import InputError

MOST_OPCODES = 250_000
"""Instructions of one pickle. An array takes about 25 of them, and a number in a list one."""

HIGHEST_PROTOCOL = 5


def run(program: bytes) -> Any:
    """What a pickle of arrays describes: records, numbers, and lists, tuples and dicts of them.

    Raises:
        InputError: The program is broken, too large, or does what no pickle of arrays does.
    """
    machine = Machine()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of unknown escapes in texts, which do not matter here
        for count, (opcode, argument, position) in enumerate(_instructions(program)):
            if count >= MOST_OPCODES:
                raise InputError(
                    f"has more than {MOST_OPCODES:,} instructions, as a list of many single numbers has; "
                    "expected numbers in a numpy array"
                )
            step = STEPS.get(opcode)
            if step is None:
                raise InputError(
                    f"has the instruction {opcode} at byte {position}, which no pickled array needs"
                )
            step(machine, argument)
    if machine.below or len(machine.stack) != 1:
        raise InputError("unreadable pickle (it ends with more or less than one value)")
    return machine.pop()


def _instructions(program: bytes) -> Iterator[tuple[str, Any, int]]:
    """Name, argument and position of each instruction.

    Raises:
        InputError: The program is cut, has bytes that are no instruction, or an argument that is none.
    """
    try:
        for opcode, argument, position in pickletools.genops(program):
            yield opcode.name, argument, position or 0
    except (ValueError, OverflowError, struct.error) as error:
        raise InputError(f"unreadable pickle ({shown(str(error))})") from None


def _push_number(machine: Machine, argument: Any) -> None:
    if isinstance(argument, int) and not -(2**63) <= argument < 2**64:
        raise InputError("holds an integer of more than 64 bits")
    machine.push(argument)


def _protocol(machine: Machine, argument: Any) -> None:
    if argument > HIGHEST_PROTOCOL:
        raise InputError(f"has pickle protocol {argument}; expected at most {HIGHEST_PROTOCOL}")


def _name(machine: Machine, argument: Any) -> None:
    module, _, name = argument.partition(" ")
    machine.push(resolve(module, name))


def _name_from_stack(machine: Machine, argument: Any) -> None:
    module, name = machine.pop_several(2)
    if not isinstance(module, str) or not isinstance(name, str):
        raise InputError(f"names {called(module)} and {called(name)}; expected a module and a name")
    machine.push(resolve(module, name))


def _reduce(machine: Machine, argument: Any) -> None:
    name, arguments = machine.pop_several(2)
    machine.push(reduce(name, arguments))


def _new_object(machine: Machine, argument: Any) -> None:
    kind, arguments = machine.pop_several(2)
    if not isinstance(kind, SparseClass) or arguments != ():
        raise InputError(f"makes an object of {called(kind)}, which no pickled array needs")
    machine.push(SparseRecord(kind))


def _build(machine: Machine, argument: Any) -> None:
    state = machine.pop()
    value = machine.pop()
    build(value, state)
    machine.push(value)


def _extend(machine: Machine, values: list[Any]) -> None:
    """Append values to the list on the stack."""
    target = machine.pop()
    if type(target) is not list:
        raise InputError(f"appends to {called(target)}; expected a list")
    target.extend(values)
    machine.push(target)


def _insert(machine: Machine, values: list[Any]) -> None:
    """Put keys and values, one after the other, into the dict on the stack."""
    target = machine.pop()
    if type(target) is not dict:
        raise InputError(f"sets keys of {called(target)}; expected a dict")
    target.update(_pairs(values))
    machine.push(target)


def _pairs(values: list[Any]) -> dict[Any, Any]:
    """A dict of keys and values that follow each other. Keys are texts or integers: these hash quickly."""
    if len(values) % 2:
        raise InputError("holds a dict with a key that has no value")
    for key in values[::2]:
        if type(key) not in (str, int):
            raise InputError(f"holds a dict whose key is {called(key)}; expected a text or an integer")
    return dict(zip(values[::2], values[1::2], strict=True))


Step = Callable[[Machine, Any], None]

STEPS: dict[str, Step] = {
    **dict.fromkeys(("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"), _push_number),
    **dict.fromkeys(("FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING"), Machine.push),
    **dict.fromkeys(("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"), Machine.push),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"), Machine.push),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), Machine.store),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), Machine.fetch),
    **dict.fromkeys(("FRAME", "STOP"), lambda machine, argument: None),
    "PROTO": _protocol,
    "NONE": lambda machine, argument: machine.push(None),
    "NEWTRUE": lambda machine, argument: machine.push(True),
    "NEWFALSE": lambda machine, argument: machine.push(False),
    "MARK": lambda machine, argument: machine.mark(),
    "MEMOIZE": lambda machine, argument: machine.store(len(machine.memo)),
    "EMPTY_TUPLE": lambda machine, argument: machine.push(()),
    "TUPLE1": lambda machine, argument: machine.push(machine.pop_several(1)),
    "TUPLE2": lambda machine, argument: machine.push(machine.pop_several(2)),
    "TUPLE3": lambda machine, argument: machine.push(machine.pop_several(3)),
    "TUPLE": lambda machine, argument: machine.push(tuple(machine.pop_to_mark())),
    "EMPTY_LIST": lambda machine, argument: machine.push([]),
    "LIST": lambda machine, argument: machine.push(machine.pop_to_mark()),
    "APPEND": lambda machine, argument: _extend(machine, [machine.pop()]),
    "APPENDS": lambda machine, argument: _extend(machine, machine.pop_to_mark()),
    "EMPTY_DICT": lambda machine, argument: machine.push({}),
    "DICT": lambda machine, argument: machine.push(_pairs(machine.pop_to_mark())),
    "SETITEM": lambda machine, argument: _insert(machine, list(machine.pop_several(2))),
    "SETITEMS": lambda machine, argument: _insert(machine, machine.pop_to_mark()),
    "GLOBAL": _name,
    "STACK_GLOBAL": _name_from_stack,
    "REDUCE": _reduce,
    "NEWOBJ": _new_object,
    "BUILD": _build,
}
"""What each instruction does. Those that are missing here are refused."""
