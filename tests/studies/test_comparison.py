"""A study's table, verdicts and pages, of jobs that finished and of jobs that did not."""

import csv
import io
import re
import shutil
import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dlexp.errors import InputError
from dlexp.studies.comparison import compare, write_comparison
from dlexp.studies.figures import MOST_DRAWN
from dlexp.studies.ranking import verdict
from dlexp.studies.results import as_csv

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def write_job(tmp_path, write_run):
    """Write a job of the study: a model on a data set with a seed, and what it came to."""

    def write(model, seed, val, test, *, data="digits", extra=(), **result):
        words = [f"data={data}", f"model={model}", *extra, f"seed={seed}"]
        metrics = {"val/accuracy": val, "val/loss": 1 - val, "test/accuracy": test, "test/auc": 0.9}
        defaults = {
            "overrides": words,
            "choices": {"task": "cnn_compare", "model": model, "data": data},
            "model": model,
            "data": data,
            "seed": seed,
            "metrics": metrics,
            "figures": (),
        }
        return write_run(tmp_path / "study" / re.sub(r"[^\w=.,]", "_", ",".join(words)), **defaults | result)

    return write


def lines(text):
    return [line.split() for line in text.splitlines()]


def test_replicates_become_one_row(tmp_path, write_job):
    values = {"lenet": [0.90, 0.91, 0.95], "resnet": [0.97, 0.99, 0.98]}
    for model, vals in values.items():
        for seed, val in enumerate(vals):
            write_job(model, seed, val, val - 0.01, parameters=1000 * len(model))
    comparison = compare(tmp_path / "study")
    (ranking,) = comparison.rankings
    assert [a.name for a in ranking.alternatives] == ["resnet", "lenet"]
    for alternative in ranking.alternatives:
        expected = np.mean(values[alternative.name]), np.std(values[alternative.name], ddof=1)
        assert alternative.metric("val/accuracy") == pytest.approx(expected)
    assert comparison.failed == []

    table = lines(comparison.table)
    assert table[0] == ["digits"]
    mean, deviation = 100 * np.mean(values["resnet"]), 100 * np.std(values["resnet"], ddof=1)
    row = next(line for line in table if line[:2] == ["resnet", "3"])
    assert row[2:6] == [f"{mean:.2f}", "±", f"{deviation:.2f}", "%"]
    assert "6 k" in comparison.table


def test_the_best_is_chosen_by_validation_not_by_test(tmp_path, write_job):
    write_job("tuned", 0, 0.99, 0.50)
    write_job("lucky", 0, 0.80, 0.95)
    (ranking,) = compare(tmp_path / "study").rankings
    assert verdict(ranking)[:2] == [
        "Best by validation accuracy: tuned, 99.00 %.",
        "Its test accuracy: 50.00 %.",
    ]


def test_a_smaller_loss_is_better_and_nothing_is_of_classification(tmp_path, write_job):
    for model, loss in (("deep", 0.2), ("shallow", 0.3)):
        for seed in range(2):
            values = {"val/mse": loss + 0.001 * seed, "test/mse": loss + 0.01, "test/psnr": 30.0}
            history = "step,epoch,train/mse,val/mse\n1,0,0.9,0.9\n2,1,0.5,0.4\n"
            write_job(model, seed, 0, 0, monitor="val/mse", mode="min", metrics=values, history=history)
    comparison = write_comparison(tmp_path / "study")
    (ranking,) = comparison.rankings
    assert ranking.monitor == "val/mse"
    assert [a.name for a in ranking.alternatives] == ["deep", "shallow"]
    assert ranking.other_metrics == ["test/psnr"]
    page = comparison.page.read_text()
    assert "accuracy" not in page
    names = sorted(path.name for path in (tmp_path / "study" / "figures").iterdir())
    assert names == [
        "digits_against_parameters.png",
        "digits_against_seconds_per_epoch.png",
        "digits_val_mse.png",
    ]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([0.970, 0.972, 0.971], [0.901, 0.903, 0.902], "is better (p<0.001, n=3)"),
        ([0.97, 0.92, 0.99], [0.96, 0.95, 0.94], "is not distinguishable (p={p:.2g}, n=3)"),
        ([0.97, 0.92, 0.99], [0.96, 0.95], "is not distinguishable (p={p:.2g}, n=3 and 2)"),
        ([0.97, 0.97], [0.96, 0.96], "is not distinguishable (the seeds of neither vary, n=2)"),
        ([0.97, 0.98], [0.96], "One seed cannot decide"),
    ],
)
def test_first_against_second(tmp_path, write_job, first, second, said):
    for model, vals in (("a", first), ("b", second)):
        for seed, val in enumerate(vals):
            write_job(model, seed, val, val)
    (ranking,) = compare(tmp_path / "study").rankings
    p = stats.ttest_ind(first, second, equal_var=False).pvalue if "{p" in said else None
    assert said.format(p=p) in " ".join(verdict(ranking))


