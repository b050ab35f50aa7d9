"""A config that comes back from its folder is the one that went in."""

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import OmegaConf

from dlexp.composition.folders import register_folders
from dlexp.composition.groups import CONF
from dlexp.identity import config_hash
from dlexp.schema import register
from dlexp.studies.frozen import freeze, thaw


@pytest.fixture
def composed():
    register()
    register_folders()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        yield loader.load_configuration("config", ["model=mlp", "seed=3"], run_mode=RunMode.RUN)


def without_hydra(cfg):
    return OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"])


def test_there_and_back(composed, tmp_path, monkeypatch):
    monkeypatch.setenv("DLEXP_DATA_DIR", "/from/the/driver")
    folder = tmp_path / "study" / "job"
    freeze(composed, folder, 7)
    monkeypatch.setenv("DLEXP_DATA_DIR", "/from/the/worker")
    cfg = thaw(folder)
    assert config_hash(without_hydra(cfg)) == config_hash(without_hydra(composed))
    assert cfg.data_dir == "/from/the/driver"
    assert OmegaConf.is_struct(cfg)
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)  # for it to be put back
    HydraConfig.instance().set_config(cfg)  # it insists on its own types
    hydra = HydraConfig.get()
    assert hydra.mode == RunMode.MULTIRUN
    assert hydra.runtime.output_dir == str(folder)
    assert (hydra.sweep.dir, hydra.sweep.subdir) == (str(folder.parent), "job")
    assert (hydra.job.num, hydra.job.chdir) == (7, False)
    assert hydra.runtime.choices.model == "mlp"
    assert list(hydra.overrides.task) == ["model=mlp", "seed=3"]


def test_the_composed_config_stays_as_it_was(composed, tmp_path):
    before = OmegaConf.to_yaml(composed)
    freeze(composed, tmp_path / "job", 0)
    assert OmegaConf.to_yaml(composed) == before
