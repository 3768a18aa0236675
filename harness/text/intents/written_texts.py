"""Has all profiles and intents written: those of items first, since documents of users quote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from harness.data.dataset import Texts
from harness.text.intents.answers import FALLBACKS, Status
from harness.text.intents.documents import DocumentSpec, TrainLog, item_documents, user_documents
from harness.text.intents.writer import OUTPUTS, NodeTexts, Writer


class WrittenTexts(NamedTuple):
    """The texts of every user, [U], and of every item, [I]."""

    users: list[NodeTexts]
    items: list[NodeTexts]

    def texts(self) -> Texts:
        """The profiles and intents, with documents in place of those that are missing."""
        sides = [[node.text(output) for node in nodes] for output in OUTPUTS for nodes in self]
        return Texts(*sides)

    def statuses(self) -> Counter[Status]:
        """How many profiles and intents have each status."""
        return Counter(node.status(output) for nodes in self for node in nodes for output in OUTPUTS)

    def count(self, status: Status) -> int:
        """How many profiles and intents have a status."""
        return self.statuses()[status]

    @property
    def outputs(self) -> int:
        """Number of profiles and intents."""
        return len(OUTPUTS) * (len(self.users) + len(self.items))

    def notes(self) -> list[str]:
        """Sentences that a reader of results must know: how many documents stand in for missing texts."""
        statuses = self.statuses()
        reasons = [f"{statuses[status]:,} {status}" for status in FALLBACKS if statuses[status]]
        if not reasons:
            return []
        missing = sum(statuses[status] for status in FALLBACKS)
        return [
            f"{missing:,} of {self.outputs:,} profiles and intents are missing; the document of the user or "
            f"item stands in for each ({', '.join(reasons)})"
        ]


def profile_of(item: NodeTexts) -> str:
    """The profile of an item, as documents of users quote it; empty if it is missing."""
    return item.profile.answer.text if item.profile.answer else ""


def write_texts(
    log: TrainLog,
    spec: DocumentSpec,
    writer: Writer,
    quoted: Callable[[NodeTexts], str] = profile_of,
) -> WrittenTexts:
    """Have every profile and intent written.

    Args:
        log: The train pairs; nothing else is read.
        spec: What goes into documents.
        writer: Writes the texts of items, then those of users.
        quoted: What the document of a user quotes of an item.
    """
    items = writer.write("item", log, item_documents(log, spec))
    documents = user_documents(log, [quoted(item) for item in items], spec)
    return WrittenTexts(writer.write("user", log, documents), items)
