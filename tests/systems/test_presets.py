"""Released values by dataset, and the papers' behaviour as a preset."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.errors import InputError
from harness.planning.datasets import DatasetPlan
from harness.systems.line import parse
from harness.systems.presets import read, released_datasets
from harness.systems.settings import settings

RELEASED = [(line, dataset) for line, entries in read()["release"].items() for dataset in entries]


@pytest.mark.parametrize(("line", "dataset"), RELEASED)
def test_settings_accept_every_released_value(line: str, dataset: str) -> None:
    spec = parse(line)
    assert spec.name == line
    settings(spec, read()["release"][line][dataset])


def test_values_differ_by_dataset() -> None:
    spec = parse("RLMRec-Gen[LightGCN]")
    book, yelp, other = (settings(spec, {}, name) for name in ("amazon-book", "yelp", None))
    assert (book["mask_ratio"], yelp["mask_ratio"]) == (0.15, 0.05)
    assert (book["layers"], yelp["layers"], other["layers"]) == (2, 2, 2)
    assert settings(spec, {"mask_ratio": 0.3}, "yelp")["mask_ratio"] == 0.3


def test_the_paper_preset_switches_what_a_system_has() -> None:
    released, paper = (settings(parse(line), {}) for line in ("LightGCN", "LightGCN[preset=paper]"))
    assert (released["readout"], released["l2_scope"]) == ("sum", "all")
    assert (paper["readout"], paper["l2_scope"], paper["l2_weight"]) == ("mean", "batch", 1e-4)
    both = settings(parse("IRLLRec[DCCF, -momentum, preset=paper]"), {})
    assert (both["translation_noise"], both["translation_partner"]) == ("additive", "intent")
    assert both["matching"] == "similarity"
    assert "readout" not in both
    assert both["momentum_weight"] == 0.0


def test_every_paper_switch_belongs_to_a_system() -> None:
    known = {*parse("IRLLRec[LightGCN]").options(), *parse("DCCF").options()}
    assert set(read()["paper"]) <= known


def test_a_preset_stands_in_the_name_and_a_wrong_one_is_refused() -> None:
    assert parse("LightGCN[preset=paper]").name == "LightGCN[preset=paper]"
    assert parse("LightGCN[preset=release]").name == "LightGCN"
    with pytest.raises(InputError, match="did you mean 'paper'"):
        parse("LightGCN[preset=papper]")


def test_an_unknown_dataset_of_the_releases_is_refused() -> None:
    assert released_datasets() == ["amazon-book", "amazon-movie", "douban-book", "steam", "tmall", "yelp"]
    with pytest.raises(ValidationError, match="did you mean 'yelp'"):
        DatasetPlan.model_validate({"name": "a", "source": {"kind": "movielens"}, "released": "yelpp"})


def test_an_alignment_without_published_values_takes_those_of_its_backbone() -> None:
    alone, aligned = (settings(parse(line), {}) for line in ("MF", "RLMRec-Con[MF]"))
    for name in ("l2_scope", "l2_weight", "learning_rate"):
        assert aligned[name] == alone[name] != settings(parse("LightGCN"), {})[name]
    tmall = settings(parse("IRLLRec[LightCCF]"), {}, "tmall")
    assert (tmall["encoder"], tmall["neighbour_weight"], tmall["neighbour_tau"]) == ("MF", 5.0, 0.24)
    assert settings(parse("RLMRec-Con[DCCF]"), {}, "steam")["layers"] == 2, "DCCF alone has 3 on steam"
