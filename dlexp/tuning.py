"""The stage `tune`: a search within the run, for a number that the run then uses."""

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from lightning.pytorch import seed_everything
from lightning.pytorch.callbacks import LambdaCallback
from omegaconf import DictConfig, OmegaConf

from dlexp.callbacks.interrupt import Interrupt
from dlexp.checkpoint_file import read_checkpoint
from dlexp.errors import Diverged, InputError
from dlexp.identity import config_hash
from dlexp.reporting.atomic import write_bytes, write_text
from dlexp.reporting.quantities import spoken
from dlexp.trainer import build_trainer

if TYPE_CHECKING:
    from lightning.pytorch import LightningDataModule, LightningModule

FILE = "tuning.json"


def tune(cfg: DictConfig, folder: Path, interrupt: Interrupt) -> tuple[DictConfig, dict[str, float]]:
    """The config with the best value of `tune.key`, and what result.json is to say of the search.

    `tune.factors` multiply the value that the config has. Each is given a training of `tune.max_epochs` epochs from
    the run's own seed (null: as many as the run, for what is best early may diverge later), with a schedule of that
    length, and is judged by `tune.monitor` after the last of them, on the validation split. Every run pays for its own
    search, so runs of several seeds also show what the search itself leaves to chance. Finished trials lie in
    tuning.json: a run that was killed goes on with the next, and one that resumes from a checkpoint takes its value.
    The callbacks of the run, such as early stopping, are for the run alone.
    """
    search, start = cfg.tune, OmegaConf.select(cfg, cfg.tune.key)
    name, values = search.key.rpartition(".")[2], [float(f"{factor * start:.6g}") for factor in search.factors]
    scores = finished_trials(folder, cfg)
    if cfg.ckpt and len(scores) < len(values):  # the run that goes on here has been tuned, in another folder
        found = OmegaConf.create(read_checkpoint(Path(cfg.ckpt).expanduser())["hyper_parameters"])
        value = OmegaConf.select(found, search.key)
        return with_value(cfg, value), {f"tune/{name}": value}
    for place, value in enumerate(values):
        if len(scores) <= place:
            scores.append(trial(with_value(cfg, value), folder, interrupt))
            print(f"tune {place + 1}/{len(values)}  {search.key}={value:g}  {search.monitor} {scores[-1]:.4g}")
            if not cfg.trainer.fast_dev_run:
                keep_trials(folder, cfg, values, scores)
    best = choose(scores, search.mode)
    if best is None:
        raise InputError(f"no value of {search.key} from {min(values):g} to {max(values):g} trains: lower tune.factors")
    if not cfg.trainer.fast_dev_run:
        draw(folder, search.key, search.monitor, values, scores, best)
    print(f"tuned {search.key}={values[best]:g}{at_border(values, best)}")
    return with_value(cfg, values[best]), {f"tune/{name}": values[best], "tune/" + last(search.monitor): scores[best]}


def keep_trials(folder: Path, cfg: DictConfig, values: list[float], scores: list[float]) -> None:
    """Those that are finished, and of which config: another one in the same folder has another search."""
    found = {"key": cfg.tune.key, "values": values, "scores": scores, "config_hash": config_hash(cfg)}
    write_text(folder / FILE, json.dumps(found) + "\n")


def finished_trials(folder: Path, cfg: DictConfig) -> list[float]:
    """The scores of the first trials, which an earlier attempt of this run has left."""
    try:
        found = json.loads((folder / FILE).read_text())
        return list(found["scores"]) if found["config_hash"] == config_hash(cfg) else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def with_value(cfg: DictConfig, value: float) -> DictConfig:
    cfg = cfg.copy()
    OmegaConf.update(cfg, cfg.tune.key, value)
    return cfg


def trial(cfg: DictConfig, folder: Path, interrupt: Interrupt) -> float:
    """The score of a training; infinity or minus infinity, whichever is worst, if it diverges."""
    worst = math.inf if cfg.tune.mode == "min" else -math.inf
    seed_everything(cfg.seed, workers=True, verbose=False)
    data: LightningDataModule = instantiate(cfg.data, _convert_="all")
    task: LightningModule = instantiate(cfg.task, _convert_="all")
    plain: dict[str, Any] = {"max_epochs": cfg.tune.max_epochs or cfg.trainer.max_epochs, "enable_checkpointing": False}
    plain |= {"devices": 1, "num_nodes": 1, "strategy": "auto"}  # other ranks start with the fit, and find tuning.json
    listening = LambdaCallback(on_train_start=lambda *_: interrupt.listen())  # the trainer has put its own handler
    trainer = build_trainer(cfg.trainer, [listening], [], folder, **plain)
    try:
        trainer.fit(task, data)
    except Diverged:
        return worst
    if cfg.tune.monitor not in trainer.callback_metrics:
        raise InputError(f"tune.monitor={cfg.tune.monitor}: nobody logs that metric")
    score = trainer.callback_metrics[cfg.tune.monitor].item()
    return score if math.isfinite(score) else worst


def choose(scores: list[float], mode: str) -> int | None:
    """The index of the best; None if all have diverged."""
    order = sorted(range(len(scores)), key=lambda place: scores[place] if mode == "min" else -scores[place])
    return order[0] if math.isfinite(scores[order[0]]) else None


def at_border(values: list[float], best: int) -> str:
    """A word of caution where the optimum may lie outside of what was searched."""
    extreme = {min(values): "least", max(values): "largest"}.get(values[best]) if len(values) > 1 else None
    return f", the {extreme} that was tried: the best may lie beyond it (tune.factors)" if extreme else ""


def last(metric: str) -> str:
    return metric.rpartition("/")[2]


def draw(folder: Path, key: str, monitor: str, values: list[float], scores: list[float], best: int) -> None:
    from dlexp.reporting import style
    from dlexp.reporting.scatter import scatter

    finite = [place for place, score in enumerate(scores) if math.isfinite(score)]
    figure = scatter(
        [values[place] for place in finite],
        [scores[place] for place in finite],
        name=monitor,
        axis=key,
        logarithmic=True,
        best=finite.index(best),
    )
    diverged = f", {len(values) - len(finite)} of {len(values)} diverged" if len(finite) < len(values) else ""
    style.title(figure.axes[0], f"The search: {spoken(monitor)} after each training{diverged}")
    (folder / "figures").mkdir(exist_ok=True)
    write_bytes(folder / "figures" / "tuning.png", style.png(figure))
