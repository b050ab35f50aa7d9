"""Several studies in one comparison: each job once, and alternatives of one name told apart where they differ."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dlexp.comparison.alternatives import axes, exact, name
from dlexp.comparison.comparison import Comparison, by_question, is_finished, ranked, scaled
from dlexp.comparison.writing import write
from dlexp.composition.folders import job_folder
from dlexp.reporting.run_folder import Run


def write_together(comparisons: Sequence[Comparison]) -> Comparison:
    """Compare all that these studies compare; written beside the first study, under a name made of theirs."""
    studies = tuple(comparison.folder for comparison in comparisons)
    names = short_names(studies)
    runs = each_once(run for comparison in comparisons for run in comparison.runs)
    origin = {run.folder: name for name, one in zip(names, comparisons, strict=True) for run in one.runs}
    folder = studies[0].resolve().parent / job_folder("+".join(names))
    together = Comparison(folder, runs, ranked(runs, confused(runs, origin)), scaled(runs), studies)
    write(together)
    return together


def short_names(folders: Sequence[Path]) -> list[str]:
    """The last part of each path, or as many parts as tell the paths apart."""
    parts = [folder.resolve().parts for folder in folders]
    most = max(map(len, parts))
    names = (["/".join(part[-count:]) for part in parts] for count in range(1, most + 1))
    return next(found for found in names if len(set(found)) == len(folders))


def each_once(runs: Iterable[Run]) -> list[Run]:
    """Of jobs with the same config only one, a finished one if there is any."""
    found: dict[str | Path, Run] = {}
    for run in runs:
        key = run.result.config_hash or run.folder
        if key not in found or (run.result.status == "finished" != found[key].result.status):
            found[key] = run
    return list(found.values())


def confused(runs: Sequence[Run], origin: Mapping[Path, str]) -> dict[Path, str]:
    """The study of each run whose name another study uses for something else, or for who knows what."""
    found = {}
    for group in by_question(runs).values():
        varying = axes(group)
        named: dict[str, dict[str, list[Run]]] = {}
        for run in filter(is_finished, group):
            named.setdefault(name(run, varying, exact), {}).setdefault(origin[run.folder], []).append(run)
        for studies in named.values():
            if len(studies) > 1 and not one_recipe([runs[0] for runs in studies.values()]):
                found |= {run.folder: study for study, runs in studies.items() for run in runs}
    return found


def one_recipe(runs: Sequence[Run]) -> bool:
    """Whether they provably differ in nothing but their seeds."""
    recipes = {recipe(run) for run in runs}
    return len(recipes) == 1 and None not in recipes


def recipe(run: Run) -> str | None:
    """The hash of the run's config without its seed, equal for replicates; None if the config cannot be read."""
    from omegaconf import OmegaConf

    from dlexp.identity import config_hash

    try:
        cfg = OmegaConf.load(run.folder / ".hydra" / "config.yaml")
        cfg.seed = 0
        return config_hash(cfg)
    except Exception:  # whatever has become of that file, it proves nothing
        return None
