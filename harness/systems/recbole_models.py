"""RecBole's general recommenders, such as ``recbole:NCL``, as the installed package describes them.

Neither RecBole nor torch is imported. A model's name, its kind and its first line are read from its source
file, and its hyper-parameters from the YAML file of their defaults. ``recbole_ranges.yaml`` has the values
that RecBole's documentation suggests for a search.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import Field, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from harness.outside import RECBOLE
from models.hyper import hyper

RANGES = Path(__file__).with_name("recbole_ranges.yaml")

LEARNING_RATE = "learning_rate"

_COMMENT = re.compile(r"^([\w-]+):.*?\s#\s*(?:\((.*?)\)\s*)?(.*?)\s*$", re.MULTILINE)
"""A line of RecBole's YAML files: a key, and in the comment its type in brackets and what it means."""


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also takes ``1e-3`` for a number, as RecBole's own does."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


@dataclass(frozen=True)
class RecboleModel:
    """What the source file of a model says of it.

    Attributes:
        name: The name of its class.
        about: The first line of its docstring.
        is_fitted: Whether RecBole fits it when it is made, and trains it for one epoch without effect.
        packages: The packages outside Python that its file imports.
    """

    name: str
    about: str
    is_fitted: bool
    packages: tuple[str, ...]

    @property
    def missing_packages(self) -> list[str]:
        """Those of the packages that are not installed."""
        return [name for name in self.packages if importlib.util.find_spec(name) is None]


@cache
def models() -> dict[str, RecboleModel]:
    """Every general recommender of the installed RecBole by its line, such as ``recbole:NCL``."""
    folder = _package() / "model" / "general_recommender"
    found: dict[str, RecboleModel] = {}
    for node in _tree(folder / "__init__.py").body:
        if isinstance(node, ast.ImportFrom) and node.module:
            module = _tree(folder / f"{node.module.rpartition('.')[2]}.py")
            found |= {RECBOLE + alias.name: _model(alias.name, module) for alias in node.names}
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def installed_version() -> str:
    """The version of the installed RecBole."""
    return version("recbole")


@cache
def declarations(line: str) -> tuple[Field[Any], ...]:
    """The hyper-parameters of a model: its learning rate if it is trained, and the keys of its YAML file."""
    model = models()[line]
    properties = _package() / "properties"
    defaults, comments = _read(properties / "model" / f"{model.name}.yaml")
    if not model.is_fitted:
        overall, remarks = _read(properties / "overall.yaml")
        defaults = {LEARNING_RATE: overall[LEARNING_RATE], **defaults}
        comments[LEARNING_RATE] = remarks[LEARNING_RATE]
    ranges = _ranges().get(model.name, {})
    return tuple(_declared(name, defaults[name], comments, ranges.get(name, ())) for name in defaults)


def as_text(values: Any) -> str:
    """A list as settings keep it, such as the text ``[64, 32]``. It may be given as text too."""
    return json.dumps(yaml.load(values, _Loader) if isinstance(values, str) else values)


def is_list(value: Any) -> bool:
    """Whether a value is a list of numbers, or text that holds one."""
    if isinstance(value, str):
        try:
            value = yaml.load(value, _Loader)
        except yaml.YAMLError:
            return False
    return isinstance(value, list | tuple) and all(type(part) in (int, float) for part in value)


def as_list(text: str) -> list[Any]:
    """The list that :func:`as_text` wrote."""
    values: list[Any] = json.loads(text)
    return values


def _declared(name: str, default: Any, comments: dict[str, tuple[str, str]], tried: Any) -> Field[Any]:
    """A hyper-parameter with its default, its meaning, and what a search tries beside the default."""
    type_name, meaning = comments.get(name, ("", ""))
    kind = _kind(default, name)
    if kind == "list":
        default, tried = as_text(default), [as_text(values) for values in tried]
    elif kind == "number" and isinstance(default, int) and type_name == "float":
        default = float(default)
    if isinstance(default, float):
        tried = [float(value) for value in tried]
    tried = tuple(tried) if not tried or default in tried else (default, *tried)
    declared = hyper(default, meaning, minimum=-math.inf, tuned=bool(tried), kind=kind, tried=tried)
    declared.name = name  # RecBole's names, such as time-aware, need not be names of Python
    assert isinstance(declared, Field)
    return declared


def _kind(default: Any, name: str) -> str:
    if name.endswith("_path"):
        return "file"
    if isinstance(default, bool):
        return "boolean"
    if isinstance(default, list):
        return "list"
    return "text" if isinstance(default, str) else "number"


@cache
def _ranges() -> dict[str, dict[str, Any]]:
    tree: dict[str, dict[str, Any]] = yaml.load(RANGES.read_text(encoding="utf-8"), _Loader)
    return tree


def _read(file: Path) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """The values of a YAML file by key, and from its comments the type and the meaning of each key."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    comments = {key: (type_name, meaning) for key, type_name, meaning in _COMMENT.findall(text)}
    return yaml.load(text, _Loader) or {}, comments


def _package() -> Path:
    """The folder of the installed RecBole."""
    spec = importlib.util.find_spec("recbole")
    assert spec is not None, "RecBole is installed with this program"
    assert spec.origin is not None
    return Path(spec.origin).parent


def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _model(name: str, module: ast.Module) -> RecboleModel:
    body = next(node for node in module.body if isinstance(node, ast.ClassDef) and node.name == name)
    about = " ".join((ast.get_docstring(body) or "a model of RecBole").split("\n\n")[0].split())
    is_fitted = any(
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "type"
        and ast.unparse(node.value) == "ModelType.TRADITIONAL"
        for node in body.body
    )
    packages = {
        package for package in _imports(module) if package not in sys.stdlib_module_names | {"recbole"}
    }
    return RecboleModel(name, about, is_fitted, tuple(sorted(packages)))


def _imports(module: ast.Module) -> Iterator[str]:
    """The packages that a file imports, at its head or within a function."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
