"""The line for each error of Hydra, OmegaConf and YAML, raised by composing a small conf for real."""

import sys
from pathlib import Path

import hydra
import pytest
from hydra.core.global_hydra import GlobalHydra

from dlexp.composition.explain import explain
from dlexp.errors import InputError
from dlexp.schema import register

FILES = {
    "config.yaml": """
defaults: [schema, _self_, model: null, data: null, optimizer: null, scheduler: null, trainer: auto,
           callbacks: [default], logger: default, task: small, experiment: null,
           override hydra/job_logging: none, override hydra/hydra_logging: none]
seed: 0
stages: [fit]
ckpt: null
study: name
data_dir: folder
output_dir: ${hydra:runtime.output_dir}
hydra: {output_subdir: null, run: {dir: .}, sweep: {dir: ., subdir: .}}
""",
    "model/lenet.yaml": "width: ${data.num_classes}\n",
    "model/resnet.yaml": "depth: 18\n",
    "data/digits.yaml": "num_classes: 10\nbatch_size: 64\n",
    "optimizer/sgd.yaml": "_target_: torch.optim.SGD\n_partial_: true\nlr: 0.1\n",
    "trainer/auto.yaml": "max_epochs: 3\n",
    "callbacks/default.yaml": "{}\n",
    "logger/default.yaml": "{}\n",
    "task/small.yaml": "# @package _global_\ndefaults: [override /model: lenet, override /data: digits,"
    " override /optimizer: sgd]\ntask: {a: 1}\n",
    "task/needs_choice.yaml": "# @package _global_\ndefaults:\n- /extra: ???\n",
    "task/key.yaml": "# @package _global_\nstagez: [fit]\n",
    "task/type.yaml": "# @package _global_\nseed: abc\n",
    "task/group.yaml": "# @package _global_\ndefaults: [override /modle: lenet]\n",
    "task/option.yaml": "# @package _global_\ndefaults: [/data@more: digitz]\n",
    "task/order.yaml": "# @package _global_\ndefaults: [override /model: lenet, /data: digits]\n",
    "task/mapping.yaml": "# @package _global_\ndefaults: {model: lenet}\n",
    "task/indent.yaml": "# @package _global_\ntask:\n  a: 1\n   b: 2\n",
    "task/tab.yaml": "# @package _global_\ntask:\n\ta: 1\n",
    "task/twice.yaml": "# @package _global_\ntask:\n  a: 1\n  a: 2\n",
    "task/bracket.yaml": "# @package _global_\ntask: [1, 2\n",
    "task/brace.yaml": "# @package _global_\ntask: {a: '${model'}\n",
    "extra/one.yaml": "a: 1\n",
}
LINES = {
    # groups and their options
    "model=lenett": "there is no model 'lenett' (did you mean 'lenet'?)",
    "model=xyz": "there is no model 'xyz' (there is: lenet, resnet)",
    "model=lenet,resnt -m": "there is no model 'resnt' (did you mean 'resnet'?)",
    "model=": "model= names nothing (there is: lenet, resnet)",
    "modle=lenet": "there is no key 'modle' (did you mean 'model'?)",
    "hydra/laucher=basic": "there is no key 'hydra/laucher' (did you mean 'hydra/launcher'?)",
    "hydra/launcher=bsic": "there is no hydra/launcher 'bsic' (did you mean 'basic'?)",
    "trainer=null": "a group takes the name of one of its files; ~GROUP leaves it out",
    "~model=resnet": "Could not delete 'model=resnet'. No match in the defaults list",
    "task=option": "task/option.yaml: there is no data 'digitz' (did you mean 'digits'?)",
    "task=group": "task/group.yaml: no group 'modle' is in use (did you mean 'model'?)",
    "task=needs_choice": "no extra is chosen: add extra=NAME",
    # keys
    "optimizer.momentun=0.9": "there is no key 'optimizer.momentun' (did you mean 'optimizer.momentum'?)",
    "optimizer.momentum=0.9": "optimizer.momentum is not in the config, but torch.optim.SGD takes it:"
    " write +optimizer.momentum=0.9",
    "optimzer.lr=1": "there is no key 'optimzer' (did you mean 'optimizer'?)",
    "lr=1": "there is no key 'lr' (did you mean 'optimizer.lr'?)",
    "max_epoch=1": "there is no key 'max_epoch' (did you mean 'trainer.max_epochs'?)",
    "model.lr=1": "there is no key 'model.lr' (did you mean 'optimizer.lr'?)",
    "data.qwxz=1": "there is no key 'data.qwxz' (there is: batch_size, num_classes)",
    "qwxz=1": "there is no key 'qwxz' (--cfg job shows all keys)",
    "hydra.mod=RUN": "there is no key 'hydra.mod' (did you mean 'hydra.mode'?)",
    "optimizer={lrr:1}": "there is no key 'optimizer.lrr' (did you mean 'optimizer.lr'?)",
    "+seed=1": "seed has a value already: leave out the +",
    "~qwxz": "Could not delete from config. 'qwxz' does not exist.",
    "task=key": "task/key.yaml: there is no key 'stagez' (did you mean 'stages'?)",
    # values
    "seed=abc": "seed=abc: seed wants a whole number",
    "seed=null": "seed=null: seed wants a value",
    "stages=fit": "stages=fit: stages wants a list, such as stages=[fit]",
    "++seed=x": "seed=x: seed wants a whole number",
    "task=type": "task/type.yaml: seed=abc: seed wants a whole number",
    "hydra.run.dir=${oops}": "hydra.run.dir: ${oops} does not exist (--cfg job shows all keys)",
    "hydra.run.dir=${data.batch_siz}": "hydra.run.dir: ${data.batch_siz} does not exist"
    " (did you mean 'data.batch_size'?)",
    "hydra.run.dir=${scheduler}": "hydra.run.dir: no scheduler is chosen: add scheduler=NAME",
    # the grammar of overrides
    "seed": "'seed' is not KEY=VALUE",
    "digits": "'digits' is not KEY=VALUE (did you mean data=digits?)",
    "model=[a": "cannot read 'model=[a': a list is KEY=[a,b], text with spaces or signs needs quotes, 'KEY=",
    "model=choice() -m": "model=choice(): empty choice is not legal",
    "model=lenet,resnet": "model=lenet,resnet are several values: add -m to run each, or write model=[",
    "model=glob(*)": "model=glob(*) may be several values: add -m to run each",
    "seed=interval(0,1) -m": "BasicSweeper does not support sweep type : INTERVAL_SWEEP",
    # flags
    "--resolve": "The --resolve flag can only be used",
    "--cfg job -m": "Only one of --run, --multirun, --cfg",
    "--config-dir nowhere": "Additional config directory '{here}/nowhere' not found",
    "--config-name confg": "Cannot find primary config 'confg'",
    # files
    "task=indent": "conf/task/indent.yaml, line 4: mapping values are not allowed here: check the indent",
    "task=tab": "conf/task/tab.yaml, line 3: found character '\\t' that cannot start any token: indent with",
    "task=twice": "conf/task/twice.yaml, line 4: found duplicate key a",
    "task=bracket": "conf/task/bracket.yaml, line 3: ",
    "task=brace": "task.a: cannot read ${model: write ${key} or ${resolver:argument}",
    "task=order": "In task/order: Override 'model : lenet' is defined before",
    "task=mapping": "Invalid defaults list in 'task/mapping', defaults must be a list",
}


