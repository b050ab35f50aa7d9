"""One run: build what the config names, go through its stages, leave a folder that explains itself."""

import os
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer, seed_everything
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig, OmegaConf

from dlexp.callbacks.interrupt import Interrupt
from dlexp.checkpoint_file import read_checkpoint
from dlexp.composition.nearest import nearest
from dlexp.cost import cost
from dlexp.errors import InputError
from dlexp.judge import with_judge
from dlexp.loggers.tensorboard import TensorBoard
from dlexp.record import Record
from dlexp.reporting.pages import write_report
from dlexp.reporting.summary import print_summary
from dlexp.trainer import build_trainer, numbers, quiet
from dlexp.tuning import tune

ABILITIES = ("generate", "write", "answer", "reconstruct")  # methods of a task that a command can ask for


def run(cfg: DictConfig, record: Record) -> None:
    quiet()
    check_seed(cfg.seed)
    with Interrupt(folder=record.folder) as interrupt:
        tuned: dict[str, float] = {}
        if "tune" in cfg.stages:
            cfg, tuned = tune(cfg, record.folder, interrupt)
        seed_everything(cfg.seed, workers=True, verbose=False)
        data: LightningDataModule = instantiate(cfg.data, _convert_="all")
        task: LightningModule = instantiate(cfg.task, _convert_="all")
        cfg, judge = with_judge(cfg, record.result["data"])
        callbacks = [*build(cfg.callbacks), interrupt]
        loggers = build(cfg.logger)
        check_monitors(task, callbacks)
        trainer = build_trainer(cfg.trainer, callbacks, loggers, record.folder)
        task.save_hyperparameters(OmegaConf.to_container(cfg, resolve=True), logger=False)
        record.add(**cost(task), device=device_name(trainer), precision=str(trainer.precision))
        record.add(judge=judge, abilities=[name for name in ABILITIES if hasattr(task, name)])
        record.add(problem=getattr(data, "problem", {}))

        metrics = tuned | stages(cfg, trainer, task, data)
        measures = {name: value for one in trainer.callbacks for name, value in getattr(one, "measures", {}).items()}
        metrics |= measures
        record.add(measures=list(measures))
        for callback in trainer.callbacks:
            record.add(**getattr(callback, "summary", {}))
        record.add(notes=[note for callback in trainer.callbacks for note in getattr(callback, "notes", ())])
        record.add(metrics=metrics, test_size=size(data, "test"))
        record.add(**{name: list(getattr(data, name, ())) for name in ("classes", "input_shape")})
        close_loggers(loggers, cfg, metrics)
    if trainer.is_global_zero:
        record.add(status="finished")
        page = write_report(record.folder)
        print_summary(record.result, page)


def stages(cfg: DictConfig, trainer: Trainer, task: LightningModule, data: LightningDataModule) -> dict[str, float]:
    """The final metrics: of the best epoch as far as it was trained here, and of what was tested."""
    metrics: dict[str, float] = {}
    ckpt = check_checkpoint(cfg, task) if cfg.ckpt else None
    for stage in cfg.stages:
        if stage == "tune":
            continue  # it came before all this was built
        if stage == "fit":
            trainer.fit(task, data, ckpt_path=ckpt, weights_only=True)
            best = getattr(trainer.checkpoint_callback, "best_metrics", None)
            metrics |= best or numbers(trainer.callback_metrics)
            ckpt = "best" if best else None  # nothing is kept by fast_dev_run
        else:
            (trainer.test if stage == "test" else trainer.validate)(
                task, data, ckpt_path=ckpt, weights_only=True, verbose=False
            )
            metrics |= numbers(trainer.callback_metrics)
    return metrics


def build(entries: DictConfig | None) -> list[Any]:
    """The objects of a group whose file is a dictionary of them; an entry set to null is left out."""
    return [instantiate(entry, _convert_="all") for entry in (entries or {}).values() if entry]


def check_seed(seed: int) -> None:
    if not 0 <= seed < 2**32:
        raise InputError(f"seed={seed}: give a whole number from 0 to {2**32 - 1}")


def check_monitors(task: LightningModule, callbacks: list[Callback]) -> None:
    """InputError if a callback waits for a metric that nobody logs: task and callbacks name theirs in `logged`."""
    if not hasattr(task, "logged"):
        return
    logged = set(task.logged).union(*(getattr(callback, "logged", ()) for callback in callbacks))
    for callback in callbacks:
        monitor = getattr(callback, "monitor", None)
        if monitor is not None and monitor not in logged:
            hint = nearest(monitor, sorted(logged))
            raise InputError(f"nobody logs the metric {monitor} that {type(callback).__name__} monitors{hint}")


def check_checkpoint(cfg: DictConfig, task: LightningModule) -> str:
    """The path of the checkpoint `ckpt`. InputError if it is none, or holds another network."""
    path = Path(cfg.ckpt).expanduser()
    checkpoint = read_checkpoint(path)
    weights = checkpoint["state_dict"]
    expected = {name: value.shape for name, value in task.state_dict().items()}
    if {name: value.shape for name, value in weights.items()} != expected:
        now = OmegaConf.to_container(cfg.model, resolve=True)
        then = checkpoint["hyper_parameters"]["model"] or {}
        differ = [f"model.{k}={then.get(k)}" for k in {**then, **now} if then.get(k) != now.get(k)]
        raise InputError(f"{path} holds another network: it was trained with {', '.join(differ) or 'other sizes'}")
    return str(path)


def size(data: LightningDataModule, split: str) -> int | None:
    return len(data.labels(split)) if hasattr(data, "labels") else None


def device_name(trainer: Trainer) -> str:
    device = trainer.strategy.root_device
    if device.type == "cuda":
        return f"{trainer.world_size} x {torch.cuda.get_device_name(device)}"
    return f"{device.type} ({torch.get_num_threads()} threads of {os.cpu_count()} cores)"


def close_loggers(loggers: list[Logger], cfg: DictConfig, metrics: dict[str, float]) -> None:
    """At the end, so that TensorBoard's HPARAMS has the final metrics beside each run's choices."""
    groups = ("seed", "model", "data", "optimizer", "scheduler", "trainer", "task")
    flat: dict[str, Any] = {}
    for group in groups:
        if OmegaConf.is_missing(cfg, group):
            continue  # the task does without
        flatten(group, OmegaConf.to_container(cfg, resolve=True)[group], flat)
    for logger in loggers:
        if isinstance(logger, TensorBoard):
            logger.close(flat, metrics)
        else:
            logger.log_hyperparams(flat)
            logger.finalize("success")


def flatten(key: str, value: Any, into: dict[str, Any]) -> None:
    """Nested dictionaries as `optimizer.lr: 0.1`; what the task repeats of the other groups is left out."""
    if not isinstance(value, dict):
        into[key] = value if isinstance(value, int | float | str | bool) else str(value)
    elif not key.startswith("task."):
        for name, inner in value.items():
            flatten(f"{key}.{name}", inner, into)
