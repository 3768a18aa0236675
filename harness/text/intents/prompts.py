"""Prompts: files in versions, which are filled with a document. Each request gets a key from its content."""

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
from harness.text.intents.answers import Output, Reply, without_thoughts

Side = Literal["user", "item"]

FOLDER = Path(__file__).parent / "prompts"
"""Each version is a folder here. A version that was used is never edited; a change makes a new folder."""

PROBE = Path(__file__).parent / "probe_prompts"
"""The prompts of ``intentbench intents probe``."""

NAMES = ("item_profile", "item_intent", "user_profile", "user_intent", "repair")

PLACEHOLDERS = ("$language", "$words", "$document", "$problem", "$form")
"""What a prompt may leave open. Only ``repair`` has the last two."""

FORMS: dict[Output, str] = {
    "profile": "reasoning, a text, and profile, a text",
    "intent": "likes and dislikes, lists of texts, and intent, a text",
    "entries": "entries, a list of texts",
}
"""The form of an answer in words. An example would not do: small models repeat its dots as their answer."""

LONGEST_QUOTE = 4_000
"""Characters of an unreadable answer that the repair request quotes."""

Messages = tuple[Mapping[str, str], ...]


class Request(NamedTuple):
    """One request to a language model.

    Attributes:
        output: What it asks for.
        key: Identifies the request; its reply is kept under this key.
        make_messages: Makes the chat messages.
        is_repair: Whether it asks again because the first answer could not be read.
    """

    output: Output
    key: str
    make_messages: Callable[[], Messages]
    is_repair: bool = False

    @property
    def messages(self) -> Messages:
        """The chat messages. They are made when they are needed, since those of all requests are large."""
        return self.make_messages()


@dataclass(frozen=True)
class Prompts:
    """One version of the prompts with the settings that a plan gives for every answer.

    Attributes:
        texts: For each prompt its text by role, with placeholders.
        model: Name and settings of the model, which are part of every key.
        language: Language of the answers.
        words: Most words that an answer is asked to have.
    """

    texts: Mapping[str, Mapping[str, str]]
    model: str
    language: str
    words: int

    def request(self, side: Side, output: Output, document: str) -> Request:
        """The request for the profile or the intent of a document."""
        name = f"{side}_{output}"
        identity = (self.model, self._content(name), self.language, str(self.words), document)
        return Request(output, _key(*identity), partial(self._fill, name, document))

    def repair(self, request: Request, reply: Reply, problem: str) -> Request:
        """The second and last request after a reply that cannot be read."""
        key = _key(request.key, self._content("repair"), reply.text)
        return Request(request.output, key, partial(self._fill_repair, request, reply, problem), True)

    def _fill(self, name: str, document: str) -> Messages:
        values = {"language": self.language, "words": str(self.words), "document": document}
        return tuple(
            {"role": role, "content": Template(text).substitute(values)}
            for role, text in self.texts[name].items()
        )

    def _fill_repair(self, request: Request, reply: Reply, problem: str) -> Messages:
        template = Template(self.texts["repair"]["user"])
        wish = template.substitute(problem=problem, form=FORMS[request.output])
        answer = {"role": "assistant", "content": without_thoughts(reply.text)[:LONGEST_QUOTE]}
        return (*request.messages, answer, {"role": "user", "content": wish})

    def _content(self, name: str) -> str:
        """What identifies a prompt: its text, whatever its version is called."""
        return json.dumps(self.texts[name], sort_keys=True)


def _key(*parts: str) -> str:
    return digest(part.encode() for part in parts)


@cache
def load(version: str, names: tuple[str, ...] = NAMES) -> Mapping[str, Mapping[str, str]]:
    """The prompts of a version, or of a folder that is given by its path.

    Args:
        version: The version or the folder.
        names: Names of the prompts.

    Raises:
        InputError: There is no such version, or one of its files is not a prompt.
    """
    folder = FOLDER / version if (FOLDER / version).is_dir() else Path(version)
    return {name: _read(folder / f"{name}.yaml") for name in names}


def _read(path: Path) -> Mapping[str, str]:
    """The texts of a prompt by role.

    Raises:
        InputError: The file is not a prompt.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        versions = " or ".join(sorted(folder.name for folder in FOLDER.iterdir()))
        raise InputError(
            f"{path}: there is no such prompt; expected `prompts` to be {versions}, or a folder with "
            f"{', '.join(f'{name}.yaml' for name in NAMES)}"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: the prompt cannot be read ({' '.join(str(error).split())})") from None
    if not isinstance(tree, dict) or "user" not in tree or not set(tree) <= {"system", "user"}:
        raise InputError(f"{path}: this is no prompt; expected the keys `system` and `user`")
    texts = {role: str(tree[role]) for role in ("system", "user") if role in tree}
    for role, text in texts.items():
        try:
            Template(text).substitute(dict.fromkeys((name[1:] for name in PLACEHOLDERS), ""))
        except (KeyError, ValueError) as error:
            raise InputError(
                f"{path}, {role}: a $ that begins no placeholder ({error}); expected one of "
                f"{', '.join(PLACEHOLDERS)}, or $$ for a dollar"
            ) from None
    return texts
