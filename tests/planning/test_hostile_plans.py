"""Plans that were made on purpose to break the reader, or by a slip of the pen: one sentence each, at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.errors import InputError
from harness.planning.plan import load_plan
from harness.planning.runs import expand
from tests.planning.test_plan import GOOD, PLANS, write

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB + GOOD, r"plan.yaml, line \d+: more than 10,000 values with all aliases"),
        ("about: &a [*a]\n" + GOOD, r"line 1: \*a is part of itself"),
        ("about: &a {b: *a}\n" + GOOD, r"line 1: \*a is part of itself"),
        ("about: " + "[" * 5000 + "]" * 5000 + "\n" + GOOD, r"line 1: more than 50 levels"),
        ("about: " + "{a: " * 2000 + "1" + "}" * 2000 + "\n" + GOOD, r"line 1: more than 50 levels"),
        (GOOD.replace("repetitions: 2", "repetitions: " + "9" * 5000), r"line 2: a number of 5,000 digits"),
        (GOOD.replace("repetitions: 2", "repetitions: !!int 2"), r"line 2: a tag \(tag:yaml.org,2002:int\)"),
        (GOOD.replace("repetitions: 2", "repetitions: !!python/object:os.system 2"), r"line 2: a tag"),
        (GOOD.replace("name: p", 'name: "p\\ud800"'), r"line 1: half of a surrogate pair"),
        (GOOD.replace("name: p", "? [p]\n: 1"), r"line 1, \?: a list or mapping as a key"),
        (GOOD.replace("repetitions: 2", "repetitions: 1000000000"), r"line 2, repetitions: .*10000 \(found 1000000000\)"),
        (GOOD.replace("repetitions: 2", "repetitions: 9999\ncontrols: [" + ", ".join(f"'noise:{n / 100}'" for n in range(1, 99)) + "]"), r"plan: the plan stands for up to 1,979,802 runs"),
        (GOOD.replace("{kind: movielens}", "{kind: movielens}\n    split: {kind: prequential, windows: 1000000000}"), r"windows.*1000"),
        (GOOD.replace("repetitions: 2", "training: {threads: 1000000000}"), r"line 2, training.threads: .*1024"),
        (GOOD.replace("repetitions: 2", "evaluation: {k: []}"), r"line 2, evaluation.k: .*at least 1 item"),
        (GOOD.replace("repetitions: 2", "evaluation: {show: []}"), r"line 2, evaluation.show: .*at least 1 item"),
        (GOOD.replace("repetitions: 2", "evaluation: {metrics: []}"), r"line 2, evaluation.metrics: .*at least 1 item"),
        (GOOD.replace("repetitions: 2", "evaluation: {show: [recall@20, recall@20]}"), r"line 2, evaluation.show: 'recall@20' is listed twice"),
        (GOOD.replace("repetitions: 2", "evaluation: {metrics: [recall, recall]}"), r"line 2, evaluation.metrics: 'recall' is listed twice"),
        (GOOD.replace("{kind: movielens}", "{kind: movielens}\n    density: [0.5, 0.50000001]"), r"density: '50%' is listed twice"),
        (GOOD.replace("{kind: movielens}", "{kind: table, path: ~nobody-has-this-name/x.csv}"), r"datasets.0.source.path: .*nobody-has-this-name"),
        (GOOD.replace("{kind: movielens}", "{kind: table, path: " + "x" * 300 + ".csv, user: u, item: i}"), r"source.path: a path has a name of 304 bytes"),
        (GOOD + "table: 1\n", r"line \d+, table: unknown key"),
        (GOOD.replace("{kind: movielens}", "{kind: movielens, matrices: 1}"), r"source.matrices: unknown key"),
        (GOOD.replace("{kind: movielens}", "{kind: movielens, movielens: 1}"), r"source.movielens: unknown key"),
        ("\ufeff" + GOOD.replace("name: p", "name: [p]"), r"line 1, name: "),
        ("a\x00b", r"not YAML"),
        ("x" * 300_000, r"the file has 300,000 bytes; expected at most 262,144"),
    ],
)  # fmt: skip
def test_each_is_one_sentence_within_a_second(text: str, said: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    started = time.process_time()
    with pytest.raises(InputError, match=said) as caught:
        load_plan(path)
    assert time.process_time() - started < 1.0
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_numbers_and_words_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    text = GOOD.replace("{n_intents: 16}", "{learning_rate: 1e-3, l2_weight: 1E-6}\nabout: 2024-02-31")
    plan = load_plan(write(tmp_path, text))
    assert plan.systems[1].hyper == {"learning_rate": 0.001, "l2_weight": 1e-6}
    assert plan.about == "2024-02-31"
    wide = GOOD.replace("n_intents: 16}", "n_intents: 16}\n    space: {learning_rate: [1e-3, 3e-3]}")
    assert load_plan(write(tmp_path, wide)).systems[1].space == {"learning_rate": (0.001, 0.003)}


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_plan(path).name == "p"


SHIPPED = [path.read_text() for path in sorted(PLANS.glob("*.yaml"))] + [GOOD]
JUNK = st.sampled_from(
    ["[", "]", "{", "}", ":", "-", "&a", "*a", "!", "|", ">", '"', "'", "#", "%", "@", "~", "<<: *a", "1e999", "-1",
     "nan", ".inf", "0", "999999999", "null", "true", "\t", "\n", "\u2028", "\x85", "é", "[]", "{}", "- - -", "? ?"]
)  # fmt: skip


@settings(max_examples=300, deadline=5000, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(SHIPPED),
    st.lists(st.tuples(st.floats(0, 1), JUNK, st.integers(0, 12)), min_size=1, max_size=4),
)
def test_a_mutated_plan_loads_or_is_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, text: str, changes: list[tuple[float, str, int]]
) -> None:
    for share, junk, dropped in changes:
        at = int(share * len(text))
        text = text[:at] + junk + text[at + dropped :]
    path = tmp_path_factory.getbasetemp() / "mutated.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        plan = load_plan(path)
    except InputError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        next(iter(expand(plan)))
