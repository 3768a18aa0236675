"""The texts of a bundle for people: its README.md and its CITATION.cff."""

from __future__ import annotations

from typing import Any

import yaml

from harness.bundle.facts import Facts
from harness.report.tables import escape_markdown, escape_paragraphs

_README = """\
# {title}

{about}

This is a bundle of IntentBench: everything that is needed to check a study, without its data. It holds
{counts} on {datasets}.

| file | content |
|---|---|
| `plan.yaml` | the plan: datasets, systems, hyper-parameters, what was measured |
| `runs/ID/run.json` | the record of a run or search: settings, versions, commit, machine, times |
| `runs/ID/users.parquet` | the scores of every tested user |
| `runs/ID/trials.parquet` | the trials of a search for hyper-parameters |
| `runs/ID/lists.parquet` | recommended items, of runs whose plan keeps them |
| `datasets/` | checksum, sizes and notes of each dataset, and the number of train pairs of each user |
| `report/` | the tables, made from the files above |
| `bundle.json` | versions of packages, commits, checksums of the source files of systems from outside |
| `croissant.json`, `CITATION.cff` | the data card, and how to cite the study |
| `SHA256SUMS` | checksums of all files |

## How to check it

```
sha256sum -c SHA256SUMS                              # in the folder of the bundle, once it is unpacked
intentbench store merge BUNDLE --store NEW           # BUNDLE is the zip file or the folder
intentbench report plan.yaml --store NEW --out TABLES --no-figures
diff -r TABLES report
```

Checksums show damage. They do not show forgery, since whoever changes a file can change its checksum: compare
the checksum of the bundle itself with one that its authors published. To run the study again, put the data
where `plan.yaml` looks for them and type `intentbench run plan.yaml`.

## What is not in it

It holds no interactions, no texts of users or items, no weights and no checkpoints. The records have no
tracebacks, and only the names of data files without their folders. Reasons of failed runs and notes on
datasets stay as they were written. A system that was trained elsewhere, or whose code the plan names by an
import path, is known by the checksums of its files alone; whoever makes the report again needs these files
beside the plan.

{users}
"""

_IDS = """\
**Per-user scores, lists and numbers of train pairs stand beside the users' ids, as the data have them.** Ask
whether you may give these on. `intentbench bundle --anonymous` writes numbers in their place."""

_NUMBERS = """\
Numbers stand in place of the users' ids, the same in all files, in the order of the ids. Tables and tests are
therefore equal to the last digit. The numbers hide the ids from readers without the data. Whoever has the
data can find the ids again by their order, or by the numbers of train pairs. Merge this bundle into a store
of its own, without runs from other sources."""


def readme(facts: Facts) -> str:
    """The text of ``README.md``."""
    counts = ", ".join(f"{count} {name}" for name, count in facts.counts.items())
    names = list(facts.datasets)
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return _README.format(
        title=escape_markdown(facts.plan.name),
        about=escape_paragraphs(facts.plan.about) or "The plan does not say what the study asks.",
        counts=counts,
        datasets=escape_markdown(shown or "no described dataset"),
        users=_NUMBERS if facts.anonymous else _IDS,
    )


def study_citation(facts: Facts) -> str:
    """The text of ``CITATION.cff``, in version 1.2.0 of that format."""
    fields: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use these results, please cite them as below.",
        "title": f"Results of the study {facts.plan.name}",
        "type": "dataset",
        "authors": [{"name": author} for author in facts.authors],
        "date-released": facts.date,
    }
    if facts.plan.about:
        fields["abstract"] = facts.plan.about
    if len(facts.commits) == 1:
        fields["commit"] = facts.commits[0]
    if facts.licence:
        fields["license"] = facts.licence
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=100)
