"""Hostile and broken pickles: every instruction, programs that call or exhaust, matrices that do not fit."""

from __future__ import annotations

import copy
import pickle
import pickletools
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

PROTOCOLS = range(6)

REMOVED = object()
"""Stands for an attribute that a matrix shall not have."""

Program = tuple[str, str, bytes]
"""Kind, name and bytes of a pickle."""


def objects() -> list[Any]:
    """What pickles of arrays hold: every number type, order and sparse class, and containers of them."""
    random = np.random.default_rng(0)
    made: list[Any] = []
    for number in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "f16"):
        for shape in ((), (0,), (3,), (2, 3), (0, 4), (2, 3, 4)):
            array = random.integers(0, 2, shape).astype(f"<{number}")
            made += [array, np.asfortranarray(array), array.T, array[..., ::2] if shape else array[()]]
            made += [array.transpose(1, 0, 2)] if len(shape) == 3 else []
            made += [array.astype(array.dtype.newbyteorder(">"))]
    for form in (sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.csc_array, sp.coo_matrix, sp.coo_array):
        for number in ("b1", "i1", "i4", "i8", "u1", "f4", "f8"):
            matrix = sp.random(5, 7, 0.3, random_state=1)
            made.append(form((10 * matrix).astype(number)))
        made += [form((3, 4)), form((0, 4))]
    matrix = sp.csr_matrix(np.eye(3))
    return [*made, [1, 2.5, True], {"rows": np.ones(3), 2: [np.zeros(2)]}, (np.ones(2), matrix, abs(matrix))]


def dumps(value: Any) -> Iterator[bytes]:
    """The value's pickle in every protocol."""
    for protocol in PROTOCOLS:
        yield pickle.dumps(value, protocol)


ARGUMENTS = {
    "stringnl": b"'abc'\n",
    "stringnl_noescape": b"abc\n",
    "stringnl_noescape_pair": b"os\nsystem\n",
    "unicodestringnl": b"abc\n",
    "decimalnl_short": b"7\n",
    "decimalnl_long": b"7L\n",
    "floatnl": b"1.5\n",
    "float8": struct.pack(">d", 1.5),
    "uint1": b"\x01",
    "uint2": b"\x01\x00",
    "int4": b"\x01\x00\x00\x00",
    "uint4": b"\x01\x00\x00\x00",
    "uint8": struct.pack("<Q", 1),
    "long1": b"\x01\x07",
    "long4": b"\x01\x00\x00\x00\x07",
    "string1": b"\x01a",
    "string4": b"\x01\x00\x00\x00a",
    "unicodestring1": b"\x01a",
    "unicodestring4": b"\x01\x00\x00\x00a",
    "unicodestring8": struct.pack("<Q", 1) + b"a",
    "bytes1": b"\x01a",
    "bytes4": b"\x01\x00\x00\x00a",
    "bytes8": struct.pack("<Q", 1) + b"a",
    "bytearray8": struct.pack("<Q", 1) + b"a",
}
"""An argument of every kind that instructions take."""

STACKS = {
    "nothing": b"",
    "None": b"N",
    "a mark": b"(",
    "marked number": b"(K\x01",
    "list and number": b"]K\x01",
    "list and marked numbers": b"](K\x01K\x02",
    "dict, key and value": b"}K\x01K\x02",
    "dict and marked pair": b"}(K\x01K\x02",
    "class and no arguments": b"cnumpy\nndarray\n)",
    "class, arguments and keywords": b"cnumpy\nndarray\n)}",
    "marked class": b"(cnumpy\ndtype\n",
    "two names": b"Vnumpy\nVdtype\n",
    "remembered number": b"K\x01q\x01",
}
"""What is on the stack before an instruction."""


def opcode_programs() -> Iterator[Program]:
    """Every instruction of the pickle language, in every protocol, after every kind of stack."""
    for opcode in pickletools.opcodes:
        argument = ARGUMENTS[opcode.arg.name] if opcode.arg else b""
        for protocol in PROTOCOLS:
            start = b"\x80" + bytes([protocol]) if protocol >= 2 else b""
            for stack, before in STACKS.items():
                for end in (b".", b"0.", b"t."):
                    name = f"{opcode.name}, protocol {protocol}, after {stack}"
                    yield (
                        "every opcode",
                        name,
                        start + before + opcode.code.encode("latin-1") + argument + end,
                    )


