"""Which figures a sweep calls for."""

import itertools

import numpy as np
import pytest

from dlexp.comparison import tables
from dlexp.comparison.alternatives import axes, replicates
from dlexp.comparison.figures import MOST_RESPONSES, figures
from dlexp.comparison.ranking import rank
from dlexp.reporting import style
from dlexp.reporting.profile import Profile, keep
from dlexp.reporting.run_folder import Result, Run

FLAT = ["against_parameters", "against_flops", "against_seconds_per_epoch"]


def ranking(tmp_path, jobs, *, seeds=(0,), metric="val/accuracy", mode="max"):
    """Of jobs {key: value typed}; each has its place in the list as metric, and no history."""
    runs = []
    for place, typed in enumerate(jobs):
        words = [f"{key}={value}" for key, value in typed.items()]
        for seed in seeds:
            result = Result(
                status="finished",
                model=typed.get("model", "lenet"),
                choices={"model": typed.get("model", "lenet")},
                overrides=[*words, f"seed={seed}"],
                metrics={metric: place + seed / 10},
                monitor=metric,
                mode=mode,
                seed=seed,
                parameters=100 + place,
                flops=1000 + place,
                seconds_per_epoch=1 + place,
            )
            runs.append(Run(tmp_path / str(len(runs)), result))
    return rank("digits", replicates(runs, axes(runs)))


def product(**columns):
    return [dict(zip(columns, row, strict=True)) for row in itertools.product(*columns.values())]


def drawn(found):
    return {drawing.name: drawing.figure for drawing in figures(found)}


def test_models_alone(tmp_path):
    assert list(drawn(ranking(tmp_path, product(model=["a", "b", "c"])))) == FLAT


def test_a_learning_rate_for_each_model(tmp_path):
    found = drawn(
        ranking(tmp_path, product(**{"model": ["a", "b"], "optimizer.lr": ["1e-4", "1e-3", "1e-2"]}), seeds=(0, 1))
    )
    assert list(found) == ["val/accuracy_over_optimizer.lr_and_model", "val/accuracy_over_optimizer.lr", *FLAT]
    curves = found["val/accuracy_over_optimizer.lr"].axes[0]
    assert curves.get_xscale() == "log"
    assert [text.get_text() for text in curves.texts] == ["b", "a"]
    np.testing.assert_allclose(curves.lines[0].get_xdata(), [1e-4, 1e-3, 1e-2])
    np.testing.assert_allclose(curves.lines[0].get_ydata(), np.array([3, 4, 5]) + 0.05)
    assert len(curves.collections) == 2, "bands over the seeds"
    cells = found["val/accuracy_over_optimizer.lr_and_model"].axes[0]
    assert [label.get_text() for label in cells.get_xticklabels()] == ["0.0001", "0.001", "0.01"]
    assert [label.get_text() for label in cells.get_yticklabels()] == ["b", "a"]
    assert {text.get_text() for text in cells.texts} >= {"305.00", "5.00"}


def test_two_models_and_optimizers_are_a_heat_map_only(tmp_path):
    found = ranking(tmp_path, product(model=["a", "b"], optimizer=["sgd", "adam"]))
    assert list(drawn(found)) == ["val/accuracy_over_optimizer_and_model", *FLAT]


def test_missing_cells(tmp_path):
    jobs = product(model=["a", "b", "c"], optimizer=["sgd", "adam"])[:-1]
    (axes_of_map,) = next(figures(ranking(tmp_path, jobs))).figure.axes
    assert [text.get_text() for text in axes_of_map.texts].count("—") == 1


