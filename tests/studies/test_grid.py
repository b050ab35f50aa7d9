"""What a sweep takes from the config."""

from hydra_plugins.dlexp_grid import Grid
from omegaconf import OmegaConf


def test_a_key_that_is_null_is_not_swept():
    params = OmegaConf.create({"model": "lstm,gru", "data.length": None})
    assert Grid(params=params)._parse_config() == ["model=lstm,gru"]
    assert Grid(params=OmegaConf.create({"data.length": None}))._parse_config() == []
    assert Grid(params=None)._parse_config() == []
