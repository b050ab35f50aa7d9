"""Many runs by one command: what fails does not stop the others, what is done is not done again."""

import csv
import json
import shlex

import pytest
from filelock import FileLock

INLINE = "hydra/launcher=inline"  # in this process, where a test can look into it


@pytest.fixture
def no_comparison(monkeypatch):
    """Of a study whose figures take longer than its trainings."""
    monkeypatch.setattr("dlexp.studies.study.Study.on_multirun_end", lambda self, config, **kwargs: None)


def results(folder) -> dict[str, dict]:
    return {path.parent.name: json.loads(path.read_text()) for path in sorted(folder.glob("*/result.json"))}


def statuses(folder) -> dict[str, str]:
    return {name: result["status"] for name, result in results(folder).items()}


def change(result_json, **facts) -> dict:
    """As if the run had come to something else."""
    result = json.loads(result_json.read_text()) | facts
    result_json.write_text(json.dumps(result))
    return result


@pytest.fixture
def words(small):
    return (*small[1:], "trainer.max_epochs=1")  # without the model


@pytest.fixture
def counted(monkeypatch):
    """The models of the jobs that were really run."""
    import dlexp.run

    run, models = dlexp.run.run, []

    def counting(cfg, record):
        models.append(record.result["model"])
        run(cfg, record)

    monkeypatch.setattr("dlexp.run.run", counting)
    return models


def test_a_study(launch, words, tmp_path):
    study = tmp_path / "study"
    end = launch("model=linear,mlp", "seed=0,1", *words, "-m", folder=study)
    assert (end.code, end.err) == (0, "")
    names = [f"model={model},seed={seed}" for model in ("linear", "mlp") for seed in (0, 1)]
    assert statuses(study) == dict.fromkeys(names, "finished")  # what all jobs have in common names none of them
    assert len(list(csv.DictReader((study / "results.csv").read_text().splitlines()))) == 4
    assert (study / "comparison.md").is_file()
    assert end.out.splitlines()[-1] == f"comparison: {study / 'comparison.html'}"
    assert any(line.startswith("mlp") for line in end.out.splitlines())
    for name in names:
        assert "epoch 1/1" in (study / name / "job.log").read_text()
        assert f"{name}  finished: validation accuracy" in end.out
    assert "epoch 1/1" not in end.out
    assert [path.name for path in (study / names[0]).glob("*.log")] == ["job.log"]


def test_a_job_leaves_what_a_single_run_leaves(launch, small, tmp_path):
    single = launch(*small, folder=tmp_path / "single", report=True).folder
    launch(*small, INLINE, "-m", folder=tmp_path / "inline", report=True)
    launch(*small, "-m", folder=tmp_path / "local")
    files = {path.relative_to(single).as_posix() for path in single.rglob("*") if path.is_file()} - {"dlexp.log"}
    for engine in ("inline", "local"):
        job = tmp_path / engine / "model=linear"
        there = {path.relative_to(job).as_posix() for path in job.rglob("*") if path.is_file()}
        assert there == files | {"job.log"}
        assert (job / "metrics.csv").read_text() == (single / "metrics.csv").read_text()
        ours, theirs = (json.loads((folder / "result.json").read_text()) for folder in (job, single))
        assert ours.keys() == theirs.keys()
        assert (ours["metrics"], ours["config_hash"]) == (theirs["metrics"], theirs["config_hash"])


def test_one_failing_job_does_not_stop_the_others(launch, words, tmp_path):
    study = tmp_path / "study"
    end = launch("model=linear", "optimizer=sgd", "optimizer.lr=0.1,1e30,0.01", *words, "-m", folder=study)
    assert end.code == 1
    assert sorted(statuses(study).values()) == ["failed", "finished", "finished"]
    (failed,) = study.glob("*/error.log")
    assert "optimizer.lr=1e+30" in failed.parent.name or "optimizer.lr=1e30" in failed.parent.name
    summary, line = end.err.splitlines()
    assert summary == "dlexp: 1 of 3 jobs did not finish:"
    assert line.strip().startswith(f"{failed.parent.name}: failed: the loss became")
    assert line.endswith(f"log: {failed}")
    assert "Not finished" in (study / "comparison.md").read_text()
    rows = list(csv.DictReader((study / "results.csv").read_text().splitlines()))
    assert sorted(row["status"] for row in rows) == ["failed", "finished", "finished"]


