"""Text files that are broken, or unusual and sound, each with what reading it must give."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEADER = ["user", "item", "rating", "about"]


@dataclass(frozen=True)
class Case:
    """One log.

    Attributes:
        kind: What is tried.
        title: Which file.
        source: The plan's source.
        refused: Words of the refusal; None if the file must be read.
        users, items: The ids that it then has; None if they are those of the sound log.
    """

    kind: str
    title: str
    source: dict[str, Any]
    refused: str | None = None
    users: set[str] | None = None
    items: set[str] | None = None


def sound_rows() -> list[list[str]]:
    """Ten users with four of six items each; texts have quotes, commas and line ends where csv allows."""
    return [[f"u{u}", f"i{(u + step) % 6}", "5", f"text {u}"] for u in range(10) for step in range(4)]


USERS = {f"u{number}" for number in range(10)}
ITEMS = {f"i{number}" for number in range(6)}


class Writer:
    """Writes logs into a folder, each under a name of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    def source(self, ending: str, content: str | bytes, **more: Any) -> dict[str, Any]:
        """The source of a log with this content."""
        self.count += 1
        path = self.folder / f"log{self.count}{ending}"
        raw = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw) if ending.endswith(".gz") else raw)
        return {"kind": "table", "path": str(path), "rating": "rating", **more}


def delimited(rows: list[list[str]], separator: str, header: list[str] = HEADER) -> str:
    """Rows with their header, without any quotes."""
    return "".join(separator.join(fields) + "\n" for fields in [header, *rows])


def delimited_cases(writer: Writer) -> Iterator[Case]:
    """Files with separators: rows of other lengths, marks, blank lines, line ends."""
    for ending, separator in (
        (".csv", ","),
        (".tsv", "\t"),
        (".csv.gz", ","),
        (".tsv.gz", "\t"),
        (".inter", "\t"),
    ):
        for place in (0, 1, 17, 39):
            for kind, change in (
                ("a field too many", lambda fields: [*fields, "more"]),
                ("a separator at the end", lambda fields: [*fields, ""]),
                ("a field too few", lambda fields: fields[:-1]),
                ("one field", lambda fields: fields[:1]),
            ):
                rows = sound_rows()
                rows[place] = change(rows[place])
                source = writer.source(ending, delimited(rows, separator))
                yield Case(
                    kind,
                    f"{ending}, row {place + 2}",
                    source,
                    refused=f"row {place + 2}: .*fields?; expected 4",
                )
        for kind, extra in (("a separator at the end", ""), ("a field too many", "x")):
            rows = [[*fields, extra] for fields in sound_rows()]
            source = writer.source(ending, delimited(rows, separator))
            yield Case(kind, f"{ending}, every row", source, refused="row 2: 5 fields; expected 4")
        text = delimited(sound_rows(), separator)
        sound = {
            "a byte order mark": "\ufeff" + text,
            "line ends of Windows": text.replace("\n", "\r\n"),
            "no line end at the end": text.rstrip("\n"),
            "blank lines": text.replace("\n", "\n\n"),
            "letters of other scripts": text.replace("text", "\u043a\u043d\u0438\u0433\u0430 \U0001f4d6"),
        }
        for kind, content in sound.items():
            yield Case(kind, ending, writer.source(ending, content))
        latin = text.replace("text 3", "caf\u00e9").encode("latin-1")
        yield Case("no UTF-8", ending, writer.source(ending, latin), refused="not UTF-8")
        yield Case(
            "no UTF-8", f"{ending}, UTF-16", writer.source(ending, text.encode("utf-16")), refused="UTF-8"
        )
        yield Case("an empty file", ending, writer.source(ending, ""), refused="empty file")
        header = separator.join(HEADER)
        for content in (header, header + "\n", header + "\n\n"):
            yield Case(
                "a header alone",
                ending,
                writer.source(ending, content),
                refused="no users and items are left",
            )
        twice = delimited(sound_rows(), separator, ["user", "item", "rating", "user"])
        yield Case("a column twice", ending, writer.source(ending, twice), refused="2 columns 'user'")
        numbered = [[str(2**60 + int(u[1:])), f"00{i[1:]}", *rest] for u, i, *rest in sound_rows()]
        users = {str(2**60 + number) for number in range(10)}
        source = writer.source(ending, delimited(numbered, separator))
        yield Case("long ids and leading zeros", ending, source, None, users, {f"00{i}" for i in range(6)})