def test_one_seed_gives_an_interval(tmp_path, write_job):
    write_job("a", 0, 0.97, 0.95, test_size=360)
    write_job("b", 0, 0.96, 0.96, test_size=360)
    (ranking,) = compare(tmp_path / "study").rankings
    text = " ".join(verdict(ranking))
    low, high = stats.binomtest(342, 360).proportion_ci(0.95, method="wilson")
    assert "One seed cannot decide between it and b, which comes second with 96.00 %" in text
    assert f"{100 * low:.2f} % to {100 * high:.2f} %" in text


def test_jobs_that_did_not_finish_are_listed(tmp_path, write_job, parse_page):
    write_job("a", 0, 0.97, 0.95)
    bad = write_job("b", 0, 0, 0, status="failed", error="out of memory: lower data.batch_size", metrics={})
    (bad / "error.log").touch()
    write_job("c", 0, 0, 0, status="running", metrics={})
    never = write_job("d", 0, 0, 0)
    (never / "result.json").unlink()
    broken = write_job("e", 0, 0, 0)
    (broken / "result.json").write_text('{"status": "fin')

    comparison = write_comparison(tmp_path / "study")
    assert [run.result.status for run in comparison.failed] == ["failed", "running", "missing", "unknown"]
    page = parse_page(comparison.page.read_text())
    markdown = (tmp_path / "study" / "comparison.md").read_text()
    for text in (comparison.table, page.text, markdown):
        assert "out of memory: lower data.batch_size" in text
        assert "model=b,seed=0/error.log" in text
        assert "never began" in text
        assert "result.json cannot be read" in text
    table = pd.read_csv(tmp_path / "study" / "results.csv")
    assert table["status"].tolist() == ["finished", "failed", "running", "missing", "unknown"]


def test_only_failures_make_a_page_too(tmp_path, write_job, parse_page):
    write_job("a", 0, 0, 0, status="failed", error="no", metrics={})
    comparison = write_comparison(tmp_path / "study")
    assert "nothing to compare" in parse_page(comparison.page.read_text()).text
    assert "nothing to compare" in (tmp_path / "study" / "comparison.md").read_text()
    assert "Not finished" in comparison.table


def test_results_are_tidy(tmp_path, write_job):
    for seed in range(2):
        write_job("a", seed, 0.9 + seed / 100, 0.8, extra=["optimizer.lr=0.1"])
        write_job("b", seed, 0.9, 0.7, extra=["optimizer.lr=0.2"], flops=None)
    rows = list(csv.DictReader(io.StringIO(as_csv(compare(tmp_path / "study").runs, tmp_path / "study"))))
    assert len(rows) == 4
    first = rows[0]
    assert len(first) == len(set(first))
    assert (first["model"], first["seed"], first["optimizer.lr"]) == ("a", "0", "0.1")
    assert (first["val/accuracy"], first["test/auc"], first["parameters"]) == ("0.9", "0.9", "61706")
    assert (tmp_path / "study" / first["folder"] / "result.json").is_file()
    assert {row["flops"] for row in rows} == {"416520", ""}


def test_a_table_for_each_data_set(tmp_path, write_job, parse_page):
    for data, best in (("digits", "a"), ("mnist", "b")):
        for model in ("a", "b"):
            for seed in range(2):
                write_job(model, seed, 0.9 + 0.05 * (model == best) + 0.001 * seed, 0.9, data=data)
    comparison = write_comparison(tmp_path / "study")
    assert [(r.title, r.alternatives[0].name) for r in comparison.rankings] == [
        ("digits", "a"),
        ("mnist", "b"),
    ]
    page = parse_page(comparison.page.read_text())
    assert "The best on each data set" in page.text
    assert page.tags.count("svg") == 2 * 4
    markdown = (tmp_path / "study" / "comparison.md").read_text()
    for name in re.findall(r"\(figures/(.*?)\)", markdown):
        assert (tmp_path / "study" / "figures" / name).is_file()
    assert markdown.count("](figures/") == 2 * 4