ENDINGS = {
    "none": ("finished", None),
    "raise": ("failed", "RuntimeError: a bug in a callback"),
    "memory": ("failed", "out of memory: halve data.batch_size"),
    "diverge": ("failed", "the loss became nan"),
    "kill": ("failed", "killed by SIGKILL, perhaps because the machine's memory was full"),
    "crash": ("failed", "killed by SIGSEGV"),
    "sleep": ("failed", "ran longer than job_timeout=12 seconds"),
    "stop": ("interrupted", "stopped by SIGTERM"),
}


def test_whatever_ends_a_job_is_recorded_and_the_others_finish(launch, small, tmp_path):
    study = tmp_path / "study"
    die = ("+callbacks.die._target_=dying.Die", f"+callbacks.die.how={','.join(ENDINGS)}")
    end = launch(*small, *die, "job_timeout=12", "hydra.launcher.engine.grace=1", "-m", folder=study)
    assert end.code == 1
    found = results(study)
    page = (study / "comparison.html").read_text()
    troubles = {line.partition(": ")[0].strip(): line for line in end.err.splitlines()[1:]}
    for how, (status, error) in ENDINGS.items():
        name = f"+callbacks.die.how={how},model=linear"
        assert found[name]["status"] == status, how
        if error is None:
            assert found[name]["error"] is None
            continue
        assert found[name]["error"].startswith(error)
        assert error.partition("'")[0] in page
        assert found[name]["error"] in troubles[name]
        log = "error.log" if how in ("raise", "memory", "diverge") else "job.log"
        assert troubles[name].endswith(f"log: {study / name / log}")
    assert end.err.splitlines()[0] == "dlexp: 7 of 8 jobs did not finish:"
    assert (
        "dying.py" in (study / "+callbacks.die.how=crash,model=linear" / "job.log").read_text()
    )  # the lines that led to it


def test_a_study_is_resumed_by_its_name(call, words, counted, no_comparison, tmp_path, monkeypatch):
    from dlexp.__main__ import main

    monkeypatch.chdir(tmp_path)
    study = tmp_path / "outputs" / "mine"
    grid = ("model=linear,lenet", "study=mine", *words, INLINE, "-m")

    first = call(main, *grid, folder=study)
    assert (first.code, first.err) == (0, "")
    assert counted == ["linear", "lenet"]
    before = {path: path.read_text() for path in study.glob("*/result.json")}
    assert len(before) == 2

    again = call(main, *grid, folder=study)
    assert (again.code, again.err) == (0, "")
    assert "2 of 2 jobs were done before" in again.out
    assert counted == ["linear", "lenet"]
    assert before == {path: path.read_text() for path in study.glob("*/result.json")}

    more = call(main, "model=linear,mlp", *grid[1:], folder=study)
    assert (more.code, more.err) == (0, "")
    assert counted == ["linear", "lenet", "mlp"]
    assert len(statuses(study)) == 3

    (linear,) = study.glob("*model=linear*/result.json")
    change(linear, status="failed", error="x")
    mended = call(main, *grid, folder=study)
    assert mended.code == 0
    assert counted == ["linear", "lenet", "mlp", "linear"]
    assert json.loads(linear.read_text())["error"] is None


def test_a_finished_job_is_known_without_composing_it(launch, words, counted, no_comparison, monkeypatch, tmp_path):
    grid = ("model=linear,mlp", *words, INLINE, "-m")
    assert launch(*grid, folder=tmp_path).code == 0
    monkeypatch.setattr("dlexp.studies.composer.Composer.compose", lambda self, words: pytest.fail("composed"))
    assert launch(*grid, folder=tmp_path).code == 0
    assert counted == ["linear", "mlp"]


