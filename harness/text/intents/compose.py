"""Items first, then users, whose documents hold what was written of their items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from harness.data.dataset import Texts
from harness.text.intents.answers import FALLBACKS, Fate
from harness.text.intents.documents import DocumentSpec, TrainLog, item_documents, user_documents
from harness.text.intents.writer import OUTPUTS, Writer, Written


class Composition(NamedTuple):
    """What was written of every user, [U], and every item, [I]."""

    users: list[Written]
    items: list[Written]

    def texts(self) -> Texts:
        """Profiles and intents, documents in place of those that are missing."""
        sides = [[node.text(output) for node in nodes] for output in OUTPUTS for nodes in self]
        return Texts(*sides)

    def fates(self) -> Counter[Fate]:
        """How often each thing became of an output."""
        return Counter(node.fate(output) for nodes in self for node in nodes for output in OUTPUTS)

    def count(self, fate: Fate) -> int:
        """How often one thing became of an output."""
        return self.fates()[fate]

    @property
    def outputs(self) -> int:
        """Number of profiles and intents."""
        return len(OUTPUTS) * (len(self.users) + len(self.items))

    def notes(self) -> list[str]:
        """What a reader of results must know: the fallbacks."""
        fates = self.fates()
        missing = [f"{fates[fate]:,} {fate}" for fate in FALLBACKS if fates[fate]]
        if not missing:
            return []
        total = sum(fates[fate] for fate in FALLBACKS)
        return [f"{total:,} of {self.outputs:,} texts fall back to their document: {', '.join(missing)}"]


def profile_of(node: Written) -> str:
    """An item's profile as users' documents quote it; empty where it fell back."""
    return node.profile.answer.text if node.profile.answer else ""


def compose(
    log: TrainLog,
    spec: DocumentSpec,
    writer: Writer,
    quoted: Callable[[Written], str] = profile_of,
) -> Composition:
    """Have every profile and intent written.

    Args:
        log: The train pairs; nothing else is read.
        spec: What goes into documents.
        writer: Writes items, then users.
        quoted: What a user's document quotes of an item.
    """
    items = writer.write("item", log, item_documents(log, spec))
    documents = user_documents(log, [quoted(item) for item in items], spec)
    return Composition(writer.write("user", log, documents), items)
