"""Search spaces: as declared, narrowed by plans, and without what no loss term reads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import InputError
from harness.systems.line import parse
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS
from harness.systems.search_space import Domain, Range, check_names, drawn_for, space, values_of
from harness.systems.settings import settings

EVERY = [
    *CLASSICS,
    *BACKBONES,
    *(f"{alignment}[{backbone}]" for alignment in ALIGNMENTS for backbone in BACKBONES),
]


def found(line: str, fixed: set[str] = frozenset(), **narrowed: Any) -> dict[str, Domain]:  # type: ignore[assignment]
    spec = parse(line)
    return space(spec, settings(spec, {}), set(fixed), narrowed)


@pytest.mark.parametrize("line", EVERY)
def test_every_default_lies_in_its_space(line: str) -> None:
    values = settings(parse(line), {})
    for name, domain in found(line).items():
        assert domain.closest_to(values[name]) == values[name], name
        assert domain.low < domain.high


def test_switches_and_widths_are_fixed_unless_the_plan_varies_them() -> None:
    assert {"layers", "learning_rate", "l2_weight", "contrast_weight"} <= set(found("DCCF"))
    assert not {"embedding_size", "n_intents", "products", "contrast_mean"} & set(found("DCCF"))
    assert found("DCCF", embedding_size=(32, 64))["embedding_size"] == Domain(choices=(32, 64))
    assert found("DCCF", contrast_mean=("own", "users"))["contrast_mean"].choices == ("own", "users")


def test_an_ablated_terms_parameters_leave() -> None:
    whole, without = found("IRLLRec[LightGCN]"), found("IRLLRec[LightGCN, -intent-translation]")
    assert set(whole) - set(without) == {"intent_weight", "intent_tau", "translation_weight"}
    assert set(found("RLMRec-Gen[LightGCN]")) - set(found("RLMRec-Gen[LightGCN, -reconstruct]")) == {
        "mask_ratio",
        "reconstruct_weight",
        "reconstruct_tau",
    }
    assert "noise_size" not in found("SimGCL[-contrast]")


def test_what_the_plan_fixes_leaves() -> None:
    assert "learning_rate" not in found("LightGCN", fixed={"learning_rate"})


def test_a_plan_narrows() -> None:
    domains = found("LightGCN", learning_rate=Range(low=1e-3, high=5e-3), layers=Range(low=1, high=2))
    assert domains["learning_rate"] == Domain(1e-3, 5e-3, log=True)
    assert domains["layers"] == Domain(1, 2, whole=True)
    assert not found("LightGCN", learning_rate=Range(low=1e-3, high=5e-3, log=False))["learning_rate"].log


@pytest.mark.parametrize(
    ("line", "name", "wanted", "expected"),
    [
        ("LightGCN", "layers", Range(low=3, high=2), "low is 3.0, high 2.0; expected low below high"),
        ("LightGCN", "layers", Range(low=0.5, high=2), "layers is 0.5; expected a whole number"),
        ("LightGCN", "layers", Range(low=1, high=float("inf")), "layers is inf; expected a whole number"),
        ("LightGCN", "layers", (), "no value is left"),
        ("LightGCN", "readout", ("sums",), "did you mean 'sum'?"),
        ("LightGCN", "readout", Range(low=1, high=2), "has no range; expected a list of values"),
        ("ItemKNN", "shrink", Range(low=0, high=2, log=True), "expected more than 0"),
        ("DCCF", "contrast_tau", Range(low=1e-9, high=2), "expected at least"),
    ],
)
def test_an_impossible_domain_is_refused(line: str, name: str, wanted: Any, expected: str) -> None:
    with pytest.raises(InputError, match=expected.replace("?", r"\?")):
        found(line, **{name: wanted})


def test_a_name_that_no_system_has_is_refused() -> None:
    specs = [parse("LightGCN"), parse("DCCF")]
    check_names({"contrast_tau": (0.1,)}, specs, "space")
    with pytest.raises(InputError, match="no hyper-parameter 'contrast_tu'; did you mean 'contrast_tau'"):
        check_names({"contrast_tu": (0.1,)}, specs, "space")


@given(st.floats(-10, 10), st.floats(-5, 0), st.floats(0.1, 5))
def test_the_closest_value_lies_inside(value: float, low: float, high: float) -> None:
    near = Domain(low, high).closest_to(value)
    assert low <= near <= high
    assert abs(near - value) == max(0.0, low - value, value - high)


def test_the_closest_choice() -> None:
    assert Domain(choices=(1, 4)).closest_to(3) == 4
    assert Domain(choices=("a", "b")).closest_to("c") == "a"


def test_matching_by_similarity_reads_the_temperature_of_a_left_out_intent_term() -> None:
    """IRLLRec's momentum term matches by similarity under the paper's preset, by distillation otherwise."""
    assert "intent_tau" in found("IRLLRec[LightGCN, -intent, preset=paper]")
    assert "intent_tau" not in found("IRLLRec[LightGCN, -intent-momentum, preset=paper]")
    assert "intent_tau" not in found("IRLLRec[LightGCN, -intent]")


def test_distillation_reads_the_nodes_of_a_left_out_translation() -> None:
    nodes = (256, 1024)
    line = "IRLLRec[LightGCN, -translation]"
    assert found(line, translation_nodes=nodes)["translation_nodes"] == Domain(choices=nodes)
    assert "translation_nodes" not in found(f"{line[:-1]}, -momentum]", translation_nodes=nodes)
    assert "translation_nodes" not in found(f"{line[:-1]}, preset=paper]", translation_nodes=nodes)


def test_the_precision_of_products_is_read_by_the_terms_with_info_nce() -> None:
    def varied(line: str) -> bool:
        return "products" in found(line, products=("float32", "bfloat16"))

    assert varied("DCCF")
    assert not varied("DCCF[-contrast]")
    assert varied("IRLLRec[DCCF, -profile-intent-translation]")  # the contrast of DCCF
    assert not varied("IRLLRec[LightGCN, -profile-intent-translation]")


def test_a_search_draws_the_sum_of_a_ridge_that_may_be_negative() -> None:
    domains = found("L3AE")
    assert domains["ridge"] == Domain(10.0, 1000.0, log=True, plus="distillation")
    assert domains["distillation"] == Domain(10.0, 1000.0, log=True)
    values = settings(parse("L3AE"), {"ridge": -50.0, "distillation": 150.0})
    drawn = drawn_for(domains, values)
    assert (drawn["ridge"], drawn["distillation"]) == (100.0, 150.0)
    assert values_of(domains, drawn, values) == {name: values[name] for name in domains}
    alone = found("L3AE", fixed={"distillation"})
    assert values_of(alone, {"ridge": 100.0}, values) == {"ridge": -50.0}


def test_a_plan_narrows_the_sum() -> None:
    narrowed = found("L3AE", ridge=Range(low=20, high=200))["ridge"]
    assert narrowed == Domain(20.0, 200.0, log=True, plus="distillation")
    assert found("L3AE", ridge=(50.0, 100.0))["ridge"] == Domain(choices=(50.0, 100.0), plus="distillation")
    with pytest.raises(InputError, match=r"ridge \+ distillation: a value is -5.0; expected sums above 0"):
        found("L3AE", ridge=(-5.0, 100.0))


@pytest.mark.parametrize("ridge", [-100.0, -250, float("nan")])
def test_a_sum_that_is_not_positive_is_refused(ridge: float) -> None:
    with pytest.raises(InputError, match=r"expected a (sum above 0|number below infinity)"):
        settings(parse("L3AE"), {"ridge": ridge, "distillation": 100.0})


def test_domains_without_a_sum_are_told_as_before() -> None:
    assert "plus" not in found("EASE^R")["ridge"].facts()
    assert found("L3AE")["ridge"].facts()["plus"] == "distillation"
