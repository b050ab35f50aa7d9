"""A search from its command on: what is searched, whether that makes sense, and in which folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock, Timeout
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict
from optuna.distributions import FloatDistribution

from dlexp.composition.check import check
from dlexp.errors import InputError
from dlexp.studies.composer import Composer
from dlexp.studies.search.loop import Loop
from dlexp.studies.search.objectives import DIRECTIONS, Objective, read_objectives
from dlexp.studies.search.sampling import Repeatable
from dlexp.studies.search.space import Space, read_space
from dlexp.studies.search.trials import Trials

CALLBACK = "dlexp.callbacks.pruning.Pruning"
NO_PRUNER = "optuna.pruners.NopPruner"


def search(
    master: DictConfig,
    loader: ConfigLoaderImpl,
    launcher: Launcher,
    params: Mapping[str, str],
    words: Sequence[str],
    *,
    chosen: Mapping[str, str] | None,
    n_trials: int,
    n_jobs: int,
    seed: int,
    sampler: DictConfig,
    pruner: DictConfig,
) -> list[JobReturn]:
    """Launch trials in the study's folder until there are `n_trials`. InputError, before any, if that makes no sense.

    `master` is the config of the whole command, `words` are its overrides, `params` the task's own sweep and
    `chosen` the objectives, None for what the task monitors.
    """
    for name, number, least in (("n_trials", n_trials, 1), ("n_jobs", n_jobs, 1), ("seed", seed, 0)):
        if not isinstance(number, int) or number < least:
            raise InputError(f"hydra.sweeper.{name}={number}: it wants a whole number from {least} on")
    space = read_space(params, words, OverridesParser.create(config_loader=loader))
    cfg = sound_config(Composer(master, loader), space)
    objectives = read_objectives(chosen, cfg.task)
    draws = make_sampler(sampler, seed, space, objectives)
    stops = OmegaConf.to_container(pruner) if pruner["_target_"] != NO_PRUNER else None
    if stops:
        check_pruning(cfg, space, objectives)

    folder = Path(master.hydra.sweep.dir)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".search.lock", timeout=0):
            trials = Trials(folder, space, objectives, draws, facts(master, space))
            trials.prune_by(stops)
            return Loop(trials, launcher, n_trials=n_trials, n_jobs=n_jobs).run()
    except Timeout:
        raise InputError(f"another search is at work in {folder}: wait until it has ended") from None


def sound_config(composer: Composer, space: Space) -> DictConfig:
    """The config of a job, the node `hydra` included, after every choice has been checked in one."""
    first = None
    for values in space.samples():
        cfg = composer.compose(space.jobs(values)[0])
        task = cfg.copy()
        with open_dict(task):
            del task["hydra"]
        try:
            check(task)
        except InputError as error:
            real = [key for key, kind in space.searched.items() if isinstance(kind, FloatDistribution)]
            if any(str(error).startswith(f"{key}={values[key]}:") for key in real):
                raise InputError(f"{error}, which int(interval(…)) draws") from error
            raise
        first = first or cfg
    return first


def make_sampler(node: DictConfig, seed: int, space: Space, objectives: Sequence[Objective]) -> Repeatable:
    """InputError if it needs a package that is not there, or cannot search for several objectives."""
    try:
        sampler = Repeatable(instantiate(node, _convert_="all"), seed)
        directions = [DIRECTIONS[objective.mode] for objective in objectives]
        optuna.create_study(directions=directions, sampler=sampler).ask(space.searched)  # a rehearsal, kept nowhere
    except ImportError:
        raise InputError("this sampler needs one more package: pip install -e '.[search]'") from None
    except ValueError as error:
        raise InputError(f"hydra/sweeper/sampler: {error}") from error
    return sampler


def check_pruning(cfg: DictConfig, space: Space, objectives: Sequence[Objective]) -> None:
    never = "hydra/sweeper/pruner=none never stops a trial"
    if len(objectives) > 1:
        raise InputError(f"a pruner follows one objective, not {len(objectives)}: {never}")
    if "/" not in objectives[0].name:
        raise InputError(f"a pruner follows a metric from epoch to epoch, which {objectives[0].name} is not: {never}")
    if len(space.seeds) > 1:
        raise InputError(f"a pruner follows one run, not the {len(space.seeds)} seeds of a trial: {never}")
    if not any(callback and callback.get("_target_") == CALLBACK for callback in (cfg.callbacks or {}).values()):
        raise InputError("a pruner needs its callback in the runs: 'callbacks=[default,…]'")


def facts(master: DictConfig, space: Space) -> dict[str, Any]:
    """What must not change while a search goes on, or its trials could not be compared."""
    places = master.hydra.job.config.override_dirname.exclude_keys  # of no consequence for a run
    fixed = [word for word in space.fixed if word.partition("=")[0] not in places]
    return {"fixed": sorted(fixed), "seeds": [word for seed in space.seeds for word in seed]}