@pytest.fixture(autouse=True)
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for path, text in FILES.items():
        file = tmp_path / "conf" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setattr("dlexp.composition.groups.CONF", tmp_path / "conf")
    register()
    return tmp_path / "conf"


def start(conf: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As from the command line; where no flag is given and no job reached, composing is enough."""
    monkeypatch.setattr(sys, "argv", ["dlexp", *words])
    GlobalHydra.instance().clear()
    if not any(word.startswith(("-", "hydra.run")) for word in words):
        with hydra.initialize_config_dir(str(conf), version_base="1.3"):
            hydra.compose("config", overrides=words)
        return
    hydra.main(config_path=str(conf), config_name="config", version_base="1.3")(lambda cfg: cfg.stages[0])()


@pytest.mark.parametrize("words", LINES)
def test_line(words: str, conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011
        start(conf, words.split(" "), monkeypatch)
    line = explain(error.value)
    assert line is not None
    assert "\n" not in line
    assert line.startswith(LINES[words].replace("{here}", str(conf.parent)))


@pytest.mark.parametrize(
    "words", ["", "model=resnet", "model=lenet,resnet seed=0,1 -m", "~optimizer data.batch_size=2"]
)
def test_sound(words: str, conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start(conf, words.split(), monkeypatch)


def test_a_users_own_folder(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = conf.parent / "own" / "model"
    own.mkdir(parents=True)
    (own / "mynet.yaml").write_text("width: [1\n")
    words = ["--config-dir", "own", "model=mynett"]
    with pytest.raises(Exception) as error:  # noqa: PT011
        start(conf, words, monkeypatch)
    assert explain(error.value) == "there is no model 'mynett' (did you mean 'mynet'?)"
    with pytest.raises(Exception) as error:  # noqa: PT011
        start(conf, ["--config-dir", "own", "mynet"], monkeypatch)
    assert explain(error.value) == "'mynet' is not KEY=VALUE (did you mean model=mynet?)"
    with pytest.raises(Exception) as error:  # noqa: PT011
        start(conf, ["--config-dir", "own", "model=mynet"], monkeypatch)
    assert explain(error.value).startswith("own/model/mynet.yaml, line 2: ")


def test_a_bug_keeps_its_traceback(conf: Path) -> None:
    from omegaconf import OmegaConf

    with pytest.raises(AttributeError) as error:
        _ = OmegaConf.create({"a": 1}, flags={"struct": True}).b
    for bug in (error.value, KeyError("x"), ValueError("y"), ZeroDivisionError()):
        assert explain(bug) is None


def test_input_error_speaks_for_itself() -> None:
    assert explain(InputError("one\n  line")) == "one line"