def mutated_programs(count: int, seed: int = 0) -> Iterator[Program]:
    """Valid pickles with some bytes changed, taken out, repeated, or from another pickle."""
    random = np.random.default_rng(seed)
    valid = [program for value in objects()[::7] + objects()[-60:] for program in dumps(value)]
    for number in range(count):
        program = bytearray(valid[random.integers(len(valid))])
        for _ in range(random.integers(1, 5)):
            start = int(random.integers(len(program)))
            length = int(random.integers(1, 9))
            match random.integers(6):
                case 0:
                    program[start] = random.integers(256)
                case 1:
                    program[start] ^= 1 << random.integers(8)
                case 2:
                    del program[start : start + length]
                case 3:
                    program[start:start] = program[start : start + length]
                case 4:
                    other = valid[random.integers(len(valid))]
                    program[start : start + length] = other[start : start + length]
                case 5:
                    program[start:] = program[start:][: len(program) // 2] or b"."
            program = program or bytearray(b".")
        yield "mutated", f"mutation {number}", bytes(program)


def text(value: str) -> bytes:
    """A text of up to 255 letters, pushed."""
    return b"\x8c" + bytes([len(value)]) + value.encode()


def name(module: str, attribute: str) -> bytes:
    """A name, pushed as protocol 4 does."""
    return text(module) + text(attribute) + b"\x93"


DTYPE = name("numpy", "dtype") + text("f8") + b"\x89\x88\x87R(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xff"
DTYPE += b"J\xff\xff\xff\xffK\x00tb"
"""The number type float64, pushed."""

FROM_BUFFER = name("numpy._core.numeric", "_frombuffer")
CSR = name("scipy.sparse._csr", "csr_matrix")

ARRAY = FROM_BUFFER + b"(C\x08" + bytes(8) + DTYPE + b"K\x01\x85" + text("C") + b"tR"
"""An array of one zero, pushed."""


def calling_programs() -> Iterator[Program]:
    """Programs that import, call and set attributes."""
    names = [
        ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("builtins", "exec"), ("builtins", "getattr"),
        ("builtins", "__import__"), ("numpy", "ndarray.tofile"), ("numpy", "load"), ("numpy", "fromfile"),
        ("numpy.testing", "measure"), ("numpy.f2py", "compile"), ("scipy.sparse", "csr_matrix.__init__"),
        ("scipy.sparse.linalg", "spsolve"), ("scipy.sparse", "load_npz"), ("antigravity", "geohash"),
        ("numpy._core.multiarray", "fromfile"), ("numpy.core.multiarray", "_reconstruct.__call__"),
        ("_codecs", "decode"), ("copyreg", "add_extension"), ("scipy.sparse.nowhere", "csr_matrix"),
        ("", ""), (".", "."), ("numpy", ""), ("scipy.sparse", "dok_matrix"), ("numpy", "matrix"),
    ]  # fmt: skip
    for module, attribute in names:
        named, title = name(module, attribute), f"{module}.{attribute}"
        plain = f"c{module}\n{attribute}\n".encode()
        yield "imports and calls", f"names {title}", named + b"."
        yield "imports and calls", f"names {title} in protocol 0", plain + b"."
        yield "imports and calls", f"calls {title}", named + text("echo") + b"\x85R."
        yield "imports and calls", f"calls {title} in protocol 0", plain + b"(S'echo'\ntR."
        yield "imports and calls", f"makes {title}", named + b")\x81."
        yield "imports and calls", f"makes {title} with keywords", named + b")}\x92."
        yield "imports and calls", f"makes {title} by INST", f"(i{module}\n{attribute}\n.".encode()
        yield "imports and calls", f"makes {title} by OBJ", b"(" + named + b"o."
        yield "imports and calls", f"sets attributes of {title}", named + b"}" + text("a") + b"K\x01sb."
    known = {
        "dtype": name("numpy", "dtype"), "ndarray": name("numpy", "ndarray"), "csr": CSR, "frombuffer": FROM_BUFFER,
        "reconstruct": name("numpy.core.multiarray", "_reconstruct"), "encode": name("_codecs", "encode"),
        "scalar": name("numpy.core.multiarray", "scalar"), "object": name("builtins", "object"),
        "bytes": name("builtins", "bytes"), "new": name("copyreg", "_reconstructor"), "array": ARRAY,
        "float64": DTYPE, "list": b"]", "None": b"N",
    }  # fmt: skip
    state = b"}" + text("pwned") + b"K\x01s"
    for first, pushed in known.items():
        yield "imports and calls", f"sets attributes of {first}", pushed + state + b"b."
        yield "imports and calls", f"sets slots of {first}", pushed + b"N" + state + b"\x86b."
        for second, argument in known.items():
            yield "imports and calls", f"calls {first} with {second}", pushed + argument + b"\x85R."
            yield "imports and calls", f"sets the state of {first} to {second}", pushed + argument + b"b."
    yield (
        "imports and calls",
        "a scalar of objects at an address",
        (
            name("numpy.core.multiarray", "scalar") + name("numpy", "dtype") + text("O8") + b"\x89\x88\x87R"
            b"(K\x03"
            + text("|")
            + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb"
            + b"C\x08"
            + b"A" * 8
            + b"\x86R."
        ),
    )
    yield (
        "imports and calls",
        "a dtype whose state has fields",
        (
            name("numpy", "dtype")
            + text("f8")
            + b"\x89\x88\x87R(K\x03"
            + text("<")
            + b"N"
            + text("a")
            + b"\x85"
            b"}" + text("a") + b"K\x01sK\x64K\x01K\x3ftb."
        ),
    )
    for code, title in (
        (b"P1\n", "PERSID"),
        (b"N\x51", "BINPERSID"),
        (b"\x82\x01", "EXT1"),
        (b"\x97", "NEXT_BUFFER"),
    ):
        yield "imports and calls", title, code + b"."


def bombs() -> Iterator[tuple[str, bytes]]:
    """Short programs that refer to the same value again and again; each pushes its values."""
    doubled = {"list": (b"](", b"e"), "tuple": (b"(", b"t"), "dict": (b"}(", b"u")}
    for kind, (start, end) in doubled.items():
        for width, depth in ((2, 200), (100, 14)):
            for title, value in (("number", b"K\x01"), ("array", ARRAY)):
                entries = [
                    b"K" + bytes([key]) + b"h\x00" if kind == "dict" else b"h\x00" for key in range(width)
                ]
                level = start + b"".join(entries) + end + b"q\x00"
                yield (
                    f"{kind} of {width} {kind}s, {depth} levels, of one {title}",
                    value + b"q\x00" + level * depth,
                )
    yield "a list in itself", b"]q\x00h\x00a"
    yield "a dict in itself", b"}q\x00K\x01h\x00s"
    yield "tuples as keys", b"K\x01q\x00" + b"h\x00h\x00\x86q\x00" * 200 + b"}h\x00Ns"
    size, length = struct.pack("<I", 2**20), b"J" + struct.pack("<i", 2**17) + b"\x85"
    zeros, letters = b"B" + size + bytes(2**20) + b"q\x00", b"X" + size + b"a" * 2**20 + b"q\x00"
    first = FROM_BUFFER + b"q\x01(" + zeros + DTYPE + b"q\x02" + length + text("C") + b"tRq\x03"
    again = b"h\x01(h\x00h\x02" + length + text("C") + b"tR"
    yield "one array many times", first + b"](" + b"h\x03" * 90_000 + b"e"
    yield "one content in many arrays", first + b"](" + again * 10_000 + b"e"
    rebuilt = (
        name("numpy.core.multiarray", "_reconstruct") + name("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R"
    )
    encode = name("_codecs", "encode")
    for title, opened, used, count in (
        ("content", zeros, b"h\x00", 3_000),
        ("text", letters, b"h\x00", 3_000),
        (
            "encoded text",
            encode + letters + text("latin1") + b"\x86R",
            encode + b"h\x00" + text("latin1") + b"\x86R",
            2_000,
        ),
    ):
        start = rebuilt + b"(K\x01" + length + DTYPE + b"q\x02\x89" + opened + b"tb"
        other = rebuilt + b"(K\x01" + length + b"h\x02\x89" + used + b"tb"
        yield f"one {title} in many states", start + b"](" + other * count + b"e"
    first = first.replace(text("f8"), text("i8"))
    state = (
        b"}("
        + text("_shape")
        + b"K\x01K\x01\x86"
        + text("coords")
        + b"h\x03h\x03\x86"
        + text("data")
        + b"h\x03u"
    )
    matrix = name("scipy.sparse._coo", "coo_matrix") + b")\x81" + state + b"b"
    yield "one array in many matrices", first + b"](" + matrix * 3_000 + b"e"
    empty = FROM_BUFFER + b"q\x01(C\x00" + DTYPE + b"K\x00\x85" + text("C") + b"tq\x05Rq\x03"
    yield (
        "many empty arrays",
        empty + b"](" + b"h\x01h\x05R" * 99_000 + b"e](" + b"h\x01h\x05R" * 30_000 + b"e",
    )
    empty = (
        empty.replace(text("f8"), text("i8"))
        + name("scipy.sparse._coo", "coo_matrix")
        + b"q\x06)\x81"
        + state
    )
    yield "many empty matrices", empty + b"q\x07b](" + b"h\x06)\x81h\x07b" * 79_000 + b"e"
    pairs = b"".join(b"J" + struct.pack("<i", key) + b"N" for key in range(40_000))
    wide = empty.replace(b"}(", b"}(" + pairs) + b"q\x07b](" + b"h\x06)\x81h\x07b" * 900 + b"e"
    yield "many matrices with many attributes", wide
    sides = b"(" + b"K\x00" * 90_000 + b"tq\x08" + text("C") + b"tq\x05Rq\x03"
    many = FROM_BUFFER + b"q\x01(C\x00" + DTYPE + sides + b"](" + b"h\x01h\x05R" * 30_000 + b"e"
    yield "many arrays of many axes", many
    yield "one matrix many times", first + matrix + b"q\x04](" + b"h\x04" * 90_000 + b"e"


def exhausting_programs() -> Iterator[Program]:
    """Programs that are short and ask for much memory or time."""
    for title, pushed in bombs():
        yield "exhausts memory", title, b"(" + pushed + b"t."
    big, huge = struct.pack("<I", 2**31 - 1), struct.pack("<Q", 2**62)
    for opcode in pickletools.opcodes:
        if opcode.arg and opcode.arg.n in (
            pickletools.TAKEN_FROM_ARGUMENT4,
            pickletools.TAKEN_FROM_ARGUMENT4U,
        ):
            yield "exhausts memory", f"{opcode.name} of 2 GiB", opcode.code.encode("latin-1") + big + b"abc."
        if opcode.arg and opcode.arg.n == pickletools.TAKEN_FROM_ARGUMENT8U:
            yield "exhausts memory", f"{opcode.name} of 2^62", opcode.code.encode("latin-1") + huge + b"abc."
    many = 90_000
    for title, code in (
        ("marks", b"("), ("lists", b"]"), ("numbers", b"K\x01"), ("nested tuples", b"\x85"), ("None", b"N"),
        ("remembered", b"\x94"), ("popped", b"N0"), ("duplicated", b"2"), ("dicts", b"}"), ("stops", b"."),
    ):  # fmt: skip
        for count in (many, 20 * many):
            yield "exhausts memory", f"{count} times {title}", b"N" + code * count + b"."
            yield "exhausts memory", f"{count} times {title} in a tuple", b"(N" + code * count + b"t."
    yield "exhausts memory", "nested lists", b"]" * many + b"a" * (many - 1) + b"."
    yield "exhausts memory", "an integer of a million digits", b"I" + b"9" * 10**6 + b"\n."
    yield "exhausts memory", "a long of a million digits", b"L" + b"9" * 10**6 + b"L\n."
    yield "exhausts memory", "a long of 8 MiB", b"\x8b" + struct.pack("<i", 2**23) + b"\x7f" * 2**23 + b"."
    yield "exhausts memory", "a name of dots", b"c" + b"." * 2**23 + b"\ncsr_matrix\n."
    yield (
        "exhausts memory",
        "a memo of scattered numbers",
        b"N" + b"r\xff\xff\xff\xffp999999999999\n" * many + b".",
    )
    for shape in ((2**40,), (-1,), (2**62, 0), (2**31, 2**31), (2**63,), (1,) * 70, (0,) * 70, (-1, -1)):
        sides = b"".join(b"\x8a\x09" + side.to_bytes(9, "little", signed=True) for side in shape)
        for content in (b"", bytes(8)):
            pushed = FROM_BUFFER + b"(C" + bytes([len(content)]) + content + DTYPE
            program = pushed + b"(" + sides + b"t" + text("C") + b"tR."
            yield "exhausts memory", f"an array of shape {shape} in {len(content)} bytes", program


def tampered(matrix: Any, attributes: dict[str, Any]) -> Any:
    """A copy of a sparse matrix with other attributes; ``REMOVED`` ones are gone."""
    other = copy.copy(matrix)
    vars(other).update(attributes)
    for key in [key for key, value in vars(other).items() if value is REMOVED]:
        del vars(other)[key]
    return other


def inconsistent_programs() -> Iterator[Program]:
    """Matrices whose parts do not fit together, of every sparse class."""
    dense = np.arange(12.0).reshape(3, 4)
    for kind in ("matrix", "array"):
        for form in ("csr", "csc", "coo"):
            matrix = getattr(sp, f"{form}_{kind}")(dense)
            entries = matrix.nnz
            changes: dict[str, dict[str, Any]] = {
                "no attributes": dict.fromkeys(vars(matrix), REMOVED),
                "a shape too small": {"_shape": (2, 2)},
                "a huge shape": {"_shape": (2**31, 2**31)},
                "a negative shape": {"_shape": (-3, -4)},
                "a shape of texts": {"_shape": ("3", "4")},
                "a shape of one": {"_shape": (3,)},
                "a shape of 2^70": {"_shape": (2**70, 4)},
                "too few entries": {"data": matrix.data[:2]},
                "entries that are None": {"data": None},
                "entries of objects": {"data": np.array([None] * entries, dtype=object)},
                "entries of texts": {"data": np.array(["a"] * entries)},
                "entries in two dimensions": {"data": matrix.data[None]},
                "complex entries": {"data": matrix.data.astype(complex)},
                "half precision": {"data": matrix.data.astype("f2")},
                "NaN": {"data": np.where(matrix.data > 6, np.nan, matrix.data)},
                "infinity": {"data": np.where(matrix.data > 6, np.inf, matrix.data)},
                "a list for entries": {"data": matrix.data.tolist()},
            }
            if form == "coo":
                row, col = matrix.row, matrix.col
                parts = {
                    "negative rows": (row - 9, col),
                    "rows too large": (row + 9, col),
                    "no rows": (row[:0], col),
                }
                parts |= {
                    "rows as floats": (row.astype(float), col),
                    "three axes": (row, col, col),
                    "one axis": (row,),
                }
                changes |= {title: {"coords": coordinates} for title, coordinates in parts.items()}
            else:
                indices, indptr = matrix.indices, matrix.indptr
                changes |= {
                    "negative indices": {"indices": indices - 100},
                    "indices too large": {"indices": indices + 100},
                    "indices as floats": {"indices": indices.astype(float)},
                    "a short indptr": {"indptr": indptr[:2]},
                    "a long indptr": {"indptr": np.append(indptr, entries)},
                    "an empty indptr": {"indptr": indptr[:0]},
                    "an indptr beyond the entries": {"indptr": indptr * 1000},
                    "an indptr that falls": {"indptr": np.concatenate([[0, 9, 2], indptr[3:]])},
                    "an indptr from 1": {"indptr": np.concatenate([[1], indptr[1:]])},
                    "a negative indptr": {"indptr": np.concatenate([[0, -5], indptr[2:]])},
                    "an indptr of uint8": {"indptr": indptr.astype("u1")},
                }
            for title, attributes in changes.items():
                for protocol in PROTOCOLS:
                    program = pickle.dumps(tampered(matrix, attributes), protocol)
                    yield "parts that do not fit", f"{form}_{kind} with {title}, protocol {protocol}", program


def broken_programs() -> Iterator[Program]:
    """What is no whole pickle."""
    yield "cut or empty", "nothing", b""
    yield "cut or empty", "no pickle", b"user,item\n1,2\n"
    yield "cut or empty", "an end alone", b"."
    yield "cut or empty", "two values", b"NN."
    yield "cut or empty", "an open mark", b"(N."
    yield "cut or empty", "protocol 6", b"\x80\x06N."
    yield "cut or empty", "texts alone", pickle.dumps(["a", b"b", None])
    yield "cut or empty", "an escape", b"S'\\d'\n."
    yield "cut or empty", "half a letter", b"X\x01\x00\x00\x00\xff."
    for program in dumps(sp.csr_matrix(np.eye(3))):
        for length in range(0, len(program), 3):
            yield "cut or empty", f"the first {length} bytes", program[:length]


def programs(mutations: int) -> Iterator[Program]:
    """The whole corpus."""
    yield from opcode_programs()
    yield from calling_programs()
    yield from exhausting_programs()
    yield from inconsistent_programs()
    yield from broken_programs()
    yield from mutated_programs(mutations)
