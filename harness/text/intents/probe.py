"""Asks a language model what it can complete of a dataset, which shows whether it has seen the dataset.

Two things are asked for: the title of an item, given its id; and further items of a user, given some of the
user's train items. Both go by ids, which mean nothing to a model that has not seen the dataset.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from harness.data.dataset import Dataset
from harness.errors import InputError
from harness.text.intents.answers import Entries
from harness.text.intents.client import RequestSender, Tally
from harness.text.intents.prompts import PROBE, Prompts, Request, load
from harness.text.intents.reply_journal import ReplyJournal
from harness.text.intents.settings import ModelWriterSpec
from harness.text.intents.spec import IntentsSpec
from harness.text.intents.table import replies_folder
from harness.text.intents.writer import ModelWriter
from harness.text.row_cache import Watcher

SHOWN = 10
"""Train items of a user that the model is shown."""

NAMED = 10
"""Further items that the model is asked to name."""


@dataclass
class Completed:
    """What a language model could complete.

    Attributes:
        titles_asked, titles_right: Items whose title was asked for, and those whose title it knew.
        users_asked, users_answered: Users whose items were asked for, and those with a usable answer.
        named: Share of the named items that are train pairs that were not shown, validation pairs and test
            pairs of the user, by split; means over the users with an answer.
        by_popularity: The same shares of as many items, the most popular ones that were not shown.
        more, fewer: Users of whom the model named more, and fewer, items than popularity.
        tally: What asking came to.
    """

    titles_asked: int
    titles_right: int
    users_asked: int
    users_answered: int
    named: dict[str, float]
    by_popularity: dict[str, float]
    more: int
    fewer: int
    tally: Tally

    @property
    def p(self) -> float:
        """One-sided p of a sign test that the model names more items than popularity does."""
        decided = self.more + self.fewer
        return float(binomtest(self.more, decided, alternative="greater").pvalue) if decided else 1.0


def probe(
    spec: IntentsSpec, dataset: Dataset, called: str, cache: Path, watch: Watcher, count: int
) -> Completed:
    """Ask the plan's language model about items and users that are drawn at random, the same ones every time.

    Train pairs of the users are sent to the server. Held-out pairs are only compared with its answers.

    Args:
        spec: The plan's specification.
        dataset: The dataset.
        called: The name that the dataset is known by.
        cache: The store's folder of texts, where replies are kept.
        watch: Is told how far the probe is.
        count: Items, and users, that are asked about at most.

    Raises:
        InputError: No language model writes the texts, its key is missing, or its server does not work.
    """
    writer = spec.writer
    if not isinstance(writer, ModelWriterSpec):
        raise InputError(
            f"dataset {dataset.name!r}: its texts are written by `kind: {writer.kind}`, which has seen no "
            "dataset; expected `kind: openai` in `writer`"
        )
    questions = _Questions(writer, dataset, called, count)
    replies, tally = ReplyJournal(replies_folder(cache), writer.model), Tally()
    answers = ModelWriter(writer, replies)
    requests = [*questions.items.values(), *questions.users.values()]
    with replies.adding():
        sender = RequestSender(writer, replies, answers.outcome_or_request, tally)
        sender.send(requests, watch("questions", len(requests)))
    titles = {
        item: any(_same_title(entry, questions.titles[item]) for entry in _entries(answers, request))
        for item, request in questions.items.items()
    }
    named = {user: _entries(answers, request) for user, request in questions.users.items()}
    answered = {user: list(dict.fromkeys(ids))[:NAMED] for user, ids in named.items() if ids}
    return _completed(dataset, questions, titles, answered, tally)


def _entries(answers: ModelWriter, request: Request) -> tuple[str, ...]:
    """What the model named; nothing if its answer cannot be used."""
    answer = answers.outcome(request).answer
    return answer.entries if isinstance(answer, Entries) else ()


class _Questions:
    """The requests about a random sample of items and of users.

    Attributes:
        titles: The title of every item, [I]; empty without titles.
        items: A request for the title of each item in the sample, by the item's position.
        shown: The train items of each user in the sample that the model is shown, by the user's position.
        users: A request for further items of each of them.
    """

    def __init__(self, writer: ModelWriterSpec, dataset: Dataset, called: str, count: int) -> None:
        random = np.random.default_rng(0)
        prompts = Prompts(load(str(PROBE), PROBE_NAMES), writer.identity, writer.language, writer.words)
        self.titles = list(dataset.facts.titles if dataset.facts else dataset.titles or ())
        titled = np.flatnonzero([bool(title) for title in self.titles]) if self.titles else np.arange(0)
        self.items: dict[int, Request] = {
            int(item): prompts.request("item", "entries", f"DATASET\n{called}\n\nID\n{dataset.items[item]}")
            for item in random.permutation(titled)[:count]
        }
        self.shown: dict[int, np.ndarray] = {}
        self.users: dict[int, Request] = {}
        degree = np.bincount(dataset.train[:, 0], minlength=len(dataset.users))
        for user in random.permutation(np.flatnonzero(degree > SHOWN))[:count]:
            own = dataset.train[dataset.train[:, 0] == user, 1]
            self.shown[int(user)] = random.permutation(own)[:SHOWN]
            rows = [f"{dataset.users[user]}, {dataset.items[item]}" for item in self.shown[int(user)]]
            document = "\n".join([f"DATASET\n{called}\n", "ROWS (user, item)", *rows])
            self.users[int(user)] = prompts.request("user", "entries", document)


PROBE_NAMES = ("item_entries", "user_entries")


def _completed(
    dataset: Dataset,
    questions: _Questions,
    titles: dict[int, bool],
    answered: dict[int, list[str]],
    tally: Tally,
) -> Completed:
    matrices = {split: dataset.matrix(split).tolil().rows for split in dataset.splits}
    popular = np.argsort(-np.bincount(dataset.train[:, 1], minlength=len(dataset.items)), kind="stable")
    rows: list[tuple[dict[str, float], dict[str, float]]] = []
    for user, ids in answered.items():
        shown = set(questions.shown[user])
        hidden = {
            split: {str(dataset.items[item]) for item in part[user] if item not in shown}
            for split, part in matrices.items()
        }
        guessed = [str(dataset.items[item]) for item in popular if item not in shown][: len(ids)]
        rows.append((_shares(ids, hidden), _shares(guessed, hidden)))
    difference = [sum(model.values()) - sum(popularity.values()) for model, popularity in rows]
    return Completed(
        titles_asked=len(titles),
        titles_right=sum(titles.values()),
        users_asked=len(questions.users),
        users_answered=len(answered),
        named=_means([model for model, _ in rows], dataset.splits),
        by_popularity=_means([popularity for _, popularity in rows], dataset.splits),
        more=sum(value > 0 for value in difference),
        fewer=sum(value < 0 for value in difference),
        tally=tally,
    )


def _shares(ids: Sequence[str], hidden: dict[str, set[str]]) -> dict[str, float]:
    """The share of ``ids`` that are pairs of a user, by split."""
    return {split: sum(name.strip() in items for name in ids) / len(ids) for split, items in hidden.items()}


def _means(rows: Sequence[dict[str, float]], splits: Sequence[str]) -> dict[str, float]:
    return {split: float(np.mean([row[split] for row in rows])) if rows else float("nan") for split in splits}


def _same_title(entry: str, title: str) -> bool:
    """Whether two titles are the same but for capital letters, signs and a year in brackets at the end."""
    one, other = (
        re.sub(r"\W+", " ", re.sub(r"\s*\(\d{4}\)\s*$", "", text.lower())).strip() for text in (entry, title)
    )
    return bool(one) and one == other
