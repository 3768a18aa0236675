"""System lines are parsed, written in one way, and refused with a hint."""

from __future__ import annotations

import pytest

from harness.errors import InputError
from harness.systems.line import changed, parse
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS
from harness.systems.settings import settings


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("LightGCN", "LightGCN"),
        ("IRLLRec", "IRLLRec[LightGCN]"),
        ("IRLLRec[ DCCF ]", "IRLLRec[DCCF]"),
        ("IRLLRec[LightGCN, -intent-translation]", "IRLLRec[LightGCN, -intent, -translation]"),
        ("IRLLRec[LightGCN, -translation, -intent]", "IRLLRec[LightGCN, -intent, -translation]"),
        ("RLMRec-Con[DCCF, text=shuffled]", "RLMRec-Con[DCCF, text=shuffled]"),
        ("DCCF[-contrast]", "DCCF[-contrast]"),
    ],
)
def test_canonical_names(line: str, name: str) -> None:
    assert parse(line).name == name
    assert parse(name) == parse(line)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("LightGNC", "did you mean 'LightGCN'"),
        ("IRLRec[LightGCN]", "did you mean 'IRLLRec'"),
        ("IRLLRec[DCFC]", "did you mean 'DCCF'"),
        ("IRLLRec[LightGCN, -intents]", "did you mean 'intent'"),
        ("IRLLRec[LightGCN, text=shufled]", "did you mean 'shuffled'"),
        ("LightGCN[text=shuffled]", "not a change that LightGCN can be given"),
        ("MostPop[-l2]", "no term 'l2'"),
        ("ItemKNN[-user]", "no term 'user'; it has no terms at all"),
        ("IRLLRec[LightGCN", "is not a system line"),
    ],
)
def test_misspelt_lines_name_the_nearest(line: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint):
        parse(line)


@pytest.mark.parametrize(
    ("hyper", "hint"),
    [
        ({"intent_wieght": 1.0}, "did you mean 'intent_weight'"),
        ({"layers": 2.5}, "expected a whole number"),
        ({"layers": 0}, "expected a positive number"),
        ({"layers": 10**9}, "expected at most 100"),
        ({"n_intents": 10**12}, "expected at most 10,000,000"),
        ({"translation_nodes": 10**9}, "or a whole number from 1 to 10,000,000"),
        ({"profile_tau": 0.001}, "expected at least 0.03"),
        ({"l2_scope": "al"}, "did you mean 'all'"),
        ({"learning_rate": "fast"}, "expected a number"),
        ({"learning_rate": float("inf")}, "is inf; expected a positive number"),
        ({"learning_rate": float("nan")}, "is nan; expected a positive number"),
    ],
)
def test_wrong_hyper_parameters_are_refused(hyper: dict[str, object], hint: str) -> None:
    with pytest.raises(InputError, match=hint):
        settings(parse("IRLLRec[LightGCN]"), hyper)


def test_every_hyper_parameter_says_what_it_is_and_its_default_is_in_range() -> None:
    lines = [*CLASSICS, *BACKBONES, *(f"{a}[{b}]" for a in ALIGNMENTS for b in BACKBONES)]
    for line in lines:
        values = settings(parse(line), {})
        for name, item in parse(line).options().items():
            facts = item.metadata
            assert facts["meaning"], name
            if facts["choices"]:
                assert values[name] in facts["choices"]
            else:
                assert facts["low"] <= values[name] <= facts["high"], (line, name)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("IRLLRec[LightGCN, text=noise:.50]", "IRLLRec[LightGCN, text=noise:0.5]"),
        ("AlphaRec[text=noise:1]", "AlphaRec[text=noise:1]"),
        ("LightGCN[capacity=IRLLRec]", "LightGCN[capacity=IRLLRec]"),
        ("DCCF[capacity=RLMRec-Con, -contrast]", "DCCF[-contrast, capacity=RLMRec-Con]"),
    ],
)
def test_canonical_names_of_controls(line: str, name: str) -> None:
    assert parse(line).name == name
    assert parse(name) == parse(line)


@pytest.mark.parametrize("share", ["0", "1.5", "-0.1", "nan", "much", ""])
def test_a_share_of_noise_lies_between_nothing_and_all(share: str) -> None:
    with pytest.raises(InputError, match="expected noise:SHARE with a share above 0, up to 1"):
        parse(f"IRLLRec[LightGCN, text=noise:{share}]")


@pytest.mark.parametrize("line", ["MostPop[capacity=IRLLRec]", "IRLLRec[LightGCN, capacity=IRLLRec]"])
def test_capacity_is_for_trained_systems_without_text(line: str) -> None:
    with pytest.raises(InputError, match="is not a change that"):
        parse(line)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "LightGCN[foo]",
            "'foo' is not a change that LightGCN can be given; expected -l2, preset=release or paper, "
            "start=warm, or capacity=IRLLRec, ProMax, RLMRec-Con or RLMRec-Gen",
        ),
        (
            "RLMRec-Con[DCCF, capacity=IRLLRec]",
            "'capacity=IRLLRec' is not a change that RLMRec-Con[DCCF] can be given; expected -l2, -contrast, "
            "-profile, preset=release or paper, start=warm, or text=shuffled, random or noise:SHARE",
        ),
        (
            "MostPop[start=warm]",
            "'start=warm' is not a change that MostPop can be given; expected preset=release or paper",
        ),
        ("LightGCN[start=cold]", "start cannot be 'cold'; expected one of ['warm']"),
    ],
)
def test_a_refused_change_names_those_that_are_possible(line: str, sentence: str) -> None:
    with pytest.raises(InputError) as error:
        parse(line)
    assert str(error.value) == f"{line!r}: {sentence}"


def test_a_change_more() -> None:
    spec = parse("IRLLRec[DCCF, -intent]")
    assert changed(spec, "text=shuffled").name == "IRLLRec[DCCF, -intent, text=shuffled]"
    assert changed(parse("LightGCN"), "-l2").name == "LightGCN[-l2]"
    assert changed(parse("IRLLRec[DCCF, -momentum]"), "-intent-l2") == parse(
        "IRLLRec[DCCF, -l2-intent-momentum]"
    )
    with pytest.raises(InputError, match="no term 'momentum'"):
        changed(parse("RLMRec-Con[LightGCN]"), "-momentum")
