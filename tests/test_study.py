"""Many runs by one command: what fails does not stop the others, what is done is not done again."""

import csv
import json

import pytest


@pytest.fixture
def no_comparison(monkeypatch):
    """Of a study whose figures take longer than its trainings."""
    monkeypatch.setattr("dlexp.studies.study.Study.on_multirun_end", lambda self, config, **kwargs: None)


def statuses(folder) -> dict[str, str]:
    return {path.parent.name: json.loads(path.read_text())["status"] for path in sorted(folder.glob("*/result.json"))}


@pytest.fixture
def words(small):
    return (*small[1:], "trainer.max_epochs=1")  # without the model


def test_a_study(launch, words, tmp_path):
    study = tmp_path / "study"
    end = launch("model=linear,mlp", "seed=0,1", *words, "-m", folder=study)
    assert (end.code, end.err) == (0, "")
    found = statuses(study)
    assert list(found.values()) == ["finished"] * 4
    for name, model, seed in zip(found, ("linear", "linear", "mlp", "mlp"), "0101", strict=True):
        assert f"model={model}" in name.split(",")
        assert f"seed={seed}" in name.split(",")
    assert len(list(csv.DictReader((study / "results.csv").read_text().splitlines()))) == 4
    assert (study / "comparison.md").is_file()
    assert end.out.splitlines()[-1] == f"comparison: {study / 'comparison.html'}"
    assert any(line.startswith("mlp") for line in end.out.splitlines())


def test_one_failing_job_does_not_stop_the_others(launch, words, tmp_path):
    study = tmp_path / "study"
    end = launch("model=linear", "optimizer=sgd", "optimizer.lr=0.1,1e30,0.01", *words, "-m", folder=study)
    assert end.code == 1
    assert sorted(statuses(study).values()) == ["failed", "finished", "finished"]
    (line,) = end.err.splitlines()
    assert line.startswith("dlexp: the loss became")
    (failed,) = study.glob("*/error.log")
    assert "optimizer.lr=1e+30" in failed.parent.name or "optimizer.lr=1e30" in failed.parent.name
    assert str(failed) in line
    assert "Not finished" in end.out
    rows = list(csv.DictReader((study / "results.csv").read_text().splitlines()))
    assert sorted(row["status"] for row in rows) == ["failed", "finished", "finished"]


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


def test_a_study_is_resumed_by_its_name(call, words, counted, no_comparison, tmp_path, monkeypatch):
    from dlexp.__main__ import main

    monkeypatch.chdir(tmp_path)
    study = tmp_path / "outputs" / "mine"
    grid = ("model=linear,lenet", "study=mine", *words, "-m")

    first = call(main, *grid, folder=study)
    assert (first.code, first.err) == (0, "")
    assert counted == ["linear", "lenet"]
    before = {path: path.read_text() for path in study.glob("*/result.json")}
    assert len(before) == 2

    again = call(main, *grid, folder=study)
    assert (again.code, again.err) == (0, "")
    assert again.out.count("already finished") == 2
    assert counted == ["linear", "lenet"]
    assert before == {path: path.read_text() for path in study.glob("*/result.json")}

    more = call(main, "model=linear,mlp", *grid[1:], folder=study)
    assert (more.code, more.err) == (0, "")
    assert counted == ["linear", "lenet", "mlp"]
    assert len(statuses(study)) == 3

    (linear,) = study.glob("*model=linear*/result.json")
    linear.write_text(json.dumps(json.loads(linear.read_text()) | {"status": "failed", "error": "x"}))
    mended = call(main, *grid, folder=study)
    assert mended.code == 0
    assert counted == ["linear", "lenet", "mlp", "linear"]
    assert json.loads(linear.read_text())["error"] is None


def test_a_finished_job_of_another_config_is_not_overwritten(launch, words, tmp_path):
    """The name of its folder has the overrides only: here the recipe behind them has changed."""
    study = tmp_path / "study"
    grid = ("model=linear,mlp", *words, "-m")
    assert launch(*grid, folder=study).code == 0
    (linear,) = study.glob("*model=linear*/result.json")
    result = json.loads(linear.read_text()) | {"config_hash": "0" * 16}
    linear.write_text(json.dumps(result))
    end = launch(*grid, folder=study)
    assert end.code == 1
    (line,) = end.err.splitlines()
    assert "another config" in line
    assert "study=" in line
    assert json.loads(linear.read_text()) == result
    assert (study / "comparison.html").is_file()


def test_a_refused_job_is_told_of_beside_a_failed_one(launch, words, tmp_path):
    study = tmp_path / "study"
    grid = ("model=linear", "optimizer=sgd", "optimizer.lr=1e30,0.01", *words, "-m")
    assert launch(*grid, folder=study).code == 1
    (done,) = [path for path in study.glob("*/result.json") if json.loads(path.read_text())["status"] == "finished"]
    done.write_text(json.dumps(json.loads(done.read_text()) | {"config_hash": "0" * 16}))
    end = launch(*grid, folder=study)
    assert end.code == 1
    failed, refused = end.err.splitlines()
    assert "loss became" in failed
    assert "another config" in refused


def test_a_single_run_is_not_repeated_in_its_folder(launch, words, counted, tmp_path):
    first, again = (launch("model=linear", *words, folder=tmp_path / "run") for _ in range(2))
    assert (again.code, again.out) == (0, f"already finished: {first.folder}\n")
    other = launch("model=linear", *words, "seed=5", folder=tmp_path / "run")
    assert other.code == 1
    assert "another config" in other.err
    assert other.result == first.result
    assert counted == ["linear"]


def test_the_sweep_of_the_task(launch, words, no_comparison, monkeypatch, tmp_path):
    """`task=cnn_compare -m` runs every architecture, `model=` replaces that axis."""
    monkeypatch.setattr("dlexp.run.run", lambda cfg, record: None)
    launch("task=cnn_compare", *words, "-m", folder=tmp_path / "all")
    models = {json.loads(path.read_text())["model"] for path in (tmp_path / "all").glob("*/result.json")}
    assert {"linear", "mlp", "lenet", "alexnet", "vgg", "resnet", "googlenet", "xception"} <= models
    launch("task=cnn_compare", "model=resnet", "seed=0,1", *words, "-m", folder=tmp_path / "one")
    found = [json.loads(path.read_text()) for path in (tmp_path / "one").glob("*/result.json")]
    assert sorted((run["model"], run["seed"]) for run in found) == [("resnet", 0), ("resnet", 1)]
