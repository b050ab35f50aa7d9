"""Ctrl-C and SIGTERM at any moment, and `ckpt=`: the run ends as if it had never been stopped."""

import json
import os
import shlex
import signal
from pathlib import Path

import pytest
import torch

from dlexp.tasks.classification import Classification

BATCHES, EPOCHS = 5, 3  # 4 batches of 45 images and one of 20
RANDOM = (  # whatever draws, remembers or counts: dropout, augmentation, average, accumulation, schedule
    *("model=mlp", "model.hidden_sizes=[16]", "model.dropout=0.5", "data.augment.shift=2", "data.augment.erase=0.5"),
    *("callbacks=[default,ema]", "callbacks.ema.decay=0.8", "trainer.accumulate_grad_batches=2"),
    *("optimizer=adamw", "scheduler=one_cycle", f"trainer.max_epochs={EPOCHS}", "data.batch_size=45"),
)
NORMED = (  # batch norm has statistics besides; here without accumulation, with clipping, by momentum
    *("model=timm", "model.name=mobilenetv3_small_050", "data.limit=30", "data.batch_size=6"),
    *("optimizer=momentum", "scheduler=cosine", "trainer.gradient_clip_val=0.5", "data.augment.flip=alternating"),
)


@pytest.fixture(scope="module")
def unbroken(launch, small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    end = launch(*small, *RANDOM, folder=folder)
    assert end.code == 0, end.err
    return end


@pytest.fixture
def signal_at(monkeypatch):
    """Send signals to this process in the call number `call`, from 1, of a hook of the task; then never again."""

    def arrange(hook: str, call: int, *signals: signal.Signals) -> None:
        calls = 0
        original = getattr(Classification, hook)

        def hooked(*args):
            nonlocal calls
            calls += 1
            if calls == call:
                for number in signals:
                    os.kill(os.getpid(), number)
            return original(*args)

        monkeypatch.setattr(Classification, hook, hooked)

    return arrange


def resume_words(end) -> list[str]:
    """What the run said on its last line, as a shell would split it."""
    (line,) = end.err.splitlines()
    command = line.partition("resume with: ")[2]
    assert command.startswith("python -m dlexp ")
    return shlex.split(command)[3:]


def check_same(resumed, unbroken) -> None:
    assert (resumed.code, resumed.err) == (0, "")
    for key in ("status", "metrics", "best_epoch", "epochs", "monitor", "config_hash"):
        assert resumed.result[key] == unbroken.result[key], key
    assert resumed.history == unbroken.history
    assert resumed.result.keys() == unbroken.result.keys()
    for name in ("best.ckpt", "last.ckpt"):
        ours, theirs = (torch.load(end.folder / "checkpoints" / name, weights_only=True) for end in (resumed, unbroken))
        assert all(torch.equal(ours["state_dict"][key], value) for key, value in theirs["state_dict"].items())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_how_a_stopped_run_ends(launch, small, signal_at, tmp_path, number):
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    signal_at("training_step", 3, number)
    end = launch(*small, folder=tmp_path / "run")
    assert end.code == 128 + number
    assert end.result["status"] == "interrupted"
    assert end.result["error"] == f"stopped by {number.name}"
    assert f"dlexp: stopped by {number.name}; resume with: python -m dlexp model=linear" in end.err
    assert not (end.folder / "error.log").exists()
    assert torch.load(end.folder / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 3
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("step", [1, 5, 8, 11, 15])
def test_resumed_in_the_middle_of_an_epoch(launch, small, signal_at, unbroken, tmp_path, step):
    signal_at("training_step", step, signal.SIGTERM if step % 2 else signal.SIGINT)
    stopped = launch(*small, *RANDOM, folder=tmp_path / "stopped")
    assert stopped.result["status"] == "interrupted"
    check_same(launch(*resume_words(stopped), folder=tmp_path / "resumed"), unbroken)


def test_stopped_twice(launch, small, signal_at, unbroken, tmp_path):
    signal_at("training_step", 4, signal.SIGINT)
    first = launch(*small, *RANDOM, folder=tmp_path / "first")
    signal_at("training_step", 5, signal.SIGINT)
    second = launch(*resume_words(first), folder=tmp_path / "second")
    assert second.result["status"] == "interrupted"
    check_same(launch(*resume_words(second), folder=tmp_path / "third"), unbroken)


def test_resumed_in_its_own_folder(launch, small, signal_at, unbroken, tmp_path):
    signal_at("training_step", 12, signal.SIGINT)
    stopped = launch(*small, *RANDOM, folder=tmp_path / "run")
    check_same(launch(*resume_words(stopped), folder=tmp_path / "run"), unbroken)


@pytest.mark.parametrize("call", [1, EPOCHS])
def test_stopped_while_validating(launch, small, signal_at, unbroken, tmp_path, call):
    signal_at("on_validation_epoch_start", call, signal.SIGINT)
    stopped = launch(*small, *RANDOM, folder=tmp_path / "stopped")
    assert stopped.result["status"] == "interrupted"
    check_same(launch(*resume_words(stopped), folder=tmp_path / "resumed"), unbroken)


def test_stopped_while_testing(launch, small, signal_at, unbroken, tmp_path):
    signal_at("on_test_epoch_start", 1, signal.SIGTERM)
    stopped = launch(*small, *RANDOM, folder=tmp_path / "stopped")
    assert stopped.result["status"] == "interrupted"
    check_same(launch(*resume_words(stopped), folder=tmp_path / "resumed"), unbroken)


def test_killed_without_warning(launch, small, monkeypatch, unbroken, tmp_path):
    """The power goes: all there is is the checkpoint of the last whole epoch."""

    class PowerCut(BaseException):
        pass

    calls = 0
    original = Classification.training_step

    def step(*args):
        nonlocal calls
        calls += 1
        if calls == 2 * BATCHES + 3:
            raise PowerCut
        return original(*args)

    monkeypatch.setattr(Classification, "training_step", step)
    with pytest.raises(PowerCut):
        launch(*small, *RANDOM, folder=tmp_path / "stopped")
    last = tmp_path / "stopped" / "checkpoints" / "last.ckpt"
    assert torch.load(last, weights_only=True)["epoch"] == 1
    check_same(launch(*small, *RANDOM, f'ckpt="{last}"', folder=tmp_path / "resumed"), unbroken)


def test_batch_norm_and_clipping(launch, small, signal_at, tmp_path):
    pytest.importorskip("timm")
    unbroken = launch(*small, *NORMED, folder=tmp_path / "unbroken")
    signal_at("training_step", 7, signal.SIGINT)
    stopped = launch(*small, *NORMED, folder=tmp_path / "stopped")
    check_same(launch(*resume_words(stopped), folder=tmp_path / "resumed"), unbroken)


def test_a_second_signal_ends_at_once(launch, small, signal_at, tmp_path):
    signal_at("training_step", 6, signal.SIGINT, signal.SIGTERM)  # the step itself is never done
    end = launch(*small, folder=tmp_path / "run")
    assert end.code == 128 + signal.SIGTERM
    assert end.result["status"] == "interrupted"
    last = torch.load(end.folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["global_step"] == 4  # that of the epoch before


def test_before_the_first_epoch_there_is_nothing_to_resume_from(launch, small, signal_at, tmp_path):
    signal_at("configure_optimizers", 1, signal.SIGINT)
    end = launch(*small, folder=tmp_path / "run")
    assert end.code == 130
    assert end.result["status"] == "interrupted"
    assert "no checkpoint" in end.err


def test_ctrl_c_while_torch_is_being_imported(launch, small, monkeypatch, tmp_path):
    def press(cfg):
        raise KeyboardInterrupt

    monkeypatch.setattr("dlexp.composition.check.check", press)
    end = launch(*small, folder=tmp_path / "run")
    assert end.code == 130
    assert (end.result["status"], end.result["error"]) == ("interrupted", "stopped by SIGINT")
    assert end.err == "dlexp: stopped by SIGINT; no epoch was complete, so there is no checkpoint\n"


def test_a_study_stops_as_a_whole(launch, small, signal_at, tmp_path):
    """The command that it names goes on with it: the job that was stopped resumes, the others follow."""
    words = ("model=linear,mlp", "optimizer.lr=0.01,0.1", "hydra/launcher=inline", *small[1:], "-m")
    unbroken = launch(*words, folder=tmp_path / "unbroken")
    signal_at("training_step", 6, signal.SIGINT)
    end = launch(*words, folder=tmp_path / "study")
    assert end.code == 130
    assert [path.name for path in Path(tmp_path, "study").glob("*/result.json")] == ["result.json"]
    assert "stopped by SIGINT" in end.err
    again = shlex.split(end.err.partition("go on with: ")[2])
    assert again[:3] == ["python", "-m", "dlexp"]
    resumed = launch(*(word for word in again[3:] if "sweep.dir" not in word), folder=tmp_path / "study")
    assert (resumed.code, resumed.err) == (0, "")
    results = {}
    for folder in (unbroken.folder, resumed.folder):
        paths = sorted(folder.glob("*/result.json"))
        results[folder] = [(path.parent.name, json.loads(path.read_text())["metrics"]) for path in paths]
    assert len(results[resumed.folder]) == 4
    assert results[resumed.folder] == results[unbroken.folder]