def test_three_axes_have_a_line_for_each_combination_of_the_others(tmp_path):
    jobs = product(**{"model": ["a", "b"], "model.width": [16, 32, 64], "optimizer.lr": ["0.1", "0.2", "0.3", "0.4"]})
    found = drawn(ranking(tmp_path, jobs))
    assert list(found) == ["val/accuracy_over_model.width", "val/accuracy_over_optimizer.lr", *FLAT]
    widths, rates = (found[name].axes[0] for name in list(found)[:2])
    assert widths.get_xscale() == "log"
    assert rates.get_xscale() == "linear"
    assert len(widths.lines) == MOST_RESPONSES
    assert [text.get_text() for text in rates.texts][:2] == ["b, width=64", "b, width=32"]


@pytest.mark.parametrize("trials", [20, 100])
def test_a_search_has_points_instead_of_lines_and_no_map(tmp_path, trials):
    rng = np.random.default_rng(0)
    jobs = [
        {
            "optimizer.lr": repr(10 ** rng.uniform(-5, -1)),
            "model.dropout": repr(rng.uniform(0, 0.5)),
            "model.width": rng.choice([16, 32, 64]),
            "optimizer": rng.choice(["sgd", "adam"]),
        }
        for _ in range(trials)
    ]
    found = drawn(ranking(tmp_path, jobs))
    names = [name for name in found if "over" in name]
    assert names == [f"val/accuracy_over_{key}" for key in ("optimizer.lr", "model.dropout", "model.width")]
    rates, dropouts, widths = (found[name].axes[0] for name in names)
    assert [panel.get_xscale() for panel in (rates, dropouts, widths)] == ["log", "linear", "log"]
    for panel in (rates, dropouts, widths):
        assert {line.get_linestyle() for line in panel.lines} == {"None"}
        assert len(panel.lines[0].get_xdata()) == trials
    _, best = rates.lines[1].get_xydata()[0]
    assert best == trials - 1
    labels = [text.get_text() for text in found["against_parameters"].axes[0].texts]
    assert labels[0] == "#1", "names of five hyperparameters have no room in a figure"


def test_the_front_follows_the_direction_of_the_metric(tmp_path):
    """The more parameters, the larger the metric: all are on the front of an accuracy, one on that of a loss."""
    for mode, count in (("max", 3), ("min", 1)):
        found = drawn(ranking(tmp_path, product(model=["a", "b", "c"]), metric="val/loss", mode=mode))
        (front,) = [line for line in found["against_flops"].axes[0].lines if line.get_label() == "Pareto front"]
        assert len(front.get_xdata()) == count


def test_the_training_metric_beside_the_validation(tmp_path):
    found = ranking(tmp_path, product(**{"model.dropout": ["0", "0.2", "0.4"]}), seeds=(0, 1))
    for alternative in found.alternatives:
        for run in alternative.runs:
            run.result.metrics["train/eval_accuracy"] = run.result.metrics["val/accuracy"] + 1
    (axes,) = drawn(found)["val/accuracy_over_model.dropout"].axes
    trained, validated = axes.lines
    np.testing.assert_allclose(trained.get_ydata() - 1, validated.get_ydata())
    assert [text.get_text() for text in axes.texts] == ["validation", "training"]


def test_a_yardstick_beside_the_metric_on_validation_and_test(tmp_path):
    sizes = ["2", "8", "32"]
    found = ranking(tmp_path, product(**{"model.latent_size": sizes}), metric="val/mse", mode="min", seeds=(0, 1))
    for alternative in found.alternatives:
        for run in alternative.runs:
            size = float(alternative.settings["model.latent_size"])
            run.result.metrics.update({"val/mse_of_pca": 4 / size, "test/mse": 2 / size, "test/mse_of_pca": 5 / size})
    figures = drawn(found)
    for split, pca in (("val", 4), ("test", 5)):
        (axes,) = figures[f"{split}/mse_over_model.latent_size"].axes
        yardstick, line = axes.lines
        np.testing.assert_allclose(yardstick.get_xydata(), [(2, pca / 2), (8, pca / 8), (32, pca / 32)])
        assert line.get_color() != yardstick.get_color()
        assert [text.get_text() for text in axes.texts] == [{"val": "validation"}.get(split, split), "PCA"]


