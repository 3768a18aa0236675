"""Prompts: versioned files of our own wording, filled with a document; and what identifies a request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from string import Template
from typing import Literal, NamedTuple

import yaml

from harness.data.dataset import digest
from harness.errors import InputError
from harness.text.intents.answers import Output, Reply

Side = Literal["user", "item"]

FOLDER = Path(__file__).parent / "prompts"
"""One folder a version; a version that has been used is never edited, a change is a new folder."""

NAMES = ("item_profile", "item_intent", "user_profile", "user_intent", "repair")

PLACES = ("$language", "$words", "$document", "$problem", "$form")
"""What a prompt may leave open; the last two in ``repair`` alone."""

FORMS: dict[Output, str] = {
    "profile": "reasoning, a text, and profile, a text",
    "intent": "likes and dislikes, lists of texts, and intent, a text",
}
"""Described rather than shown: small models repeat an example's dots as their answer."""

Messages = tuple[Mapping[str, str], ...]


class Ask(NamedTuple):
    """One request: the key its reply is kept under, and what makes its chat messages."""

    output: Output
    key: str
    make: Callable[[], Messages]
    is_repair: bool = False

    @property
    def messages(self) -> Messages:
        """Made when they are needed: those of ten thousand documents at once are large."""
        return self.make()


@dataclass(frozen=True)
class Prompts:
    """One version of the prompts, filled with what a plan says of every answer.

    Attributes:
        texts: The parts of every prompt by file name, with ``$language``, ``$words`` and ``$document``
            left open.
        model: The model's name and settings, part of every key.
        language: Of the answers.
        words: That an answer should have at most.
    """

    texts: Mapping[str, Mapping[str, str]]
    model: str
    language: str
    words: int

    def ask(self, side: Side, output: Output, document: str) -> Ask:
        """The request for one output of a document."""
        name = f"{side}_{output}"
        identity = (self.model, self._version(name), self.language, str(self.words), document)
        return Ask(output, _key(*identity), partial(self._fill, name, document))

    def _fill(self, name: str, document: str) -> Messages:
        values = {"language": self.language, "words": str(self.words), "document": document}
        return tuple(
            {"role": role, "content": Template(text).substitute(values)}
            for role, text in self.texts[name].items()
        )

    def repair(self, ask: Ask, reply: Reply, problem: str) -> Ask:
        """The one further request after a reply that cannot be read."""
        key = _key(ask.key, self._version("repair"), reply.text)
        return Ask(ask.output, key, partial(self._mend, ask, reply, problem), True)

    def _mend(self, ask: Ask, reply: Reply, problem: str) -> Messages:
        text = Template(self.texts["repair"]["user"])
        wish = text.substitute(problem=problem, form=FORMS[ask.output])
        said = {"role": "assistant", "content": reply.text}
        return (*ask.messages, said, {"role": "user", "content": wish})

    def _version(self, name: str) -> str:
        """What a prompt says: an edited file is another version, whatever it is called."""
        return json.dumps(self.texts[name], sort_keys=True)


def _key(*parts: str) -> str:
    return digest(part.encode() for part in parts)


@cache
def load(version: str) -> Mapping[str, Mapping[str, str]]:
    """The prompts of a version, which is a folder here or the path of another one.

    Raises:
        InputError: There is no such version, or one of its files is not a prompt.
    """
    folder = FOLDER / version if (FOLDER / version).is_dir() else Path(version)
    return {name: _read(folder / f"{name}.yaml") for name in NAMES}


def _read(path: Path) -> Mapping[str, str]:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = sorted(each.name for each in FOLDER.iterdir())
        raise InputError(f"{path}: no such prompt; expected a version among {known}, or a folder") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: unreadable prompt ({' '.join(str(error).split())})") from None
    roles = {"system", "user"}
    if not isinstance(tree, dict) or "user" not in tree or not set(tree) <= roles:
        raise InputError(f"{path}: no prompt; expected the keys `system` and `user`")
    texts = {role: str(tree[role]) for role in ("system", "user") if role in tree}
    for role, text in texts.items():
        try:
            Template(text).substitute(dict.fromkeys((place[1:] for place in PLACES), ""))
        except (KeyError, ValueError) as error:
            raise InputError(f"{path}, {role}: a $ that is no place ({error}); expected {PLACES}") from None
    return texts
