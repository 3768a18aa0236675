"""The report of a plan, from the store alone: tables, their captions, failures and skips."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from harness import InputError, published, stats, tables
from harness.data.dataset import SPLITS
from harness.intents.spec import IntentsSpec
from harness.plan import DatasetPlan, Plan, Run, Skipped, dataset_key, expand
from harness.store import Store


@dataclass(frozen=True)
class Standing:
    """What the store holds of one planned run: ``finished``, ``failed``, ``missing`` or ``skipped``."""

    dataset: str
    system: str
    repetition: int | None
    status: str
    reason: str = ""
    identity: str = ""


def standings(plan: Plan, store: Store) -> list[Standing]:
    """One entry a planned run, and one a skipped pair."""
    return list(_standings(plan, store))


def _standings(plan: Plan, store: Store) -> Iterator[Standing]:
    checksums = {}
    for each in plan.datasets:
        noted = store.dataset(dataset_key(plan, each))
        checksums[each.name] = noted["checksum"] if noted else None
    for entry in expand(plan):
        if isinstance(entry, Skipped):
            yield Standing(entry.dataset, entry.system, None, "skipped", entry.reason)
            continue
        yield _standing(entry, checksums[entry.dataset.name], store)


def _standing(run: Run, checksum: str | None, store: Store) -> Standing:
    name = (run.dataset.name, run.system.name, run.repetition)
    identity = run.identity(checksum) if checksum else ""
    if not identity or identity not in store:
        return Standing(*name, "missing", "not run yet")
    record = store.record(identity)
    return Standing(*name, record["status"], record.get("reason", ""), identity)


def write(plan: Plan, store: Store, out: Path, beside: Path | None = None, costs: bool = True) -> list[Path]:
    """Write ``leaderboard.{md,csv,tex}`` of every dataset; returns the files.

    ``beside`` is a file of published numbers to show beside ours. Without ``costs`` the files hold no
    seconds and no memory, and are the same however often and wherever the plan was run.

    Raises:
        InputError: The store holds no finished run of the plan; the published numbers are unreadable.
    """
    known = published.read(beside) if beside else None
    found = standings(plan, store)
    if not any(each.status == "finished" for each in found):
        raise InputError(
            f"{store.root}: no finished run of the plan {plan.name!r}; expected `intentbench run` first"
        )
    files: dict[str, list[str]] = {"md": [f"# {plan.name}", plan.about.strip()], "tex": []}
    frames = []
    for dataset in plan.datasets:
        mine = [each for each in found if each.dataset == dataset.name]
        section = _section(plan, dataset, mine, store, costs)
        files["md"] += section.markdown
        if known is not None:
            files["md"] += _published(known, dataset.name, mine, store)
        files["tex"] += section.tex
        frames.append(section.frame)
    out.mkdir(parents=True, exist_ok=True)
    contents = {
        "leaderboard.md": "\n\n".join(part for part in files["md"] if part) + "\n",
        "leaderboard.tex": "\n\n".join(files["tex"]) + "\n",
        "leaderboard.csv": pd.concat(frames, ignore_index=True).to_csv(index=False),
    }
    for name, text in contents.items():
        _replace(out / name, text)
    return [out / name for name in contents]


@dataclass(frozen=True)
class _Section:
    markdown: list[str]
    tex: list[str]
    frame: pd.DataFrame


def _section(
    plan: Plan, dataset: DatasetPlan, mine: list[Standing], store: Store, with_costs: bool
) -> _Section:
    noted = store.dataset(dataset_key(plan, dataset)) or {}
    heading = [f"## {dataset.name}", _sizes(noted), *(f"Note: {text}." for text in noted.get("notes", []))]
    finished = [each for each in mine if each.status == "finished"]
    absent = _absent(mine)
    if not finished:
        return _Section([*heading, "No run of this dataset is finished.", *absent], [], pd.DataFrame())
    groups: dict[str, list[str]] = {}
    for each in finished:
        groups.setdefault(each.system, []).append(each.identity)
    shown = list(plan.evaluation.show)
    users = store.user_means(groups)
    baselines = {entry.spec.name for entry in plan.systems if entry.spec.is_baseline}
    comparison = stats.compare(users, shown, baselines)
    costs = pd.DataFrame({name: _costs(store, runs, shown) for name, runs in groups.items()}).T
    if not with_costs:
        costs = costs.drop(columns=["seconds_s", "peak_bytes"])
    if isinstance(dataset.text, IntentsSpec):
        reads = {entry.spec.name: entry.spec.needs_text for entry in plan.systems}
        costs["text"] = [dataset.text.writer.name if reads[name] else "" for name in costs.index]
    markdown = tables.markdown(tables.leaderboard(comparison, costs, shown, tables.MARKDOWN))
    latex = tables.latex(tables.leaderboard(comparison, costs, shown, tables.LATEX))
    everything = users.drop(columns="user").groupby("system").mean()
    frame = comparison.merge(costs, left_on="system", right_index=True)
    frame = frame.merge(everything.add_prefix("mean "), left_on="system", right_index=True)
    frame.insert(0, "dataset", dataset.name)
    text = [
        *heading,
        markdown,
        _caption(plan, comparison, shown, len(users["user"].unique())),
        *_loss_shares(store, groups),
        *absent,
    ]
    return _Section(text, [f"% {dataset.name}", latex], frame)


def _costs(store: Store, identities: list[str], metrics: list[str]) -> dict[str, Any]:
    """Medians over a system's runs, its beyond-accuracy figures and its spread over repetitions."""
    records = [store.record(identity) for identity in identities]
    frame = pd.DataFrame([{**each["overall"], **each} for each in records])
    keys = ["seconds_s", "peak_bytes", "parameters", *records[0]["overall"]]
    spread = store.run_means(identities).std(ddof=1)
    return {
        "runs": len(records),
        **frame[keys].median().to_dict(),
        **{f"{metric} spread": spread[metric] for metric in metrics},
    }


