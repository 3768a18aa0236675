"""The data card of a bundle: JSON-LD in Croissant 1.0, the vocabulary of MLCommons for data sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from harness.bundle.facts import Facts
from harness.bundle.layout import PLAN, REPORT
from harness.store.columns import DEGREE, USER
from harness.store.files import digest
from harness.store.layout import DATASETS, LISTS, RECORD, RUNS, TRIALS, USERS

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that Croissant 1.0 asks for, word by word."""

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"

LEADERBOARD = f"{REPORT}/leaderboard.csv"

_PARQUET, _JSON = "application/x-parquet", "application/json"

SETS = {
    "records": (f"{RUNS}/*/{RECORD}", _JSON, "What was done in each run and search, and what came of it."),
    "scores": (f"{RUNS}/*/{USERS}", _PARQUET, "Scores of every tested user, one file for each run."),
    "trials": (f"{RUNS}/*/{TRIALS}", _PARQUET, "Trials of each search for hyper-parameters."),
    "lists": (f"{RUNS}/*/{LISTS}", _PARQUET, "Recommended items of every user, of runs that kept them."),
    "descriptions": (f"{DATASETS}/*.json", _JSON, "Checksum and sizes of each dataset."),
    "degrees": (f"{DATASETS}/*.parquet", _PARQUET, "Number of train pairs of each user."),
}
"""Groups of files by name: a pattern of their names, their kind, and what they hold."""


def card(facts: Facts, root: Path) -> str:
    """The text of ``croissant.json`` for a bundle whose other files lie in ``root``."""
    sets = {name: about for name, about in SETS.items() if any(root.glob(about[0]))}
    plan = facts.plan
    fields: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": plan.name,
        "description": plan.about or f"Results of the study {plan.name}.",
        "conformsTo": CONFORMS_TO,
        "citeAs": f"{', '.join(facts.authors)}: {plan.name}, {facts.date}.",
        "creator": [{"@type": "sc:Organization", "name": author} for author in facts.authors],
        "datePublished": facts.date,
        "version": ".".join(str(int(part)) for part in facts.date.split("-")),
        **({"license": facts.licence} if facts.licence else {}),
        "isLiveDataset": False,
        "rai:personalSensitiveInformation": _personal(facts),
        "distribution": [
            _file(root, PLAN, "application/yaml", "The plan of the study."),
            _file(root, LEADERBOARD, "text/csv", "Means, intervals and verdicts of every system."),
            *(_file_set(name, *about) for name, about in sets.items()),
        ],
        "recordSet": [
            _leaderboard(root),
            *([_scores(root)] if "scores" in sets else []),
            *([_degrees()] if "degrees" in sets else []),
        ],
    }
    return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"


def _personal(facts: Facts) -> str:
    ids = "numbers in place of the users' ids" if facts.anonymous else "the users' ids"
    return f"Scores stand beside {ids}. There are no interactions and no texts of users."


def _file(root: Path, name: str, kind: str, about: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": about,
        "contentUrl": name,
        "encodingFormat": kind,
        "sha256": digest((root / name).read_bytes()),
    }


def _file_set(name: str, pattern: str, kind: str, about: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": name,
        "name": name,
        "description": about,
        "encodingFormat": kind,
        "includes": pattern,
    }


def _leaderboard(root: Path) -> dict[str, Any]:
    frame = pd.read_csv(root / LEADERBOARD)
    columns = {name: _data_type(frame[name]) for name in frame}
    about = "One row for each dataset, system and metric."
    return _record_set("leaderboard", about, {"fileObject": {"@id": LEADERBOARD}}, columns)


def _scores(root: Path) -> dict[str, Any]:
    first = min(root.glob(SETS["scores"][0]))
    columns = {name: "sc:Text" if name == USER else "sc:Float" for name in pq.read_schema(first).names}
    about = "One row for each run and tested user; a column for each metric."
    records = _record_set("user-scores", about, {"fileSet": {"@id": "scores"}}, columns)
    run = {
        "@type": "cr:Field",
        "@id": "user-scores/run",
        "name": "run",
        "description": "The identity of the run, which names its folder.",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": "scores"},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": ".*([0-9a-f]{20})/[^/]*$"},
        },
    }
    return records | {"field": [run, *records["field"]]}


def _degrees() -> dict[str, Any]:
    columns = {USER: "sc:Text", DEGREE: "sc:Integer"}
    about = "One row for each dataset and user."
    return _record_set("user-degrees", about, {"fileSet": {"@id": "degrees"}}, columns)


def _record_set(
    name: str, about: str, source: Mapping[str, Any], columns: Mapping[str, str]
) -> dict[str, Any]:
    """Rows of tables: a field for each column."""
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{column}".replace(" ", "_"),
            "name": column,
            "dataType": kind,
            "source": {**source, "extract": {"column": column}},
        }
        for column, kind in columns.items()
    ]
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "description": about, "field": fields}


def _data_type(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "sc:Boolean"
    if pd.api.types.is_integer_dtype(column):
        return "sc:Integer"
    return "sc:Float" if pd.api.types.is_float_dtype(column) else "sc:Text"
