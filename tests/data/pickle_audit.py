"""Reads hostile pickles and checks that nothing happens but a refusal or sound arrays.

``python -m tests.data.pickle_audit [MUTATIONS]`` reads the whole corpus under an audit hook and prints, as
JSON, how many programs of each kind were refused, were read, and failed. It needs numpy, scipy and the
checkout alone.
"""

from __future__ import annotations

import json
import pickletools
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import scipy.sparse as sp

from harness.data.pickles import arrays_of
from harness.errors import InputError
from tests.data.pickle_corpus import dumps, programs

MOST_SECONDS = 1.0
"""Processor time of one program."""

MEMORY_BYTES = 2**30
"""What reading may take beyond what the process has before."""

WATCHED = ("import", "pickle.find_class", "open", "exec", "compile", "os.system", "subprocess.Popen")
"""Events that Python reports to audit hooks and that reading a pickle must not cause."""


def check(value: Any) -> None:
    """Refuse anything but numbers, arrays of numbers, sound sparse matrices and containers of them."""
    if isinstance(value, list | tuple):
        for entry in value[:50]:
            check(entry)
    elif isinstance(value, dict):
        for entry in value.values():
            check(entry)
    elif sp.issparse(value):
        assert value.dtype.kind in "biuf"
        if value.format == "coo":
            assert value.nnz == 0 or (value.row.min() >= 0 and value.row.max() < value.shape[0])
            assert value.nnz == 0 or (value.col.min() >= 0 and value.col.max() < value.shape[1])
            assert len(value.row) == len(value.col) == len(value.data)
        else:
            value.check_format(full_check=True)
        assert np.isfinite(value.data).all()
    elif isinstance(value, np.ndarray | np.generic):
        assert value.dtype.kind in "biuf"
    else:
        assert isinstance(value, bool | int | float)


def attributes() -> dict[str, int]:
    """The identity of every attribute of numpy's and scipy's modules, classes and functions that are loaded."""
    found = {}
    for module in [m for n, m in sys.modules.items() if n.split(".")[0] in ("numpy", "scipy", "harness")]:
        for key, value in list(vars(module).items()):
            found[f"{module.__name__}.{key}"] = id(value)
            if isinstance(value, type | FunctionType) and not isinstance(value, ModuleType):
                for inner, part in list(vars(value).items()):
                    found[f"{module.__name__}.{key}.{inner}"] = id(part)
    return found


def main(mutations: int) -> dict[str, Any]:
    """Read the corpus and count what happened."""
    list(map(arrays_of, dumps([sp.csr_matrix(np.eye(3)), sp.coo_array(np.eye(3)), np.ones(3)])))
    corpus, events = list(programs(mutations)), []
    seen: Counter[str] = Counter()
    failures, slowest = [], 0.0
    watching = False

    def hook(event: str, arguments: Any) -> None:
        if watching and event in WATCHED:
            events.append(f"{event} {str(arguments)[:80]}")

    sys.addaudithook(hook)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY_BYTES, resource.RLIM_INFINITY))
    modules, before = set(sys.modules), attributes()
    for kind, title, program in corpus:
        start, watching = time.process_time(), True
        try:
            value = arrays_of(program)
            outcome = "read"
        except InputError:
            outcome = "refused"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}"
        watching = False
        seconds = time.process_time() - start
        slowest = max(slowest, seconds)
        if outcome == "read":
            try:
                check(value)
            except Exception as error:
                outcome = f"not sound: {type(error).__name__} {error}"
        seen[f"{kind}: tried"] += 1
        seen[f"{kind}: {outcome if outcome in ('read', 'refused') else 'failed'}"] += 1
        if outcome not in ("read", "refused") or events or seconds > MOST_SECONDS:
            failures.append(f"{kind}, {title}: {outcome[:200]} {events[:3]} {seconds:.2f} s")
            events.clear()
    changed = sorted(key for key, value in attributes().items() if before.get(key) != value)
    return {
        "counts": dict(sorted(seen.items())),
        "failures": failures[:50],
        "failed": len(failures),
        "slowest_s": round(slowest, 3),
        "imported": sorted(set(sys.modules) - modules),
        "changed": changed,
        "opcodes": len({opcode.name for opcode in pickletools.opcodes}),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000), indent=1))