def quoted_cases(writer: Writer) -> Iterator[Case]:
    """Quotes in csv files that close, that do not, and that stand in the middle of a field."""
    for ending in (".csv", ".csv.gz"):
        for place in (0, 1, 17, 39):
            lines = delimited(sound_rows(), ",").splitlines()
            quoted = [line.rsplit(",", 1)[0] + ',"' + line.rsplit(",", 1)[1] + '"' for line in lines]
            for kind, others in (
                ("a quote that never closes", lines),
                ("a quote that closes too late", quoted),
            ):
                broken = list(others)
                broken[place + 1] = lines[place + 1].rsplit(",", 1)[0] + ',"open'
                last = "never closes" if others is lines or place == 39 else "follows a closing quote"
                source = writer.source(ending, "\n".join(broken) + "\n")
                yield Case(kind, f"{ending}, row {place + 2}", source, refused=f"row {place + 2}: .*{last}")
            broken = list(quoted)
            broken[place + 1] = quoted[place + 1][:-1] + '" more'
            source = writer.source(ending, "\n".join(broken) + "\n")
            yield Case(
                "text behind a quote",
                f"{ending}, row {place + 2}",
                source,
                refused=f"row {place + 2}: .*closing quote",
            )
            sound = list(quoted)
            sound[place + 1] = lines[place + 1].rsplit(",", 1)[0] + ',"a ""b"", c\nd\re"'
            yield Case("quotes, commas and line ends", ending, writer.source(ending, "\n".join(sound) + "\n"))
    text = delimited(sound_rows(), "\t").replace("text 3", '"open')
    yield Case("a quote in a tsv", ".tsv", writer.source(".tsv", text))


def json_cases(writer: Writer) -> Iterator[Case]:
    """JSON lines: rows that are no objects, broken rows, ids as numbers and null."""
    rows = [dict(zip(HEADER, fields, strict=True)) for fields in sound_rows()]
    lines = [json.dumps(row) for row in rows]
    wrong = {
        "[1, 2]": "a list", "12": "a number", "null": "null", '"u1"': "a text", "true": "a truth value",
        "{": "broken JSON", '{"user": }': "broken JSON", "{'user': 1}": "broken JSON", lines[0] + ",": "broken JSON",
        lines[0][:-1]: "broken JSON", lines[0] + lines[0]: "broken JSON", "user,item": "broken JSON",
        '{"user": ["u1"], "item": "i1", "rating": 5}': "user is a list",
        '{"user": {"id": 1}, "item": "i1", "rating": 5}': "user is an object",
        '{"user": "u1", "item": true, "rating": 5}': "item is a truth value",
        '{"user": null, "item": "i1", "rating": 5}': "no user id",
        '{"item": "i1", "rating": 5}': "no user id",
        '{"user": " ", "item": "i1", "rating": 5}': "no user id",
        '{"user": "u1", "item": "i9", "rating": null}': "rating is ''",
        '{"user": "u1", "item": "i9", "rating": "five"}': "rating is 'five'",
        '{"user": "u1", "item": "i9", "rating": Infinity}': "rating is 'Infinity'",
        '{"user": "u1", "item": "i9", "rating": 5, "about": "\\ud83d"}': "half a letter",
        '{"user": "u1", "item": "i9", "rating": 5, "about": ' + "[" * 500 + "]" * 500 + "}": "deep",
        '{"user": "u1", "item": "i9", "rating": 5, "about": ' + "[" * 50_000 + "]" * 50_000 + "}": "deep",
    }  # fmt: skip
    for ending in (".jsonl", ".jsonl.gz"):
        for row, words in wrong.items():
            for place in (0, 17, 39):
                content = "\n".join([*lines[:place], row, *lines[place + 1 :]])
                kind = "a row that is no object" if words.startswith(("a ", "null")) else "a broken row"
                kind = (
                    "an id or number of another kind"
                    if words.split()[0] in ("user", "item", "no", "rating")
                    else kind
                )
                source = writer.source(ending, content)
                yield Case(
                    kind,
                    f"{ending}, {row[:20]} in row {place + 1}",
                    source,
                    refused=f"row {place + 1}: .*{words}",
                )
        plain = "\n".join(lines)
        yield Case("a byte order mark", ending, writer.source(ending, "\ufeff" + plain))
        yield Case("line ends of Windows", ending, writer.source(ending, plain.replace("\n", "\r\n")))
        yield Case("blank lines", ending, writer.source(ending, plain.replace("\n", "\n\n")))
        yield Case("an empty file", ending, writer.source(ending, ""), refused="no column 'user'")
        numbers = [{"user": int(u[1:]), "item": 2**60 + int(i[1:]), "rating": 5} for u, i, *_ in sound_rows()]
        long_items = {str(2**60 + number) for number in range(6)}
        content = "\n".join(map(json.dumps, numbers))
        source = writer.source(ending, content)
        yield Case("ids that are numbers", ending, source, None, {str(n) for n in range(10)}, long_items)
        mixed = content.replace('"user": 3,', '"user": "x3",') + '\n{"user": "y", "item": 7.50, "rating": 5}'
        users = {str(n) for n in range(10) if n != 3} | {"x3", "y"}
        yield Case(
            "ids that are numbers",
            f"{ending}, mixed",
            writer.source(ending, mixed),
            None,
            users,
            long_items | {"7.50"},
        )
        nulls = [{**row, "about": None if number % 2 else 12} for number, row in enumerate(numbers)]
        source = writer.source(ending, "\n".join(map(json.dumps, nulls)))
        yield Case(
            "ids that are numbers",
            f"{ending}, null elsewhere",
            source,
            None,
            {str(n) for n in range(10)},
            long_items,
        )
        years = plain.replace('"item"', '"2014"')
        yield Case("a column called 2014", ending, writer.source(ending, years, item="2014"))


