"""Our quick composition against Hydra's own."""

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import OmegaConf

from dlexp.composition.folders import register_folders
from dlexp.composition.groups import CONF
from dlexp.schema import register
from dlexp.studies.composer import Composer


@pytest.fixture
def composer():
    register()
    register_folders()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        words = ["model=lenet,mlp", "optimizer.lr=0.1,0.2", "study=mine"]
        yield Composer(loader.load_configuration("config", words, run_mode=RunMode.MULTIRUN), loader)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["model=lenet"],
        ["model=mlp", "seed=3"],
        ["seed=3", "model=mlp", "model.hidden_sizes=[3,4]", "optimizer=momentum", "optimizer.lr=1e-3"],
        ["task=cnn_compare", "model=resnet"],
        ["model=resnet", "task=cnn_compare", "trainer=debug"],
        ["optimizer.lr=0.1", "optimizer=adam"],
        ["experiment=lenet_mnist", "seed=1", "optimizer.lr=0.3", "data.augment.shift=1"],
        ["callbacks=[default,ema]", "callbacks.ema.decay=0.5", "study=other", "data_dir=/tmp"],
        ["+model.extra=1", "model.activation=relu"],
        ["model.activation=relu", "++model.activation=tanh"],
        ["~callbacks.curves", "seed=1"],
        ["optimizer.lr=${optimizer.eps}", "seed=1"],
        ["hydra.job.name=other", "seed=1"],
    ],
)
def test_is_what_hydra_composes(composer, words):
    theirs = composer.loader.load_sweep_config(composer.master, words)
    for _ in range(2):  # at first with its files read, then from those that lie there
        ours = composer.compose(words)
        assert OmegaConf.to_yaml(ours) == OmegaConf.to_yaml(theirs)
        assert OmegaConf.is_struct(ours)


def test_the_time_is_one_for_all_jobs(composer):
    cfg = composer.compose(["model=lenet", "study=mine"])
    assert OmegaConf.select(cfg, "hydra.sweep.dir") == OmegaConf.select(composer.master, "hydra.sweep.dir")
    found = {str(composer.compose([f"seed={i}"]).hydra.run.dir) for i in range(3)}
    assert len(found) == 1


def test_jobs_do_not_share_their_values(composer):
    first, second = (composer.compose(["model=lenet", f"seed={seed}"]) for seed in (1, 2))
    assert (first.seed, second.seed) == (1, 2)
    assert composer.compose(["model=lenet"]).seed == 0


@pytest.mark.parametrize("words", [["sede=1"], ["model=lenett"], ["model.activatoin=relu"], ["seed=x"]])
def test_a_mistake_is_hydras_error(composer, words):
    with pytest.raises(Exception) as theirs:  # noqa: PT011  (whatever Hydra raises)
        composer.loader.load_sweep_config(composer.master, words)
    with pytest.raises(type(theirs.value)) as ours:
        composer.compose(words)
    assert isinstance(ours.value, ConfigCompositionException)


def test_what_all_jobs_have_names_none(composer):
    cfg = composer.compose(["model=lenet", "optimizer.lr=0.1", "study=mine", "on_change=rerun"])
    assert cfg.hydra.job.override_dirname == "model=lenet,optimizer.lr=0.1"
    composer.rename(cfg, left_out={"optimizer.lr=0.1"})
    assert cfg.hydra.sweep.subdir == "model=lenet"
