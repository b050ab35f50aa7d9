"""What a sweep takes from the config."""

from omegaconf import OmegaConf

from dlexp.studies.swept import swept


def test_a_key_that_is_null_is_not_swept():
    assert swept(OmegaConf.create({"model": "lstm,gru", "data.length": None})) == {"model": "lstm,gru"}
    assert swept(OmegaConf.create({"data.length": None})) == {}
    assert swept(None) == {}
