"""What a user can get wrong, once more than composing is needed to see it: one line, exit code 1, a record of it."""

import json

import pytest
import torch


def check_failure(end, *parts: str) -> None:
    """`parts` are in the line that the user sees, and the folder tells the same."""
    assert end.code == 1
    (line,) = end.err.splitlines()
    assert line.startswith("dlexp: ")
    for part in parts:
        assert part in line
    result = end.result
    assert result["status"] == "failed"
    assert line == f"dlexp: {result['error']}"
    assert (end.folder / "error.log").read_text().startswith("Traceback (most recent call last):")


@pytest.fixture(scope="module")
def trained(launch, small, tmp_path_factory):
    end = launch(*small, "trainer.max_epochs=1", folder=tmp_path_factory.mktemp("trained") / "run")
    return end.folder / "checkpoints" / "last.ckpt"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("model=lenet", "data.input_shape=[1,8,8]"), ("data.input_shape=[1,28,28]",)),
        (("model.num_classes=3",), ("LinearClassifier", "10 classes", "model.num_classes")),
        (("model.input_shape=[3,28,28]",), ("LinearClassifier", "1x28x28")),
        (("model=alexnet", "model.form=imagenet"), ("AlexNet", "28")),
        (("model=timm", "model.name=resnet81"), ("resnet81",)),
        (("callbacks.checkpoint.monitor=val/acc",), ("val/acc ", "did you mean 'val/accuracy'?")),
        (("task.monitor=accuracy",), ("accuracy ", "val/accuracy")),
        (("callbacks=[default,early_stopping]", "callbacks.early_stopping.monitor=val/los"), ("val/loss",)),
        (("callbacks.checkpoint.mode=maximum",), ("maximum", "max")),
        (("optimizer.lr=1e30", "optimizer=sgd", "trainer.max_epochs=3"), ("loss became", "optimizer.lr")),
        (("optimizer.lr=-1",), ("learning rate", "-1", "optimizer")),
        (("data.batch_size=0",), ("data.batch_size=0",)),
        (("data.validation=1437",), ("data.validation",)),
        (("data.augment.flip=sideways",), ("data.augment.flip=sideways", "alternating")),
        (("trainer.precision=7",), ("precision", "7")),
        (("trainer=gpu",), ("GPU",)),
        (("stages=[fit,tset]",), ("tset", "test")),
        (("stages=[test]", "ckpt=nowhere.ckpt"), ("nowhere.ckpt",)),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else part,
)
def test_one_line_that_names_the_fix(launch, small, tmp_path, words, parts):
    if "timm" in words[0]:
        pytest.importorskip("timm")
    if words == ("trainer=gpu",) and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    check_failure(launch(*small, *words, folder=tmp_path / "run"), *parts)


def test_a_checkpoint_of_another_model(launch, small, trained, tmp_path):
    end = launch(*small, "model=mlp", f"ckpt={trained}", folder=tmp_path / "run")
    check_failure(end, str(trained), "model._target_=dlexp.models.vision.linear_classifier.LinearClassifier")


def test_a_damaged_checkpoint(launch, small, trained, tmp_path):
    damaged = tmp_path / "damaged.ckpt"
    damaged.write_bytes(trained.read_bytes()[:-1000])
    check_failure(launch(*small, f"ckpt={damaged}", folder=tmp_path / "run"), "damaged.ckpt", "damaged")


def test_a_file_that_is_no_checkpoint(launch, small, tmp_path):
    torch.save({"weights": torch.zeros(3)}, tmp_path / "other.ckpt")
    end = launch(*small, f"ckpt={tmp_path / 'other.ckpt'}", folder=tmp_path / "run")
    check_failure(end, "other.ckpt", "not a checkpoint")


def test_a_malicious_checkpoint_is_not_executed(launch, small, tmp_path):
    class Payload:
        def __reduce__(self):
            return exec, (f"open({str(tmp_path / 'executed')!r}, 'w')",)

    torch.save({"state_dict": Payload()}, tmp_path / "evil.ckpt")
    end = launch(*small, f"ckpt={tmp_path / 'evil.ckpt'}", folder=tmp_path / "run")
    check_failure(end, "evil.ckpt")
    assert not (tmp_path / "executed").exists()


def test_a_checkpoint_without_its_best(launch, small, trained, tmp_path):
    """To go on, a run needs the best checkpoint so far as well as the last."""
    lonely = tmp_path / "lonely" / "last.ckpt"
    lonely.parent.mkdir()
    lonely.write_bytes(trained.read_bytes())
    check_failure(launch(*small, f"ckpt={lonely}", folder=tmp_path / "run"), "best.ckpt")


def test_a_bug_of_ours_keeps_its_traceback(launch, small, monkeypatch, tmp_path):
    def bug(cfg, record):
        raise AssertionError("two and two are five\nand more")

    monkeypatch.setattr("dlexp.run.run", bug)
    end = launch(*small, folder=tmp_path / "run")
    assert end.code == 1
    assert end.err.startswith("Traceback")
    assert end.result["error"] == "AssertionError: two and two are five"
    assert "and more" in (end.folder / "error.log").read_text()


def test_the_record_is_there_from_the_first_second(launch, small, monkeypatch, tmp_path):
    seen = {}
    monkeypatch.setattr("dlexp.run.run", lambda cfg, record: seen.update(json.loads(record.path.read_text())))
    end = launch(*small, folder=tmp_path / "run")
    assert end.code == 0
    assert seen["status"] == "running"
    assert seen["metrics"] == {}