def test_several_tasks(tmp_path, write_job):
    write_job("a", 0, 0.9, 0.9)
    write_job("b", 0, 0.5, 0.5, task="autoencoder", monitor="val/loss", mode="min")
    titles = [(r.title, r.monitor) for r in compare(tmp_path / "study").rankings]
    assert titles == [("autoencoder, digits", "val/loss"), ("cnn_compare, digits", "val/accuracy")]


def test_runs_that_never_monitored(tmp_path, write_job, parse_page):
    for model in "ab":
        write_job(model, 0, 0, 0, monitor=None, metrics={"test/error": 0.5}, history=None)
    comparison = write_comparison(tmp_path / "study")
    assert "No alternative can be called best" in comparison.table
    assert "0.5" in parse_page(comparison.page.read_text()).text


def test_hostile_names_stay_text(tmp_path, write_job, parse_page):
    write_job(EVIL, 0, 0.9, 0.9, data=EVIL, extra=["a.b='|`$x$'"])
    write_job("$n_1$", 0, 0.8, 0.9, data=EVIL, extra=["a.b=[1,2]"])
    write_job("bad", 0, 0, 0, data=EVIL, status="failed", error=EVIL, metrics={})
    comparison = write_comparison(tmp_path / "study")
    page = parse_page(comparison.page.read_text())
    assert page.tags.count("script") == 1, "our own"
    assert EVIL in page.text
    markdown = (tmp_path / "study" / "comparison.md").read_text()
    assert not re.search(r"(?<!\\)<", markdown)


def test_more_alternatives_than_can_be_drawn(tmp_path, write_job, parse_page):
    for index in range(MOST_DRAWN + 3):
        write_job(f"net{index}", 0, 0.5 + index / 100, 0.5)
    comparison = write_comparison(tmp_path / "study")
    page = parse_page(comparison.page.read_text())
    assert f"the best {MOST_DRAWN} alternatives; 3 more" in page.text
    drawn = " ".join(re.findall(r"<text[^>]*>(net\d+)</text>", comparison.page.read_text())).split()
    assert "net14" in drawn
    assert "net0" not in drawn


def test_the_command_and_links_to_the_jobs(tmp_path, write_job, parse_page):
    job = write_job("a", 0, 0.9, 0.9)
    (job / "report.html").touch()
    yaml = "hydra:\n  overrides:\n    task:\n    - model=a,b\n    - x='1 2'\n"
    (tmp_path / "study" / "multirun.yaml").write_text(yaml)
    page = parse_page(write_comparison(tmp_path / "study").page.read_text())
    assert "python -m dlexp model=a,b 'x='\"'\"'1 2'\"'\"'' -m" in page.text
    assert f"{job.name}/report.html".replace("=", "%3D").replace(",", "%2C") in page.links


def test_jobs_are_found_at_any_depth_but_not_in_one_another(tmp_path, write_job):
    job = write_job("a", 0, 0.9, 0.9)
    (tmp_path / "study" / "deep").mkdir()
    shutil.copytree(job, tmp_path / "study" / "deep" / "er")
    shutil.copytree(job, job / "checkpoints" / "copy")
    assert len(compare(tmp_path / "study").runs) == 2


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir()])
def test_not_a_study(tmp_path, make):
    make(tmp_path / "study")
    with pytest.raises(InputError, match=r"study (is not a folder|holds no runs)"):
        compare(tmp_path / "study")


def test_a_thousand_jobs_are_read_quickly(tmp_path, write_job):
    job = write_job("a", 0, 0.9, 0.9)
    for index in range(999):
        folder = tmp_path / "study" / str(index)
        folder.mkdir()
        shutil.copy(job / "result.json", folder)
    begin = time.perf_counter()
    assert len(compare(tmp_path / "study").runs) == 1000
    assert time.perf_counter() - begin < 5, "seconds"
