"""What the check of a composed config lets pass, and the line for each thing that it does not."""

from typing import Any

import pytest
from headers import around
from hydra import compose, initialize_config_dir
from hydra.core.utils import setup_globals
from omegaconf import DictConfig, OmegaConf

from dlexp.composition.check import check
from dlexp.composition.folders import register_folders
from dlexp.composition.groups import CONF, groups
from dlexp.errors import InputError
from dlexp.schema import register

SGD = {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1}
LINEAR = {"_target_": "torch.nn.Linear", "in_features": 2, "out_features": "${data.num_classes}"}


def config(**replaced: Any) -> DictConfig:
    """A sound one, merged with what is to be replaced in it."""
    setup_globals()  # Hydra's resolvers, without a job
    sound: dict[str, Any] = {
        "task": {"_target_": "torch.nn.Identity", "model": "${model}", "optimizer": "${optimizer}"},
        "trainer": {"_target_": "lightning.pytorch.Trainer", "max_epochs": 3},
        "callbacks": {},
        "logger": {},
        "model": LINEAR,
        "data": {"num_classes": 10, "folder": "${hydra:runtime.output_dir}/x"},
        "optimizer": SGD,
        "scheduler": "???",
        "stages": ["fit", "test"],
    }
    for group, value in replaced.items():
        both = isinstance(value, dict) and isinstance(sound[group], dict)
        sound[group] = sound[group] | value if both else value
    return OmegaConf.create(sound)


@pytest.mark.parametrize(
    "replaced",
    [
        {},
        {"optimizer": SGD | {"_recursive_": False, "_convert_": "all", "nesterov": True}},
        {"scheduler": {"_target_": "torch.nn.Linear", "_args_": [2, 3]}},
        {"scheduler": {"_target_": "torch.nn.Identity", "anything": 1}},
        {"scheduler": {"_target_": "torch.relu", "cannot": "tell"}},
        {
            "scheduler": {
                "_recursive_": False,
                "made_later": {"_target_": "torch.nn.Linear", "in_features": 2},
            }
        },
        {"model": LINEAR | {"in_features": 2.0}},
        {"callbacks": {"timer": None, "nested": [{"deep": [1, "${data.num_classes}"]}]}},
        {
            "trainer": {
                "_target_": "lightning.pytorch.Trainer",
                "max_epochs": None,
                "limit_train_batches": 0.5,
            }
        },
        {"stages": ["validate"]},
    ],
)
def test_sound(replaced: dict[str, Any]) -> None:
    check(config(**replaced))


@pytest.mark.parametrize(
    ("replaced", "line"),
    [
        (
            {"optimizer": SGD | {"momentun": 0.9}},
            "optimizer.momentun: torch.optim.SGD has no argument 'momentun' (did you mean 'momentum'?)",
        ),
        (
            {"optimizer": SGD | {"_partail_": True}},
            "optimizer._partail_: torch.optim.SGD has no argument '_partail_' (did you mean '_partial_'?)",
        ),
        (
            {"callbacks": {"stop": [{"_target_": "lightning.pytorch.callbacks.EarlyStoping"}]}},
            "callbacks.stop[0]._target_: lightning.pytorch.callbacks has no 'EarlyStoping'"
            " (did you mean 'EarlyStopping'?)",
        ),
        (
            {"scheduler": {"_target_": "torch.nn.Linear"}},
            "scheduler: torch.nn.Linear also needs in_features, out_features",
        ),
        (
            {"model": LINEAR | {"in_features": "two"}},
            "model.in_features=two: torch.nn.Linear wants a whole number",
        ),
        (
            {"model": LINEAR | {"in_features": 2.5}},
            "model.in_features=2.5: torch.nn.Linear wants a whole number",
        ),
        ({"model": LINEAR | {"bias": "yes"}}, "model.bias=yes: torch.nn.Linear wants true or false"),
        ({"optimizer": SGD | {"lr": "fast"}}, "optimizer.lr=fast: torch.optim.SGD wants a number"),
        ({"optimizer": SGD | {"lr": "???"}}, "optimizer.lr has no value: add optimizer.lr=0.1"),
        ({"data": {"limit": "???"}}, "data.limit has no value: add data.limit=VALUE"),
        (
            {"trainer": {"_target_": "lightning.pytorch.Trainer", "max_epochs": "???"}},
            "trainer.max_epochs has no value: add trainer.max_epochs=5",
        ),
        ({"scheduler": {"a": [1, "???"]}}, "scheduler.a[1] has no value: add scheduler.a[1]=VALUE"),
        (
            {"model": LINEAR | {"in_features": "${data.num_clases}"}},
            "model.in_features: ${data.num_clases} does not exist (did you mean 'data.num_classes'?)",
        ),
        (
            {"model": LINEAR | {"in_features": "${dta.num_classes}"}},
            "model.in_features: ${dta.num_classes} does not exist (did you mean 'data'?)",
        ),
        (
            {"model": LINEAR | {"in_features": "${num_classes}"}},
            "model.in_features: ${num_classes} does not exist (did you mean 'data.num_classes'?)",
        ),
        (
            {"model": LINEAR | {"in_features": "${data.letters}"}, "data": {"_target_": "torch.nn.Identity"}},
            "model Linear does not go with data Identity, which has no data.letters: choose another model=… or data=…",
        ),
        (
            {"model": LINEAR | {"in_features": "${data.folders}"}, "data": {"_target_": "torch.nn.Identity"}},
            "model.in_features: ${data.folders} does not exist (did you mean 'data.folder'?)",
        ),
        (
            {"data": {"folder": "${oc.env:DLEXP_NOT_SET}"}},
            "data.folder: Environment variable 'DLEXP_NOT_SET' not found",
        ),
        ({"data": {"folder": "${nowhere:1}"}}, "data.folder: Unsupported interpolation type nowhere"),
        ({"stages": ["fit", "tset"]}, "stages: there is no stage 'tset' (did you mean 'test'?)"),
    ],
)
def test_unsound(replaced: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as error:
        check(config(**replaced))
    assert str(error.value) == line


@pytest.mark.parametrize("group", ["task", "trainer", "callbacks", "logger"])
def test_a_group_that_every_run_needs(group: str) -> None:
    with pytest.raises(InputError, match=rf"no {group} is chosen: add {group}=NAME"):
        check(config(**{group: "???"}))


def test_a_group_that_the_task_refers_to() -> None:
    with pytest.raises(InputError, match=r"task.model: no model is chosen: add model=NAME"):
        check(config(model="???"))


def test_a_trainer_that_only_the_task_speaks_of() -> None:
    cfg = config()
    del cfg.trainer["_target_"]
    with pytest.raises(InputError, match=r"no trainer is chosen: add trainer=NAME"):
        check(cfg)


@pytest.mark.parametrize(
    "choice",
    [f"{group}={option}" for group, options in groups().items() for option in sorted(options) if "/" not in group],
)
def test_every_file_of_conf(choice: str) -> None:
    register()
    register_folders()
    words = around(choice.replace("=", "/"))
    choice = choice.replace("callbacks=", "callbacks=[default,") + "]" * choice.startswith("callbacks=")
    with initialize_config_dir(str(CONF), version_base="1.3"):
        check(compose("config", overrides=[*words, choice]))
