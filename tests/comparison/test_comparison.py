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

from dlexp.comparison.comparison import compare
from dlexp.comparison.figures import MOST_DRAWN
from dlexp.comparison.results import as_csv
from dlexp.comparison.verdict import certainty, verdict
from dlexp.comparison.writing import write_comparison
from dlexp.errors import InputError
from dlexp.reporting.run_folder import Run

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
        "No winner by validation accuracy: tuned is ahead with 99.00 %.",
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
    assert ranking.main_metrics == ["val/mse", "test/mse"]
    assert ranking.other_metrics == ["test/psnr"]
    page = comparison.page.read_text()
    assert "accuracy" not in page
    names = sorted(path.name for path in (tmp_path / "study" / "figures").iterdir())
    assert names == [
        "digits_against_flops.png",
        "digits_against_parameters.png",
        "digits_against_seconds_per_epoch.png",
        "digits_val_mse.png",
    ]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([0.970, 0.972, 0.971], [0.901, 0.903, 0.9025], "is better (p<0.001, n=3)"),
        ([0.97, 0.92, 0.99], [0.96, 0.95, 0.94], "is not distinguishable (p={p:.2g}, n=3)"),
        ([0.97, 0.92, 0.99], [0.96, 0.95], "is not distinguishable (p={p:.2g}, n=2)"),
        ([0.97, 0.97], [0.96, 0.96], "is not distinguishable (p=0.5, n=2)"),
        ([0.97, 0.98], [0.97, 0.98], "is not distinguishable (p=1, n=2)"),
        ([0.97, 0.98], [0.96], "One seed cannot decide"),
    ],
)
def test_first_against_second(tmp_path, write_job, first, second, said):
    for model, vals in (("a", first), ("b", second)):
        for seed, val in enumerate(vals):
            write_job(model, seed, val, val)
    (ranking,) = compare(tmp_path / "study").rankings
    p = stats.ttest_rel(first[: len(second)], second).pvalue if "{p" in said else None
    lines = verdict(ranking)
    assert said.format(p=p) in " ".join(lines)
    assert lines[0].startswith("Best by" if "is better" in said else "No winner by")


def test_one_seed_gives_an_interval(tmp_path, write_job):
    write_job("a", 0, 0.97, 0.95, test_size=360)
    write_job("b", 0, 0.96, 0.96, test_size=360)
    (ranking,) = compare(tmp_path / "study").rankings
    text = " ".join(verdict(ranking))
    low, high = stats.binomtest(342, 360).proportion_ci(0.95, method="wilson")
    assert "One seed cannot decide between it and b, which comes second with 96.00 %" in text
    assert f"{100 * low:.2f} % to {100 * high:.2f} %" in text


def test_the_winner_must_beat_each_other_one(tmp_path, write_job, parse_page):
    """c is not the second, but as its seeds vary it cannot be told from the first."""
    values = {"a": [0.97, 0.971, 0.969], "b": [0.95, 0.951, 0.9491], "c": [0.95, 0.99, 0.90]}
    for model, vals in values.items():
        for seed, val in enumerate(vals):
            write_job(model, seed, val, val)
    comparison = write_comparison(tmp_path / "study")
    (ranking,) = comparison.rankings
    lines = verdict(ranking)
    assert lines[0].startswith("No winner by validation accuracy: a is ahead")
    assert "is better (p<0.001, n=3) than b" in lines[-2]
    assert lines[-1] == "It is better than 1 of the 2 others and not distinguishable from c."
    assert "with Holm's correction for all 3 pairs" in lines[-2]
    assert certainty(ranking) == "not distinguishable at n=3"
    page = comparison.page.read_text()
    assert 'title="a against b: better (p&lt;0.001, n=3)">▲' in page
    assert 'title="b against a: worse (p&lt;0.001, n=3)">▼' in page
    assert re.search(r'title="a against c: not distinguishable at n=3 \(p=[\d.]+, n=3\)">≈', page)
    for text in (parse_page(page).text, (tmp_path / "study" / "comparison.md").read_text()):
        assert "≈ not distinguishable at n=3" in text


def test_others_with_too_few_seeds_are_counted(tmp_path, write_job):
    for model, vals in {"a": [0.97, 0.971, 0.969], "b": [0.95, 0.951, 0.9491], "c": [0.9]}.items():
        for seed, val in enumerate(vals):
            write_job(model, seed, val, val)
    (ranking,) = compare(tmp_path / "study").rankings
    assert verdict(ranking)[-2:] == ["It is better than 1 of the 2 others.", "Too few seeds in common to tell: 1."]
    assert certainty(ranking) == "one seed cannot decide"


def test_both_intervals_are_named(tmp_path, write_job, parse_page):
    values = [0.90, 0.92, 0.93]
    for seed, value in enumerate(values):
        write_job("a", seed, 0.95, value, test_size=360)
    page = parse_page(write_comparison(tmp_path / "study").page.read_text())
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    assert f"{100 * low:.2f}\N{EN DASH}{100 * high:.2f} %" in page.text
    low, high = stats.binomtest(round(360 * np.mean(values)), 360).proportion_ci(0.95, method="wilson")
    assert f"{100 * low:.2f}\N{EN DASH}{100 * high:.2f} %" in page.text
    assert "Neither interval contains the other" in page.text


def test_seeds_that_differ_cannot_be_paired(tmp_path, write_job):
    for seed in range(2):
        write_job("a", seed, 0.9 + seed / 100, 0.9)
        write_job("b", 7 + seed, 0.8 + seed / 100, 0.9)
    (ranking,) = compare(tmp_path / "study").rankings
    assert "Without a seed in common one cannot decide between it and b" in " ".join(verdict(ranking))
    assert certainty(ranking) == "no seed in common"


