"""A reader of pickle programs that knows the instructions of arrays, and neither imports nor calls anything.

A pickle is a program for a machine with a stack and a memo. :func:`run` goes through its instructions
and keeps what they describe as records of :mod:`harness.data.pickle_values`.
"""

from __future__ import annotations

import pickletools
import struct
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from harness.data.pickle_values import SparseClass, SparseRecord, build, called, reduce, resolve, shown
from harness.errors import InputError

MOST_OPCODES = 400_000
"""Instructions of one pickle. An array takes about 25 of them, and a number in a list one."""

MOST_VALUES = 100_000
"""Values on the stack at once. Python's pickler never leaves more than some thousands."""

MOST_REMEMBERED = 200_000
"""Values in the memo. An array takes about ten."""

HIGHEST_PROTOCOL = 5


class Machine:
    """The stack and the memo of a pickle program.

    Attributes:
        stack: Values since the last mark.
        below: The stacks below the marks, the lowest first.
        memo: Values that the program refers to by number.
        depth: Values on all of these stacks.
    """

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.depth = 0

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self.depth += 1
        if self.depth > MOST_VALUES:
            raise InputError(f"puts more than {MOST_VALUES:,} values on its stack")
        self.stack.append(value)

    def pop(self) -> Any:
        """Take the last value off the stack."""
        if not self.stack:
            raise InputError("takes a value from an empty stack")
        self.depth -= 1
        return self.stack.pop()

    def pop_several(self, count: int) -> tuple[Any, ...]:
        """Take the last ``count`` values off the stack."""
        return tuple(self.pop() for _ in range(count))[::-1]

    def mark(self) -> None:
        """Begin a new stack."""
        self.push(None)  # a mark takes room as a value does
        self.below.append(self.stack)
        self.stack = []

    def pop_to_mark(self) -> list[Any]:
        """Take everything since the last mark off the stack, and the mark."""
        if not self.below:
            raise InputError("looks for a mark that it never set")
        values, self.stack = self.stack, self.below.pop()
        self.depth -= len(values)
        self.pop()
        return values

    def store(self, number: int) -> None:
        """Remember the last value under a number."""
        if not self.stack:
            raise InputError("remembers a value from an empty stack")
        self.memo[number] = self.stack[-1]
        if len(self.memo) > MOST_REMEMBERED:
            raise InputError(f"remembers more than {MOST_REMEMBERED:,} values")

    def fetch(self, number: int) -> None:
        """Put the value with this number on the stack."""
        if number not in self.memo:
            raise InputError(f"refers to value {number}, which it never remembered")
        self.push(self.memo[number])


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
