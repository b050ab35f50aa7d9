"""The judge of samples, found or trained before a run: a classifier in whose features they are held against the data.

FID as published looks through Inception, which has seen ImageNet. Here nothing is downloaded: the classifier is one of
this project's, trained on the data of the run, once, and kept for all runs to come.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from filelock import AcquireReturnProxy, FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from dlexp.callbacks.judge_network import JudgeNetwork, run_name
from dlexp.checkpoint_file import best_checkpoint, read_checkpoint
from dlexp.composition.folders import job_folder
from dlexp.errors import InputError
from dlexp.reporting.run_folder import is_run, read_run

FOLDER = "judges"  # in data_dir
LOG = "judge.log"
OF_A_RANK = ("SLURM_", "TORCHELASTIC_")  # variables that begin so, and these:
RANKS = ("RANK", "LOCAL_RANK", "GROUP_RANK", "NODE_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def with_judge(cfg: DictConfig, data: str) -> tuple[DictConfig, dict[str, Any]]:
    """The config with the judge's checkpoint as `judge.run`, and what result.json is to say of it.

    `data` is the option of that group. Where no callback asks for a judge, the config is as it was. InputError if the
    judge that the user names is none or knows other data, or the one that is missing cannot be trained.
    """
    if not asked_for(cfg):
        return cfg, {}
    path = checkpoint_of(Path(cfg.judge.run).expanduser()) if cfg.judge.run else trained(cfg, data)
    judge = JudgeNetwork(read_checkpoint(path), run_name(path))
    if judge.image_shape != list(cfg.data.input_shape):
        shapes = ["x".join(map(str, shape)) for shape in (judge.image_shape, cfg.data.input_shape)]
        raise InputError(f"judge.run: {judge.name} judges images of {shapes[0]}, these are of {shapes[1]}")
    if judge.data != cfg.data._target_:
        remedy = "leave it out to have one trained by itself" if cfg.judge.run else f"remove {path.parents[1]}"
        raise InputError(
            f"judge.run: {judge.name} knows {judge.data or 'other data'}, not {cfg.data._target_}: {remedy}, "
            f"or train one with data={data} {' '.join(cfg.judge.words)}"
        )
    cfg = cfg.copy()
    cfg.judge.run = str(path)
    return cfg, facts(path) | {"data": judge.data}


def asked_for(cfg: DictConfig) -> bool:
    entries = (cfg.callbacks or {}).values()
    return bool(cfg.judge) and not cfg.trainer.fast_dev_run and any(entry and "judge" in entry for entry in entries)


def checkpoint_of(place: Path) -> Path:
    """Of the judge that the user names: a finished run's folder, or a checkpoint itself."""
    if place.suffix == ".ckpt":
        return place
    if not place.is_dir() or not is_run(place):
        raise InputError(f"judge.run: {place} is neither a run's folder nor a checkpoint (.ckpt)")
    status = read_run(place).result.status
    if status != "finished":
        raise InputError(f"judge.run: the run in {place} is {status}: only a finished one can judge")
    return best_checkpoint(place)


def trained(cfg: DictConfig, data: str) -> Path:
    """The checkpoint of the judge that all runs of these data share. Of several that lack it, one trains it."""
    words = [f"data={data}", *cfg.judge.words]
    folders = own_folders(words)
    name = job_folder(",".join([*(f"config_dir={folder}" for folder in folders), *words]))
    folder = Path(cfg.data_dir).expanduser().resolve() / FOLDER / name
    if not finished(folder):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with alone(folder.with_name(f".{name}.lock"), folder):
                make(folder, cfg, words, folders)
        except OSError as error:
            raise InputError(f"cannot keep the judge of samples in {folder}: {error.strerror or error}") from error
    return best_checkpoint(folder)


def own_folders(words: Sequence[str]) -> list[str]:
    """The user's own folders of configs (--config-dir) that hold one of the options that the words choose."""
    sources = HydraConfig.get().runtime.config_sources  # which a job of a study has as well
    folders = [source.path for source in sources if source.provider == "command-line"]
    files = [f"{word.replace('=', '/', 1)}.yaml" for word in words]
    return [folder for folder in folders if any((Path(folder) / file).is_file() for file in files)]


def finished(folder: Path) -> bool:
    return folder.is_dir() and is_run(folder) and read_run(folder).result.status == "finished"


def alone(lock: Path, folder: Path) -> AcquireReturnProxy:
    """A context that no other process is in at the same time."""
    file = FileLock(lock)
    try:
        return file.acquire(timeout=0)
    except Timeout:
        print(f"another process trains the judge of samples in {folder}: waiting for it", flush=True)
        return file.acquire()


def make(folder: Path, cfg: DictConfig, words: Sequence[str], folders: Sequence[str]) -> None:
    """Train it in a process of its own, unless another has done so meanwhile."""
    if folder.is_dir():
        with alone(folder / ".lock", folder):  # of a training whose run was killed and that goes on alone
            if finished(folder):
                return
        shutil.rmtree(folder)  # half a training
    folder.mkdir()
    typed = [
        *("seed=0", f"trainer.accelerator={cfg.trainer.accelerator}", f'data_dir="{folder.parents[1]}"'),
        *([] if cfg.data.get("verify", True) else ["data.verify=false"]),
        *words,
    ]
    flags = [word for place in folders for word in ("--config-dir", place)]
    command = [sys.executable, "-m", "dlexp", *flags, *typed, f'hydra.run.dir="{folder}"']
    print(f"training the judge of samples once, {' '.join(words)}, in {folder}", flush=True)
    with (folder / LOG).open("w") as log:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment(), check=False
        ).returncode
    if not finished(folder):
        said = (folder / LOG).read_text(errors="replace").strip().rpartition("\n")[2].removeprefix("dlexp: ")
        reason = said if code > 0 and said else f"its process ended with exit code {code}"
        raise InputError(f"the judge of samples could not be trained: {reason}; its log is {folder / LOG}")


def environment() -> dict[str, str]:
    """Of a process that is no rank of this run, has as many threads, and finds the same modules."""
    kept = {k: v for k, v in os.environ.items() if k not in RANKS and not k.startswith(OF_A_RANK)}
    kept.pop("HYDRA_FULL_ERROR", None)  # which a run sets for itself: the last line of the log is to say what is wrong
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    return kept | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(torch.get_num_threads()))


def facts(path: Path) -> dict[str, Any]:
    """Which classifier it is, and how good, as far as its folder is there."""
    folder = path.resolve().parents[1]
    known = read_run(folder).result if path.parent.name == "checkpoints" and is_run(folder) else None
    return {
        "run": run_name(path),
        "config_hash": known and known.config_hash,
        "commit": known and known.commit,
        "accuracy": known and known.metrics.get("test/accuracy"),  # of the test split of its data
    }