def _loss_shares(store: Store, groups: dict[str, list[str]]) -> list[str]:
    """What each term contributes to the loss of every trained system with more than BPR and L2."""
    lines = []
    for name, identities in groups.items():
        losses = pd.DataFrame([store.record(identity).get("loss", {}) for identity in identities]).mean()
        if len(losses) > 2:
            shares = ", ".join(f"{term} {share:.1%}" for term, share in (losses / losses.sum()).items())
            lines.append(f"- {name}: {shares}")
    return ["Shares of the training loss at the best epoch:", "\n".join(lines)] if lines else []


def _published(known: pd.DataFrame, dataset: str, mine: list[Standing], store: Store) -> list[str]:
    """Published numbers beside ours, for what both have."""
    runs = [each for each in mine if each.status == "finished"]
    ours = store.run_means([each.identity for each in runs])
    ours.insert(0, "system", [each.system for each in runs])
    found = published.beside(known, dataset, ours)
    if found.empty:
        return [f"No published number of {dataset} is for a system and metric of this table."]
    sources = "; ".join(sorted(known.loc[known["dataset"] == dataset, "source"].unique()))
    return [
        "Mean over our repetitions / published number (difference):",
        tables.markdown(tables.published(found)),
        f"Source: {sources}.",
    ]


def _sizes(noted: dict[str, Any]) -> str:
    if not noted:
        return ""
    pairs = " / ".join(f"{noted['pairs'][split]:,}" for split in SPLITS)
    return f"{noted['users']:,} users, {noted['items']:,} items, {pairs} train / validation / test pairs."


def _caption(plan: Plan, comparison: pd.DataFrame, metrics: list[str], users: int) -> str:
    """How to read the table, and what was compared with what."""
    against = comparison.dropna(subset=["baseline"]).drop_duplicates("metric")
    named = ", ".join(f"{row.baseline} on {tables.title(row.metric)}" for row in against.itertuples())
    tests = int(comparison["p_holm"].notna().sum())
    plural = "s" if plan.repetitions > 1 else ""
    return (
        f"Means over {users:,} test users of per-user values averaged over {plan.repetitions} "
        f"repetition{plural}, with 95 % bootstrap intervals over users; best bold, second underlined. "
        f"Gain, effect size (paired Cohen's d) and p are for {tables.title(metrics[0])} against the "
        f"best baseline ({named or 'none'}), chosen among all "
        "systems without IRLLRec by the figures in this table. "
        f"▲ better, ▼ worse: the paired randomisation test survives Holm at .05 over {tests} tests. "
        "Hyper-parameters are fixed by the plan, not tuned. Costs (memory: whole process) and "
        "parameters are medians over runs."
    )


def _absent(mine: list[Standing]) -> list[str]:
    """Failed, skipped and missing runs, each system with its reasons."""
    lines: dict[str, int] = {}
    for each in mine:
        if each.status != "finished":
            line = f"- {each.system}: {each.status}, {each.reason}"
            lines[line] = lines.get(line, 0) + 1
    if not lines:
        return []
    many = {line: f" ({count} runs)" if count > 1 else "" for line, count in lines.items()}
    return ["Not in the table, or with fewer runs:", "\n".join(line + many[line] for line in lines)]


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