def test_pruned_jobs_are_no_failures_and_not_ranked(tmp_path, write_job, parse_page):
    write_job("a", 0, 0.9, 0.9, extra=["optimizer.lr=0.1"])
    write_job("a", 0, 0.99, 0.9, extra=["optimizer.lr=0.2"], status="pruned", error="pruned after epoch 2")
    write_job("a", 0, 0.8, 0.8, extra=["optimizer.lr=0.3"], status="interrupted", error="stopped by SIGINT")
    comparison = write_comparison(tmp_path / "study")
    assert [run.result.status for run in comparison.failed] == ["interrupted"]
    assert [len(ranking.alternatives) for ranking in comparison.rankings] == [1]
    assert "1 of 3 jobs" in comparison.table
    assert "pruned after" not in comparison.table
    page = parse_page(comparison.page.read_text())
    assert "3 jobs · 1 finished · 1 pruned · 1 not finished" in page.text
    assert "1 pruned, **1 not finished**" in (tmp_path / "study" / "comparison.md").read_text()
    table = pd.read_csv(tmp_path / "study" / "results.csv")
    assert sorted(table["status"]) == ["finished", "interrupted", "pruned"]


def test_what_a_search_has_found_stands_first(tmp_path, write_job, parse_page, monkeypatch):
    from dlexp.reporting import style

    write_job("a", 0, 0.9, 0.9)
    monkeypatch.setattr("dlexp.comparison.writing.search_sentences", lambda folder: ["The best is trial 3."])
    figures = [("search_history", style.new_figure()[0])]
    monkeypatch.setattr("dlexp.comparison.writing.search_figures", lambda folder: iter(figures))
    page = parse_page(write_comparison(tmp_path / "study").page.read_text())
    assert 0 < page.text.index("The best is trial 3.") < page.text.index("All alternatives")
    assert page.tags.count("svg") == 1 + 5
    assert "](figures/search_history.png)" in (tmp_path / "study" / "comparison.md").read_text()
    assert (tmp_path / "study" / "figures" / "search_history.png").is_file()


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
    for text in (page.text, markdown):
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
    assert "Not finished" in parse_page(comparison.page.read_text()).text


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
    assert page.tags.count("svg") == 2 * 6
    markdown = (tmp_path / "study" / "comparison.md").read_text()
    for name in re.findall(r"\(figures/(.*?)\)", markdown):
        assert (tmp_path / "study" / "figures" / name).is_file()
    assert markdown.count("](figures/") == 2 * 6


def test_what_differs_between_data_sets_only_is_in_no_name(tmp_path, write_job):
    for data in ("digits", "mnist"):
        for model in "ab":
            write_job(model, 0, 0.9, 0.9, data=data, extra=[f"experiment={data}_recipe"])
    rankings = compare(tmp_path / "study").rankings
    assert [[a.name for a in ranking.alternatives] for ranking in rankings] == [["a", "b"], ["a", "b"]]


def test_several_tasks(tmp_path, write_job):
    write_job("a", 0, 0.9, 0.9)
    write_job("b", 0, 0.5, 0.5, task="autoencoder", monitor="val/loss", mode="min")
    titles = [(r.title, r.monitor) for r in compare(tmp_path / "study").rankings]
    assert titles == [("autoencoder, digits", "val/loss"), ("cnn_compare, digits", "val/accuracy")]


def test_tasks_that_are_judged_by_one_measure_stand_in_one_ranking(tmp_path, write_job):
    """Unless that is a loss, which every task has of its own."""
    for task, fid in (("vae", 3.0), ("gan", 2.0)):
        words = {"task": task, "choices": {"task": task, "model": "m", "data": "digits"}, "extra": [f"task={task}"]}
        judged = {"monitor": "val/fid", "mode": "min"} | {"metrics": {"val/fid": fid, "test/fid": fid}}
        write_job("m", 0, 0, 0, **words, **judged)
        write_job("n", 0, 0, 0, **words, monitor="val/loss", mode="min", data="mnist")
    rankings = compare(tmp_path / "study").rankings
    assert [r.title for r in rankings] == ["validation FID, digits", "gan, mnist", "vae, mnist"]
    assert [a.name for a in rankings[0].alternatives] == ["gan", "vae"]


def test_what_must_be_known_of_the_metrics_is_said_once(tmp_path, write_job, parse_page):
    for seed in range(3):
        write_job("lenet", seed, 0.9, 0.9, notes=["the judge is A"])
    write_job("resnet", 0, 0.9, 0.9, notes=["the judge is <B>"])
    page = parse_page(write_comparison(tmp_path / "study").page.read_text())
    assert page.text.count("the judge is A") == page.text.count("the judge is <B>") == 1
    markdown = (tmp_path / "study" / "comparison.md").read_text()
    assert [line for line in markdown.splitlines() if "the judge" in line] == [
        "> the judge is A",
        "> the judge is \\<B\\>",
    ]


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
        write_job(f"net{index}", 0, 0.5 + index / 100, 0.5 + index / 100)
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


def test_a_thousand_jobs_are_compared_quickly(tmp_path, write_job, monkeypatch):
    for index in range(334):
        for seed in range(3):
            write_job(f"net{index}", seed, 0.5 + index / 1000 + seed / 100, 0.5)
    read = []
    monkeypatch.setattr(Run, "history", property(lambda run: read.append(run.folder) or pd.DataFrame({"epoch": []})))
    begin = time.process_time()
    comparison = write_comparison(tmp_path / "study")
    assert time.process_time() - begin < 15, "seconds, of which about six are needed"
    assert len(comparison.runs) == 1002
    assert len(set(read)) == 3 * MOST_DRAWN, "the curves of what is drawn"