def test_a_changed_file_of_the_config_is_noticed(launch, words, counted, tmp_path):
    """The manifest tells of finished jobs without composing them only as long as no file has changed."""
    file = tmp_path / "conf" / "model" / "mine.yaml"
    file.parent.mkdir(parents=True)
    text = "defaults: [mlp, _self_]\nhidden_sizes: [8]\n"
    file.write_text(text)
    grid = ("model=mine,linear", *words, INLINE, "-m", "--config-dir", tmp_path / "conf")
    assert launch(*grid, folder=tmp_path / "study").code == 0
    file.write_text(text.replace("8", "9"))
    refused = launch(*grid, folder=tmp_path / "study")
    assert refused.code == 1
    assert counted == ["mine", "linear"]
    (_, line) = refused.err.splitlines()
    assert "model=mine: its config has changed since it was run (model.hidden_sizes: [8], now [9])" in line
    assert "on_change=rerun" in line

    rerun = launch("on_change=rerun", *grid, folder=tmp_path / "study")
    assert (rerun.code, rerun.err) == (0, "")
    assert counted == ["mine", "linear", "mine"]
    config = (tmp_path / "study" / "model=mine" / ".hydra" / "config.yaml").read_text()
    assert "- 9" in config


def test_a_finished_job_of_another_config_is_not_overwritten(launch, words, tmp_path):
    """The name of its folder has what varies only: here the recipe behind it has changed."""
    study = tmp_path / "study"
    grid = ("model=linear,mlp", *words, INLINE)
    assert launch(*grid, "-m", folder=study).code == 0
    (linear,) = study.glob("*model=linear*/result.json")
    result = change(linear, config_hash="0" * 16)
    end = launch(*grid, "-m", folder=study)
    assert end.code == 1
    summary, line = end.err.splitlines()
    assert summary == "dlexp: 1 of 2 jobs did not finish:"
    assert "config has changed" in line
    assert "study=" in line
    assert json.loads(linear.read_text()) == result
    assert (study / "comparison.html").is_file()


def test_a_refused_job_is_told_of_beside_a_failed_one(launch, words, tmp_path):
    study = tmp_path / "study"
    grid = ("model=linear", "optimizer=sgd", "optimizer.lr=1e30,0.01", *words, INLINE, "-m")
    assert launch(*grid, folder=study).code == 1
    (done,) = [path for path in study.glob("*/result.json") if json.loads(path.read_text())["status"] == "finished"]
    change(done, config_hash="0" * 16)
    end = launch(*grid, folder=study)
    assert end.code == 1
    summary, failed, refused = end.err.splitlines()
    assert summary == "dlexp: 2 of 2 jobs did not finish:"
    assert "loss became" in failed
    assert "config has changed" in refused


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        (("model=linear,lenet,vgg,lenett",), "did you mean 'lenet'?"),
        (("model=linear", "seed=0,1,2,x"), "seed=x"),
        (("model=linear", "optimizer.lr=0.1,0.2,slow"), "optimizer.lr"),
        (("model=linear,vgg", "data.input_shape=[1,28,28],[1,8]"), "data.input_shape"),
        (("model=lenet", "model.activation=tanh,rlu"), "relu"),
        (("model=alexnet", "model.form=small,imagenet"), "AlexNet"),
        (("model=linear", "callbacks.checkpoint.monitor=val/accuracy,val/acc"), "did you mean 'val/accuracy'?"),
        (("model=linear", "optimizer.lr=interval(0.1,0.2)"), "hydra/sweeper=optuna"),
        (("model=linear", "on_change=rerum"), "rerun"),
    ],
    ids=lambda part: part[-1] if isinstance(part, tuple) else "",
)
def test_a_mistake_in_the_last_job_is_found_before_the_first(launch, words, counted, grid, said, tmp_path):
    end = launch(*words, *grid, INLINE, "-m", folder=tmp_path / "study")
    assert end.code == 1
    (line,) = end.err.splitlines()
    assert line.startswith("dlexp: ")
    assert said in line
    assert counted == []
    assert not (tmp_path / "study").exists()


