"""Random changes of plans, files and answers, drawn from a seeded generator."""

from __future__ import annotations

import copy
import gzip
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 10**6, 10**18, -(10**18), 10**400, 1e308, float("nan"), float("inf"), -0.0, 0.5,
    "", " ", "a", "0", "nan", "u0", "user", "log.csv", "matrices", "intents", "table", "/dev/null", ".", "..", "x" * 5000,
    "\x00", "\u202e\U0001f600", "e\u0301", "a\nb", "{}", "[]", "*", "%s", "[[[[", "LightGCN, -x", "MostPop", "recall@0",
    "recall@2", "ndcg@999999", "given", "temporal", "per_user", "cold_items", "prequential", [], {}, [[]], {"": None},
    [None], {"a": {"b": 1}}, [0.1, 0.2], [0.6, 0.2, 0.2], [1, 2, 3], [0, 0, 0], [1e300], ["recall"],
)  # fmt: skip
"""What is put in the place of a value."""

KEYS = (
    "name", "datasets", "systems", "training", "evaluation", "tuning", "strata", "source", "split", "text", "path", "kind",
    "user", "item", "rating", "core", "min_rating", "shares", "epochs", "k", "metrics", "show", "hyper", "trials", "space",
    "windows", "density", "duplicate_items", "labels", "review", "profiles", "intents", "items", "about", "", "x",
    "choices", "message", "content", "usage", "prompt_tokens", "finish_reason", "refusal", "profile", "likes",
)  # fmt: skip
"""What a new key may be called."""

PIECES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b",", b"\t", b"\n", b"\r\n", b"\r", b"{", b"9" * 400, b"1e999", b"nan",
    b"-", b": ", b"&a *a", b"!!python/object:os.system x", b"[", b"\xf0\x9f\x98\x80", b"null", b"\x80\x05", b"\xff" * 8,
)  # fmt: skip
"""What is put between the bytes of a file."""

WHOLE = (b"", b"\n", b"null", b"[]", b"{}", b"\x89PNG\r\n", b"PK\x03\x04")
"""What is put in the place of a whole file."""

ARRAYS: tuple[Any, ...] = (
    np.ones(3), np.ones((12, 0)), np.ones((0, 4)), np.full((12, 4), np.nan), np.array([["a"] * 4] * 12), np.array(5),
    np.ones((12, 4), complex), np.ones((12, 4), bool), np.array([None] * 12), np.zeros(12, [("a", "f4")]),
)  # fmt: skip
"""What is put in the place of an array."""


def changed_tree(tree: Any, draw: random.Random) -> Any:
    """A plan, record or answer with up to three values replaced, removed, added, copied or put inside another."""
    tree = copy.deepcopy(tree)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        places = [place for place in _places(tree) if place]
        if not places:
            return draw.choice(VALUES)
        *to_parent, key = draw.choice(places)
        parent = _at(tree, to_parent)
        act = draw.randrange(7)
        if act < 3:
            parent[key] = draw.choice(VALUES)
        elif act == 3:
            del parent[key]
        elif act == 4 and isinstance(parent, dict):
            parent[draw.choice(KEYS)] = draw.choice(VALUES)
        elif act == 4:
            parent.append(draw.choice([*parent, *VALUES]))
        elif act == 5:
            parent[key] = copy.deepcopy(_at(tree, draw.choice(places)))
        else:
            parent[key] = draw.choice([[parent[key]], {"x": parent[key]}, str(parent[key])])
    return tree


def _places(tree: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in entries:
        yield from _places(value, (*before, key))


def _at(tree: Any, place: Any) -> Any:
    for key in place:
        tree = tree[key]
    return tree


def changed_bytes(content: bytes, draw: random.Random) -> bytes:
    """A file with up to four places changed."""
    changed = bytearray(content)
    for _ in range(draw.choice([1, 1, 2, 4])):
        start = draw.randrange(len(changed) + 1)
        end = min(len(changed), start + draw.randrange(1, 40))
        act = draw.randrange(8)
        if act == 0 and start < len(changed):
            changed[start] ^= 1 << draw.randrange(8)
        elif act == 1 and start < len(changed):
            changed[start] = draw.randrange(256)
        elif act == 2:
            del changed[start:]
        elif act == 3:
            changed[start:start] = draw.choice(PIECES)
        elif act == 4:
            changed[start:start] = changed[start:end]
        elif act == 5:
            del changed[start:end]
        elif act == 6:
            lines = bytes(changed).split(b"\n")
            lines.insert(draw.randrange(len(lines)), draw.choice(lines))
            changed = bytearray(b"\n".join(lines))
        elif draw.random() < 0.3:
            changed = bytearray(draw.choice([*WHOLE, draw.randbytes(50)]))
    return bytes(changed)


def changed_file(path: Path, draw: random.Random) -> bytes:
    """What a file might hold instead: other bytes, or a sound file of its kind with other values."""
    content = path.read_bytes()
    if not content or draw.random() < 0.4:
        return changed_bytes(content, draw)
    if path.suffix == ".gz":
        return gzip.compress(changed_bytes(gzip.decompress(content), draw))
    if path.suffix in (".json", ".jsonl", ".journal"):
        lines = [content.decode()] if path.suffix == ".json" else content.decode().splitlines()
        number = draw.randrange(len(lines))
        lines[number] = json.dumps(changed_tree(json.loads(lines[number]), draw))
        return "\n".join(lines).encode() + b"\n"
    made = io.BytesIO()
    if path.suffix == ".npy":
        np.save(made, draw.choice(ARRAYS), allow_pickle=True)
        return made.getvalue()
    if path.suffix == ".parquet":
        _changed_frame(pd.read_parquet(io.BytesIO(content)), draw).to_parquet(made, index=False)
        return made.getvalue()
    return changed_bytes(content, draw)


def _changed_frame(frame: pd.DataFrame, draw: random.Random) -> pd.DataFrame:
    column, act = draw.choice(list(frame.columns)), draw.randrange(6)
    if act == 0:
        return frame.drop(columns=column)
    if act == 1:
        return frame.rename(columns={column: f"{column}x"})
    if act == 2:
        return frame.assign(**{column: [draw.choice(["a", "", None])] * len(frame)})
    if act == 3:
        return frame.assign(**{column: draw.choice([float("nan"), float("inf"), -1, 1e300])})
    return frame.iloc[: draw.randrange(len(frame) + 1)] if act == 4 else pd.concat([frame, frame])
