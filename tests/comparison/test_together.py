"""Several studies in one comparison."""

import csv
import shutil

import pytest

from dlexp.comparison.together import short_names, write_together
from dlexp.comparison.writing import write_comparison

CONFIG = "seed: {seed}\nmodel: {{name: lenet}}\ntrainer: {{epochs: {epochs}}}\nstudy: {study}\noutput_dir: x\n"


@pytest.fixture
def write_study(tmp_path, write_run):
    """Write a study of LeNet and of `other`; `epochs` stands in the configs alone, as that of an edited conf would."""

    def write(name, *, other="mlp", seeds=(0, 1), epochs=5, config=CONFIG):
        for model in ("lenet", other):
            for seed in seeds:
                folder = write_run(
                    tmp_path / name / f"model={model},seed={seed}",
                    overrides=[f"model={model}", f"seed={seed}", f"study={name}"],
                    choices={"model": model},
                    model=model,
                    seed=seed,
                    metrics={"val/accuracy": 0.9 + epochs / 1000, "test/accuracy": 0.9},
                    config_hash=f"{model} {seed} {epochs}",
                    figures=(),
                    history=None,
                )
                text = config.format(seed=seed, epochs=epochs, study=name)
                (folder / ".hydra" / "config.yaml").write_text(text)
        return tmp_path / name

    return write


def together(*folders):
    return write_together([write_comparison(folder) for folder in folders])


def names(comparison):
    (ranking,) = comparison.rankings
    return {alternative.name: len(alternative.runs) for alternative in ranking.alternatives}


def test_it_lies_beside_the_first(tmp_path, write_study, parse_page):
    comparison = together(write_study("one"), write_study("two", other="vgg"))
    assert comparison.folder == tmp_path / "one+two"
    page = parse_page(comparison.page.read_text())
    assert {"../one/comparison.html", "../two/comparison.html", "results.csv"} <= set(page.links)
    assert "python -m dlexp.report" in page.text
    rows = list(csv.DictReader((comparison.folder / "results.csv").read_text().splitlines()))
    assert {row["folder"].split("/")[1] for row in rows} == {"one", "two"}
    assert all((comparison.folder / row["folder"] / "result.json").is_file() for row in rows)
    assert (comparison.folder / "comparison.md").is_file()


def test_the_same_job_counts_once(write_study):
    comparison = together(write_study("one"), write_study("two", other="vgg"))
    assert len(comparison.runs) == 6
    assert names(comparison) == {"lenet": 2, "mlp": 2, "vgg": 2}


def test_of_the_same_job_the_finished_one_counts(tmp_path, write_study):
    one, two = write_study("one"), write_study("two")
    for path in one.glob("*/result.json"):
        path.write_text(path.read_text().replace('"finished"', '"failed"'))
    comparison = together(one, two)
    assert comparison.failed == []
    assert names(comparison) == {"lenet": 2, "mlp": 2}


def test_more_seeds_of_the_same_recipe_are_replicates(write_study):
    assert names(together(write_study("one", seeds=(0, 1)), write_study("two", seeds=(2, 3)))) == {"lenet": 4, "mlp": 4}


def test_another_recipe_under_the_same_name_is_told_apart(write_study):
    found = names(together(write_study("one"), write_study("two", other="vgg", epochs=9)))
    assert found == {"lenet (one)": 2, "lenet (two)": 2, "mlp": 2, "vgg": 2}


def test_without_proof_they_are_told_apart(write_study):
    found = names(together(write_study("one"), write_study("two", seeds=(2, 3), config="{{{{")))
    assert found == {f"{model} ({study})": 2 for model in ("lenet", "mlp") for study in ("one", "two")}


def test_studies_of_one_name(tmp_path, write_study):
    one = write_study("cnn/today")
    other = shutil.copytree(one, tmp_path / "rnn" / "today")
    assert short_names([one, other]) == ["cnn/today", "rnn/today"]
    comparison = together(one, other)
    assert comparison.folder.parent == tmp_path / "cnn"
    assert "/" not in comparison.folder.name


def test_short_names(tmp_path):
    assert short_names([tmp_path / "a", tmp_path / "b" / "c"]) == ["a", "c"]
