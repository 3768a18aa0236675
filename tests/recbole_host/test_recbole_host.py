"""Every repair of RecBole, configuration that says what was asked, and registration by name."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch

from harness import recbole_host
from harness.recbole_host import make_config
from harness.recbole_host.models import RECBOLE_NAMES
from harness.recbole_host.repairs import REPAIRS, repair
from models.recommender import HostedRecommender


def run_python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter, since repairs and registration last as long as one."""
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_repairs_are_named_and_idempotent() -> None:
    names = [item.name for item in REPAIRS]
    assert len(set(names)) == len(names)
    assert repair() == repair()


def test_numpy_names_let_a_config_be_made(tmp_path: Path) -> None:
    made = run_python(
        """
        import numpy
        from recbole.config import Config
        from recbole.model.general_recommender import BPR
        if not hasattr(numpy, "float_"):
            try:
                Config(model=BPR, dataset="x")
            except AttributeError:
                pass
            else:
                raise SystemExit("RecBole has healed: delete the repair numpy_names")
        from harness.recbole_host.repairs import repair
        repair()
        Config(model=BPR, dataset="x")
        """,
        tmp_path,
    )
    assert made.returncode == 0, made.stderr


def test_dok_update_fills_a_matrix() -> None:
    repair()
    matrix = sp.dok_matrix((2, 2), dtype=np.float32)
    matrix._update({(0, 1): 3.0})
    assert matrix[0, 1] == 3.0


def test_ray_stand_in_imports_and_refuses_use(tmp_path: Path) -> None:
    made = run_python(
        """
        from harness.recbole_host.repairs import repair
        applied = repair()
        from recbole.quick_start import run_recbole
        import ray
        if "ray_import" in applied:
            try:
                ray.tune.report
            except ImportError as error:
                assert "not supported" in str(error)
            else:
                raise SystemExit("the stand-in answered")
        """,
        tmp_path,
    )
    assert made.returncode == 0, made.stderr


def test_checkpoints_hold_plain_data(tmp_path: Path) -> None:
    repair()
    from recbole.trainer import Trainer

    class Stub:
        config = {"model": "LightGCN", "single_spec": True}
        saved_model_file = str(tmp_path / "model.pth")
        cur_step = best_valid_score = 0
        model = optimizer = torch.nn.Linear(1, 1)
        model.other_parameter = dict  # type: ignore[assignment]

    Trainer._save_checkpoint(Stub(), 3, verbose=False)
    assert torch.load(Stub.saved_model_file, weights_only=True)["config"]["model"] == "LightGCN"


def test_ncl_clusters_without_a_gpu() -> None:
    pytest.importorskip("faiss")
    repair()
    from recbole.model.general_recommender import NCL

    class Stub:
        latent_dim, k, device = 2, 3, "cpu"

    nodes = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    centroids, cluster = NCL.run_kmeans(Stub(), nodes)
    assert centroids.shape == (3, 2)
    assert cluster.shape == (200,)
    assert set(cluster.tolist()) == {0, 1, 2}


def test_pandas_3_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    item = next(item for item in REPAIRS if item.name == "pandas_fillna")
    assert not item.needed()
    monkeypatch.setattr(pd, "__version__", "3.1.0")
    assert item.needed()
    with pytest.raises(ImportError, match="expected below 3"):
        item.apply()


def test_config_ignores_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["program", "--epochs=77"])
    assert make_config(HostedRecommender, "x", {"epochs": 5})["epochs"] == 5
    assert sys.argv == ["program", "--epochs=77"]


def test_config_that_evals_a_string_is_refused() -> None:
    with pytest.raises(ValueError, match=r"RecBole made note 3; expected '1 [+] 2'"):
        make_config(HostedRecommender, "x", {"note": "1 + 2"})


def test_config_that_replaces_the_data_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="RecBole made data_path"):
        make_config(HostedRecommender, "ml-100k", {"data_path": str(tmp_path)})


def test_classes_are_importable_and_pass_as_models(tmp_path: Path) -> None:
    from harness.recbole_host import DCCF, IRLLRec, LightGCN, RLMRec

    for model in (DCCF, IRLLRec, LightGCN, RLMRec):
        config = make_config(model, "x", {})
        assert config["model"] == model.__name__
    with pytest.raises(AttributeError, match="no attribute"):
        recbole_host.__getattr__("NoSuchModel")


QUICK = ("IRLLRec", "LightGCN", "EASE")


@pytest.mark.parametrize(
    "model", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in RECBOLE_NAMES]
)
def test_run_recbole_by_name(model: str, tmp_path: Path) -> None:
    made = run_python(
        f"""
        from harness.recbole_host import register
        register()
        from recbole.quick_start import run_recbole
        from recbole.utils import get_model
        assert get_model({model!r}).__module__ == "harness.recbole_host"
        options = dict(epochs=1, n_intents=8) if {model!r} == "IRLLRec" else dict(epochs=1)
        found = run_recbole(model={model!r}, dataset="ml-100k", config_dict=dict(show_progress=False, **options))
        assert 0 < found["test_result"]["recall@10"] < 1, found
        """,
        tmp_path,
    )
    assert made.returncode == 0, made.stderr[-2000:]


def test_stock_lightgcn_trains_and_restores_its_best_model(tmp_path: Path) -> None:
    """RecBole's own model needs every repair: numpy's names, dok's update, ray, the checkpoint."""
    made = run_python(
        """
        from harness.recbole_host.repairs import repair
        repair()
        from recbole.quick_start import run_recbole
        found = run_recbole(model="LightGCN", dataset="ml-100k", config_dict=dict(epochs=1, show_progress=False))
        assert 0 < found["test_result"]["recall@10"] < 1, found
        """,
        tmp_path,
    )
    assert made.returncode == 0, made.stderr[-2000:]


def test_our_lightgcn_does_not_take_recboles_defaults() -> None:
    from harness.recbole_host import LightGCN

    config = make_config(LightGCN, "x", {})
    assert config["embedding_size"] == 64, "RecBole gives a class named LightGCN its own settings"
    assert "embedding_size" not in config.external_config_dict


def test_every_name_is_a_known_system() -> None:
    from harness.systems.line import parse

    assert [parse(line).name for line in RECBOLE_NAMES.values()] == list(RECBOLE_NAMES.values())
