"""What a search has found, for the comparison of its study: figures from Optuna's own numbers, and a few sentences."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dlexp.comparison.costs import COSTS
from dlexp.errors import InputError
from dlexp.reporting import quantities, search_plots
from dlexp.reporting.search_journal import JOURNAL, load_search

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from optuna import Study
    from optuna.trial import FrozenTrial

ENOUGH = 20  # finished trials, of which the best tenth says what mattered
STATES = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "not finished"}


def search_figures(folder: Path) -> "Iterator[tuple[str, Figure]]":
    """(name, figure) of the search in the folder of a study; nothing where there was none."""
    search = find_search(folder)
    if search is None or not finished(search):
        return
    objectives = search.user_attrs["objectives"]
    if len(objectives) == 1:
        yield "search_history", history(search)
    for index, (name, _) in enumerate(objectives):
        if shares := importances(search, index):
            yield f"search_importances_{name.replace('/', '_')}", search_plots.importances(shares, name=name)
    for index in range(1, len(objectives)):
        yield f"search_front_{objectives[index][0].replace('/', '_')}", front(search, index)


def search_sentences(folder: Path) -> list[str]:
    """What was best, and how the trials ended; empty where there was no search."""
    search = find_search(folder)
    names = [STATES[trial.state.name] for trial in begun(search)] if search else []
    counts = ", ".join(f"{names.count(state)} {state}" for state in STATES.values() if state in names)
    return [*bests(search), f"{len(names)} trials: {counts}."] if names else []


def find_search(folder: Path) -> "Study | None":
    """None where there was none, and where Optuna is not installed: a comparison does without."""
    try:
        return load_search(folder) if (folder / JOURNAL).is_file() else None
    except InputError:
        return None


def bests(search: "Study") -> list[str]:
    objectives = search.user_attrs["objectives"]
    if not finished(search):
        return []
    if len(objectives) > 1:
        count = len(search.best_trials)
        others = "no other trial beats them" if count > 1 else "no other trial beats it"
        return [f"{count} trial{'s' * (count > 1)} on the Pareto front: {others} in all objectives at once."]
    best = search.best_trial
    drawn = ", ".join(f"{key.lstrip('+')}={value}" for key, value in best.params.items())
    name = objectives[0][0]
    value = f"{quantities.spoken(name)} {written(name)(best.value)}"
    sentences = [f"The best is trial {best.number + 1} with {value}: {drawn}."]
    if len(finished(search)) > 1:
        sentences.append("Being the best of many, it owes some of that to luck: its test result does not.")
    return sentences


def begun(search: "Study") -> "list[FrozenTrial]":
    return [trial for trial in search.get_trials(deepcopy=False) if "jobs" in trial.user_attrs]


def finished(search: "Study") -> "list[FrozenTrial]":
    return [trial for trial in begun(search) if trial.state.name == "COMPLETE"]


def written(objective: str) -> Callable[[float], str]:
    """How a value of the objective is shown."""
    return COSTS[objective][1] if objective in COSTS else partial(quantities.metric, objective)


def on_axis(objective: str) -> Callable[[float], str]:
    """The same with as few digits as it takes."""
    if objective in COSTS:
        return COSTS[objective][1]
    return (lambda value: f"{100 * value:.5g} %") if quantities.is_share(objective) else (lambda value: f"{value:g}")


def history(search: "Study") -> "Figure":
    import pandas as pd

    rows = [
        (trial.number + 1, STATES[trial.state.name], trial.value if trial.value is not None else float("nan"))
        for trial in begun(search)
    ]
    ((name, mode),) = search.user_attrs["objectives"]
    return search_plots.search_history(pd.DataFrame(rows, columns=["number", "state", "value"]), name=name, mode=mode)


def importances(search: "Study", index: int) -> dict[str, float]:
    """For being among the best (PED-ANOVA); empty where too few trials have finished, or a single key was searched."""
    from optuna.importance import get_param_importances

    trials = finished(search)
    common = set.intersection(*(set(trial.params) for trial in trials))
    drawn = [key for key in sorted(common) if len({trial.params[key] for trial in trials}) > 1]
    if len(trials) < ENOUGH or len(drawn) < 2 or len({trial.values[index] for trial in trials}) < 2:
        return {}
    sign = -1 if search.user_attrs["objectives"][index][1] == "max" else 1  # to Optuna, less of a target is better
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which it says again
        return get_param_importances(search, params=drawn, target=lambda trial: sign * trial.values[index])


def front(search: "Study", index: int) -> "Figure":
    """The first objective against another one."""
    import pandas as pd

    (y, _), (x, mode) = search.user_attrs["objectives"][0], search.user_attrs["objectives"][index]
    best = {trial.number for trial in search.best_trials}
    rows = [(trial.values[index], trial.values[0], trial.number in best) for trial in finished(search)]
    points = pd.DataFrame(rows, columns=["x", "y", "front"])
    return search_plots.pareto(points, x=x, y=y, x_mode=mode, x_text=on_axis(x), y_text=on_axis(y))
