"""The judge of samples: trained once for all runs of the same data, found again, refused in one line if it is none."""

import json
import os
import shutil
import sys
import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from dlexp import judge
from dlexp.errors import InputError
from dlexp.evaluate import evaluate
from dlexp.judge import with_judge

TINY = ("data.limit=100", "trainer.max_epochs=1", "logger=none", "callbacks.curves=null")
WORDS = ["task=cnn_compare", "model=lenet_relu", *TINY, "callbacks.classification_figures=null"]
RUN = (
    *("task=vae", "model=vae", "data=mine", "trainer=cpu", *TINY, "task.importance_samples=0"),
    *(
        f"callbacks.{name}=null"
        for name in ("sample_figures", "vae_figures", "reconstruction_figures", "latent_figures")
    ),
    *("callbacks.sample_quality.samples=50", "judge.words=[" + ",".join(f'"{word}"' for word in WORDS) + "]"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A user's own conf, with data of their own, and a folder of data."""
    place = tmp_path_factory.mktemp("judge")
    (place / "conf" / "data").mkdir(parents=True)
    (place / "conf" / "data" / "mine.yaml").write_text("# My own digits.\ndefaults: [digits, _self_]\nvalidation: 60\n")
    return place


@pytest.fixture(scope="module")
def study(launch, place):
    """Two jobs in this process, the first of which has the judge trained."""
    words = (*RUN, "seed=0,1", f"data_dir={place / 'data'}", "hydra/launcher=inline")
    end = launch(*words, "-m", "--config-dir", place / "conf", folder=place / "study")
    assert (end.code, end.err) == (0, "")
    return end


def result(folder: Path) -> dict:
    return json.loads((folder / "result.json").read_text())


def test_of_two_jobs_the_first_trains_it(study, place):
    (folder,) = (path for path in (place / "data" / "judges").iterdir() if path.is_dir())
    assert "data=mine,task=cnn_compare,model=lenet_relu" in folder.name
    trained = result(folder)
    assert (trained["status"], trained["data"], trained["seed"]) == ("finished", "mine", 0)
    assert (folder / "judge.log").read_text().strip().splitlines()[-1].startswith("report: ")

    jobs = sorted(path.parent for path in study.folder.glob("*/result.json"))
    assert len(jobs) == 2
    logs = [(job / "job.log").read_text() for job in jobs]
    assert [log.count("training the judge of samples") for log in logs] == [1, 0]
    for job in jobs:
        found = result(job)
        assert found["judge"] == {
            "run": folder.name,
            "config_hash": trained["config_hash"],
            "commit": trained["commit"],
            "accuracy": trained["metrics"]["test/accuracy"],
            "data": "dlexp.data.digits.Digits",
        }
        assert {"val/fid", "test/fid", "test/kid", "test/modes"} <= found["metrics"].keys()
        note, *_ = found["notes"]
        assert folder.name in note
        assert found["abilities"] == ["generate", "reconstruct"]
        assert str(place) not in json.dumps({key: found[key] for key in ("judge", "notes", "choices", "metrics")})
        assert OmegaConf.load(job / ".hydra" / "config.yaml").judge.run is None


def test_a_run_elsewhere_is_the_same_experiment(study, launch, place, tmp_path):
    """Whether the judge was found by itself, and where, makes no difference; to name it is another config."""
    first = result(study.folder / "model=vae,seed=0")
    shutil.copytree(place / "data", tmp_path / "data")
    words, own = (*RUN, f"data_dir={tmp_path / 'data'}"), ("--config-dir", place / "conf")
    found = launch(*words, *own, folder=tmp_path / "found")
    assert (found.code, found.err) == (0, "")
    assert "judge of samples" not in found.out
    assert found.result["metrics"] == first["metrics"]
    assert found.result["config_hash"] == first["config_hash"]

    (folder,) = (path for path in (tmp_path / "data" / "judges").iterdir() if path.is_dir())
    shutil.rmtree(folder / ".hydra")
    moved = shutil.move(folder, tmp_path / "my judge")
    named = launch(*words, f'judge.run="{moved}"', *own, folder=tmp_path / "named")
    assert (named.code, named.err) == (0, "")
    assert named.result["metrics"] == first["metrics"]
    assert named.result["judge"] == first["judge"] | {"run": "my judge"}
    assert named.result["config_hash"] != first["config_hash"]


def test_the_report_names_it(study, launch):
    from dlexp.reporting.pages import write_report

    folder = study.folder / "model=vae,seed=1"
    page = write_report(folder).read_text()
    name = result(folder)["judge"]["run"]
    assert f"comparable only within dlexp and with the same judge: {name}." in page
    assert f"Judge of samples</dt><dd>{name}, " in page
    markdown = (folder / "report.md").read_text()
    assert "> FID, KID and all else that is said of samples: comparable only" in markdown
    for command in ("dlexp.generate", "dlexp.reconstruct"):
        assert f"python -m {command} " in markdown
    assert "dlexp.predict" not in markdown


def test_the_test_can_be_repeated(study):
    folder = study.folder / "model=vae,seed=0"
    found, recorded = evaluate(folder, []), result(folder)["metrics"]
    assert found.keys() >= {"test/elbo"}
    assert found == pytest.approx({name: recorded[name] for name in found}, rel=1e-5)


# --- without a training ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(study, place) -> Path:
    """A finished judge's folder."""
    (folder,) = (path for path in (place / "data" / "judges").iterdir() if path.is_dir())
    return folder


@pytest.fixture
def known(monkeypatch):
    """What Hydra says of where the config was composed from."""
    sources: list[SimpleNamespace] = [SimpleNamespace(path="/conf", provider="main")]
    hydra = SimpleNamespace(get=lambda: SimpleNamespace(runtime=SimpleNamespace(config_sources=sources)))
    monkeypatch.setattr(judge, "HydraConfig", hydra)
    return sources


def config(place: Path, **changes: object) -> DictConfig:
    cfg = {
        "callbacks": {"curves": None, "sample_quality": {"judge": "${judge.run}"}},
        "judge": {"run": None, "words": ["task=cnn_compare", "model=lenet_relu"]},
        "trainer": {"fast_dev_run": False, "accelerator": "cpu"},
        "data": {"_target_": "dlexp.data.digits.Digits", "input_shape": [1, 28, 28], "verify": True},
        "data_dir": str(place),
    }
    return OmegaConf.merge(cfg, changes)


@pytest.fixture
def training(monkeypatch, finished, known):
    """In the place of the process that trains: it leaves the files of a finished judge."""
    calls: list[SimpleNamespace] = []

    def train(command, *, stdout, env, **rest) -> SimpleNamespace:
        (folder,) = (word.partition("=")[2].strip('"') for word in command if word.startswith("hydra.run.dir="))
        calls.append(SimpleNamespace(command=command, env=env, folder=Path(folder), before=os.listdir(folder)))
        time.sleep(0.2)
        shutil.copytree(finished, folder, dirs_exist_ok=True)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(judge.subprocess, "run", train)
    return calls


def test_the_command_of_the_training(training, tmp_path, monkeypatch):
    for name in ("LOCAL_RANK", "WORLD_SIZE", "SLURM_PROCID", "HYDRA_FULL_ERROR"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("SOMETHING", "else")
    cfg, facts = with_judge(config(tmp_path), "digits")
    (call,) = training
    name = "data=digits,task=cnn_compare,model=lenet_relu"
    assert call.folder == tmp_path / "judges" / name
    assert call.command[:3] == [sys.executable, "-m", "dlexp"]
    assert {"data=digits", "task=cnn_compare", "model=lenet_relu", "seed=0"} <= set(call.command)
    assert {"trainer.accelerator=cpu", f'data_dir="{tmp_path}"'} <= set(call.command)
    assert "--config-dir" not in call.command
    assert "data.verify=false" not in call.command
    assert not {"LOCAL_RANK", "WORLD_SIZE", "SLURM_PROCID", "HYDRA_FULL_ERROR"} & call.env.keys()
    assert call.env["SOMETHING"] == "else"
    assert call.env["OMP_NUM_THREADS"] == str(torch.get_num_threads())
    assert cfg.callbacks.sample_quality.judge == cfg.judge.run == str(call.folder / "checkpoints" / "best.ckpt")
    assert facts["run"] == name
    assert 0 < facts["accuracy"] <= 1


def test_own_configs_go_along_where_they_are_needed(training, known, tmp_path):
    own = tmp_path / "conf"
    (own / "data").mkdir(parents=True)
    (own / "data" / "mine.yaml").write_text("")
    known.append(SimpleNamespace(path=str(own), provider="command-line"))
    with_judge(config(tmp_path, data={"verify": False}), "mine")
    with_judge(config(tmp_path), "digits")
    first, second = training
    at = first.command.index("--config-dir")
    assert first.command[at + 1] == str(own)
    assert "data.verify=false" in first.command
    assert "--config-dir" not in second.command
    assert "conf" in first.folder.name
    assert second.folder.name == "data=digits,task=cnn_compare,model=lenet_relu"


def test_of_many_at_once_one_trains(training, tmp_path, capsys):
    found = []
    threads = [Thread(target=lambda: found.append(with_judge(config(tmp_path), "digits"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(training) == 1
    assert len(found) == 4
    assert all(pair == found[0] for pair in found)
    said = capsys.readouterr().out
    assert said.count("training the judge of samples once") == 1
    assert said.count("another process trains the judge") == 3


@pytest.mark.parametrize("left", ["nothing", "running", "failed"])
def test_half_a_training_is_done_anew(training, finished, tmp_path, left):
    folder = tmp_path / "judges" / "data=digits,task=cnn_compare,model=lenet_relu"
    if left == "nothing":
        folder.mkdir(parents=True)
    else:
        shutil.copytree(finished, folder)
        (folder / "result.json").write_text(json.dumps(result(finished) | {"status": left}))
    with_judge(config(tmp_path), "digits")
    (call,) = training
    assert call.before == ["judge.log"]  # nothing of the first
    with_judge(config(tmp_path), "digits")
    assert len(training) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"trainer": {"fast_dev_run": True}}, "a trial"),
        ({"callbacks": {"sample_quality": None}}, "nobody asks"),
        ({"judge": None, "callbacks": {"sample_quality": None}}, "none"),
    ],
)
def test_where_it_is_not_needed(training, tmp_path, changes, why):
    cfg = config(tmp_path, **changes)
    assert with_judge(cfg, "digits") == (cfg, {})
    assert training == []
    assert list(tmp_path.iterdir()) == []


def test_a_failed_training_is_one_line(known, tmp_path, monkeypatch):
    def train(words: str, code: int):
        def run(command, *, stdout, **rest):
            stdout.write(words)
            return SimpleNamespace(returncode=code)

        return run

    log = tmp_path / "judges" / "data=digits,task=cnn_compare,model=lenet_relu" / "judge.log"
    for words, code, reason in (
        ("epoch 1/20\ndlexp: no model is chosen\n", 1, "no model is chosen"),
        ("epoch 1/20\n", -9, "its process ended with exit code -9"),
        ("", 1, "its process ended with exit code 1"),
    ):
        monkeypatch.setattr(judge.subprocess, "run", train(words, code))
        with pytest.raises(InputError) as caught:
            with_judge(config(tmp_path), "digits")
        assert str(caught.value) == f"the judge of samples could not be trained: {reason}; its log is {log}"


def test_a_folder_that_cannot_be_written(known, tmp_path):
    (tmp_path / "judges").write_text("in the way")
    with pytest.raises(InputError, match="cannot keep the judge of samples"):
        with_judge(config(tmp_path), "digits")


def test_the_words_of_the_judge_are_checked(launch, tmp_path):
    words = ("task=vae", "trainer=debug")
    for word, parts in (
        ("judge.words=[]", ("judge.words=[]", '"task=cnn_compare"')),
        ('judge.words=["lenet"]', ("judge.words=['lenet']",)),
        ('judge.words=["task=mlp","data=mnist"]', ("leave out data=mnist",)),
        ("judge.wrods=[]", ("judge.wrods", "judge.words")),
        ("judge=null", ("callbacks.sample_quality.judge", "judge is null", "callbacks.sample_quality=null")),
        ("judge.run=5", ("judge.run=5", "folder")),
    ):
        end = launch(*words, word, folder=tmp_path / "run")
        assert end.code == 1, word
        (line,) = end.err.splitlines()
        assert line.startswith("dlexp: ")
        for part in parts:
            assert part in line


def test_a_judge_that_cannot_be(known, finished, study, tmp_path):
    unfinished = shutil.copytree(finished, tmp_path / "unfinished")
    (unfinished / "result.json").write_text(json.dumps(result(finished) | {"status": "failed"}))
    (tmp_path / "empty").mkdir()
    (tmp_path / "damaged.ckpt").write_bytes(b"PK")
    for run, part in (
        (tmp_path / "nowhere", "neither a run's folder nor a checkpoint"),
        (tmp_path / "empty", "neither a run's folder nor a checkpoint"),
        (tmp_path / "nowhere.ckpt", "no checkpoint at"),
        (tmp_path / "damaged.ckpt", "damaged"),
        (unfinished, "is failed: only a finished one can judge"),
        (study.folder / "model=vae,seed=0", "no classifier of images"),
    ):
        with pytest.raises(InputError, match=part) as caught:
            with_judge(config(tmp_path, judge={"run": str(run)}), "digits")
        assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(InputError, match=r"judges images of 1x28x28, these are of 3x32x32"):
        with_judge(config(tmp_path, judge={"run": str(finished)}, data={"input_shape": [3, 32, 32]}), "cifar10")
    checkpoint = shutil.copy(finished / "checkpoints" / "best.ckpt", tmp_path / "alone.ckpt")
    cfg, facts = with_judge(config(tmp_path, judge={"run": checkpoint}), "digits")
    assert cfg.judge.run == str(checkpoint)
    unknown = dict.fromkeys(("config_hash", "commit", "accuracy"))
    assert facts == unknown | {"run": "alone.ckpt", "data": "dlexp.data.digits.Digits"}


def test_a_judge_of_other_data(training, finished, tmp_path):
    """Of images of the same size, whatever it is called."""
    clothes = {"_target_": "dlexp.data.fmnist.FashionMNIST"}
    with pytest.raises(InputError) as caught:
        with_judge(config(tmp_path, judge={"run": str(finished)}, data=clothes), "fmnist")
    assert str(caught.value) == (
        f"judge.run: {finished.name} knows dlexp.data.digits.Digits, not dlexp.data.fmnist.FashionMNIST: leave it out "
        "to have one trained by itself, or train one with data=fmnist task=cnn_compare model=lenet_relu"
    )

    content = torch.load(finished / "checkpoints" / "best.ckpt", weights_only=True)
    del content["hyper_parameters"]["data"]
    torch.save(content, tmp_path / "untold.ckpt")
    with pytest.raises(InputError, match=r"untold\.ckpt knows other data, not dlexp\.data\.digits\.Digits: "):
        with_judge(config(tmp_path, judge={"run": str(tmp_path / "untold.ckpt")}), "digits")

    assert training == []
    with pytest.raises(InputError) as caught:  # an option that was other data when its judge was trained
        with_judge(config(tmp_path, data=clothes), "mine")
    assert f"remove {training[0].folder}, or train one" in str(caught.value)