def side_cases(writer: Writer) -> Iterator[Case]:
    """Profiles and titles whose ids are numbers, null, absent, or stand twice."""
    log = [{"user": 100 + int(u[1:]), "item": 2**60 + int(i[1:]), "rating": 5} for u, i, *_ in sound_rows()]
    source = writer.source(".jsonl", "\n".join(map(json.dumps, log)))
    sound = {"users": {str(100 + n) for n in range(10)}, "items": {str(2**60 + n) for n in range(6)}}
    entries = [{"iid": 2**60 + number, "text": f"word {number}"} for number in range(6)]
    unusual = {
        "a side file with a null id": [*entries, {"iid": None, "text": "nobody"}],
        "a side file with a row without id": [*entries, {"text": "nobody"}],
        "a side file with other ids": [*entries, {"iid": 7, "text": "seven"}, {"iid": "x", "text": "x"}],
    }
    for kind, rows in unusual.items():
        for key in ("titles", "profiles", "items"):
            file = writer.source(".jsonl", "\n".join(map(json.dumps, rows)))["path"]
            yield Case(kind, key, {**source, key: side(key, file)}, None, **sound)
    refused = {
        "a side file with an id twice": ([*entries, entries[2]], "row 7: item '1152921504606846978' has two"),
        "a side file of other ids": (
            [{"iid": str(number), "text": "a"} for number in range(6)],
            "none of the 6 items has",
        ),
        "a side file with ids as floats": (
            [{"iid": f"{2**60 + number}.0", "text": "a"} for number in range(6)],
            "none of the 6 items has .* '1152921504606846976.0' differ only in form",
        ),
        "a side file whose id is a list": ([*entries, {"iid": [1], "text": "a"}], "row 7: iid is a list"),
        "a side file that holds a number": ([*entries, 7], "row 7: a number; expected an object"),
    }
    for kind, (rows, words) in refused.items():
        for key in ("titles", "profiles", "items"):
            file = writer.source(".jsonl", "\n".join(map(json.dumps, rows)))["path"]
            yield Case(kind, key, {**source, key: side(key, file)}, refused=words)
    for key in ("titles", "profiles", "items"):
        file = writer.source(".csv", "iid,text\n")["path"]
        yield Case(
            "a side file with a header alone",
            key,
            {**source, key: side(key, file)},
            refused="none of the 6 items has",
        )


def side(key: str, path: str) -> dict[str, Any]:
    """What a plan says under ``titles``, ``profiles`` or ``items``."""
    if key == "items":
        return {"path": path, "id": "iid", "title": "text"}
    file = {"path": path, "id": "iid", "text": "text"}
    return file if key == "titles" else {"items": file, "missing": "blank"}


def damaged_cases(writer: Writer) -> Iterator[Case]:
    """Files of gzip that are cut or none."""
    text = delimited(sound_rows(), ",").encode()
    for cut in (5, 11, 60, -4):
        path = writer.folder / f"cut{cut}.csv.gz"
        path.write_bytes(gzip.compress(text)[:cut])
        yield Case(
            "a damaged file", f"cut at {cut}", {"kind": "table", "path": str(path)}, refused="unreadable"
        )
    for place in range(12, 100, 9):
        path = writer.folder / f"wrong{place}.csv.gz"
        raw = bytearray(gzip.compress(text))
        raw[place] ^= 255
        path.write_bytes(raw)
        yield Case(
            "a damaged file",
            f"byte {place}",
            {"kind": "table", "path": str(path)},
            refused=f"wrong{place}.csv.gz",
        )
    for name in ("log.txt", "log", "log.gz", "log.json"):
        (writer.folder / name).write_bytes(text)
        source = {"kind": "table", "path": str(writer.folder / name)}
        yield Case("a damaged file", name, source, refused="unknown kind of file")
    yield Case(
        "a damaged file",
        "a folder",
        {"kind": "table", "path": str(writer.folder)},
        refused="unknown kind|no such file",
    )


def cases(folder: Path) -> Iterator[Case]:
    """The whole corpus, with its files in ``folder``."""
    writer = Writer(folder)
    for make in (delimited_cases, quoted_cases, json_cases, side_cases, damaged_cases):
        yield from make(writer)