def test_what_was_composed_is_frozen(launch, words, no_comparison, monkeypatch, tmp_path):
    """The files are edited, even broken, while the first job runs."""
    import dlexp.run

    file = tmp_path / "conf" / "model" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("defaults: [mlp, _self_]\nhidden_sizes: [8]\n")
    run = dlexp.run.run

    def editing(cfg, record):
        file.write_text("hidden_sizes: [")
        run(cfg, record)

    monkeypatch.setattr("dlexp.run.run", editing)
    words = ("model=mine", "seed=0,1", *words, INLINE, "-m", "--config-dir", tmp_path / "conf")
    end = launch(*words, folder=tmp_path / "study")
    assert (end.code, end.err) == (0, "")
    found = results(tmp_path / "study")
    assert len(found) == 2
    assert len({result["parameters"] for result in found.values()}) == 1


def test_another_process_at_work_in_a_job_keeps_it(launch, words, monkeypatch, tmp_path):
    monkeypatch.setattr("dlexp.record.PATIENCE", 0.1)
    job = tmp_path / "study" / "model=linear"
    job.mkdir(parents=True)
    (job / "result.json").write_text('{"status": "running"}')
    with FileLock(job / ".lock"):
        end = launch("model=linear,mlp", *words, INLINE, "-m", folder=tmp_path / "study")
    assert end.code == 1
    assert "another process is at work" in end.out
    assert (job / "result.json").read_text() == '{"status": "running"}'
    assert statuses(tmp_path / "study")["model=mlp"] == "finished"


def test_a_single_run_is_not_repeated_in_its_folder(launch, words, counted, tmp_path):
    first, again = (launch("model=linear", *words, folder=tmp_path / "run") for _ in range(2))
    assert (again.code, again.out) == (0, f"already finished: {first.folder}\n")
    other = launch("model=linear", *words, "seed=5", folder=tmp_path / "run")
    assert other.code == 1
    assert "another config" in other.err
    assert "seed: 0, now 5" not in other.err  # Hydra has overwritten the old config by then
    assert other.result == first.result
    assert counted == ["linear"]


def test_the_sweep_of_the_task(launch, words, no_comparison, monkeypatch, tmp_path):
    """`task=cnn_compare -m` runs every architecture, `model=` replaces that axis."""
    monkeypatch.setattr("dlexp.run.run", lambda cfg, record: None)
    launch("task=cnn_compare", *words, INLINE, "-m", folder=tmp_path / "all")
    models = {result["model"] for result in results(tmp_path / "all").values()}
    assert {"linear", "mlp", "lenet", "alexnet", "vgg", "resnet", "googlenet", "xception"} <= models
    launch("task=cnn_compare", "model=resnet", "seed=0,1", *words, INLINE, "-m", folder=tmp_path / "one")
    found = results(tmp_path / "one").values()
    assert sorted((run["model"], run["seed"]) for run in found) == [("resnet", 0), ("resnet", 1)]


def test_the_command_that_goes_on_names_the_study(call, words, monkeypatch, tmp_path):
    from dlexp.__main__ import main

    def press(cfg, record):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dlexp.run.run", press)
    end = call(main, "model=linear,mlp", *words, INLINE, "-m", folder=tmp_path)
    assert end.code == 130
    command = shlex.split(end.err.partition("go on with: ")[2])
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    again = call(main, *command[3:], folder=tmp_path)
    assert (again.code, again.err) == (0, "")
    (study,) = (tmp_path / "outputs" / "cnn_compare").iterdir()
    assert list(statuses(study).values()) == ["finished"] * 2


def test_tasks_that_are_swept_are_not_swept_as_another_task_would_be(launch, tmp_path):
    words = ("task=perceptron,linear_regression,convolution_basics", "trainer=debug", "logger=none")
    end = launch(*words, "hydra/launcher=inline", "-m", folder=tmp_path / "study")
    assert (end.code, end.err) == (0, "")
    found = {path.parent.name: json.loads(path.read_text()) for path in (tmp_path / "study").glob("*/result.json")}
    assert {result["task"] for result in found.values()} == {"perceptron", "linear_regression", "convolution_basics"}
    assert {result["model"] for result in found.values()} == {"perceptron", "linear_regression_scratch", None}
    assert len(found) == 3