def test_the_loss_against_steps_and_seconds(tmp_path):
    found = ranking(tmp_path, product(optimizer=["sgd", "muon"]), seeds=(0, 1))
    for alternative in found.alternatives:
        for run in alternative.runs:
            run.folder.mkdir()
            rows = "".join(f"{40 * (epoch + 1)},{epoch},{1 / (epoch + 1 + run.result.seed)}\n" for epoch in range(3))
            (run.folder / "metrics.csv").write_text("step,epoch,val/loss\n" + rows)
    steps, seconds = drawn(found)["val/loss_over_effort"].axes
    for line in steps.lines:
        np.testing.assert_allclose(line.get_xdata(), [40, 80, 120])
        np.testing.assert_allclose(line.get_ydata(), [(1 + 1 / 2) / 2, (1 / 2 + 1 / 3) / 2, (1 / 3 + 1 / 4) / 2])
    assert [list(line.get_xdata()) for line in seconds.lines] == [[2, 4, 6], [1, 2, 3]]  # the better, muon, is slower


def test_measures_are_drawn_along_a_number_and_say_who_is_left_out(tmp_path):
    found = ranking(tmp_path, product(**{"model": ["a", "b"], "data.length": ["10", "20", "40"]}), seeds=(0, 1))
    runs = [run for alternative in found.alternatives for run in alternative.runs]
    for place, run in enumerate(runs):
        run.result.measures.append("val/steps_to_solve")
        if place:  # one has not solved it
            run.result.metrics["val/steps_to_solve"] = 100 * place
    first, *_ = found.alternatives
    drawings = {drawing.name: drawing for drawing in figures(found)}
    steps = drawings["val/steps_to_solve_over_data.length"]
    assert "1 of 12 jobs never got there" in steps.caption
    (axes,) = steps.figure.axes
    lines = {text.get_text(): line for text, line in zip(axes.texts, axes.lines, strict=True)}
    assert set(lines) == {"a", "b"}
    shown = lines[first.settings["model"]].get_ydata()
    assert shown[-1] == 100  # the one seed of the two that has solved it
    assert "never got there" not in drawings["val/accuracy_over_data.length"].caption
    assert found.measures == ["val/steps_to_solve"]
    assert "val/steps_to_solve" not in found.other_metrics
    column = tables.brief(found).headings.index("validation steps to solve")
    assert {row[column].text for row in tables.brief(found).rows} >= {"100 (1 of 2)"}


def test_profiles_of_the_alternatives_are_laid_together(tmp_path):
    found = ranking(tmp_path, product(model=["a", "b"]), seeds=(0, 1))
    for alternative in found.alternatives:
        for place, run in enumerate(alternative.runs):
            run.folder.mkdir(exist_ok=True)
            line = [place + (alternative.name == "a"), 2.0]
            keep(
                run.folder,
                "by_length",
                Profile(title="Accuracy", x_name="length", y_name="accuracy", x=[5, 10], y=line),
            )
    figure = drawn(found)["by_length"]
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == [alternative.name for alternative in found.alternatives]
    means = {
        alternative.name: line.get_ydata()[0] for alternative, line in zip(found.alternatives, axes.lines, strict=True)
    }
    assert means == {"a": 1.5, "b": 0.5}


def test_an_alternative_without_a_profile_leaves_the_others_their_colours(tmp_path):
    found = ranking(tmp_path, product(model=["a", "b"]))
    second = found.alternatives[1]
    (run,) = second.runs
    run.folder.mkdir()
    keep(
        run.folder, "by_length", Profile(title="Accuracy", x_name="length", y_name="accuracy", x=[5, 10], y=[0.5, 1.0])
    )
    (axes,) = drawn(found)["by_length"].axes
    line = next(line for line in axes.lines if len(line.get_xdata()))
    assert line.get_color() == style.LOOKS[1]["color"] != style.LOOKS[0]["color"]
    assert [text.get_text() for text in axes.texts] == [second.name]
