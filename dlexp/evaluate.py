"""`python -m dlexp.evaluate RUN`: test a finished run again, from its folder alone, with its own config."""

import argparse
import json
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from dlexp.checkpoint_file import best_checkpoint
from dlexp.composition.command import command
from dlexp.errors import InputError


def run_config(folder: Path, overrides: list[str]) -> DictConfig:
    """The config that a run's folder holds, its paths those of this machine. InputError if it holds none."""
    path = folder / ".hydra" / "config.yaml"
    if not path.is_file():
        raise InputError(f"{folder} is not a run's folder: it has no .hydra/config.yaml")
    cfg = OmegaConf.load(path)
    cfg.output_dir, cfg.study = str(folder), folder.name
    OmegaConf.set_struct(cfg, True)
    try:
        cfg.merge_with_dotlist(overrides)
    except Exception as error:
        raise InputError(f"cannot override: {str(error).splitlines()[0]}") from error
    return cfg


def evaluate(folder: Path, overrides: list[str]) -> dict[str, float]:
    """The metrics of the test split, by the best checkpoint."""
    cfg = run_config(folder, overrides)
    cfg.ckpt = str(best_checkpoint(folder))

    from hydra.utils import instantiate
    from lightning.pytorch import seed_everything

    from dlexp.run import check_checkpoint
    from dlexp.trainer import build_trainer, numbers, quiet

    quiet()
    seed_everything(cfg.seed, workers=True, verbose=False)
    task = instantiate(cfg.task, _convert_="all")
    data = instantiate(cfg.data, _convert_="all")
    trainer = build_trainer(cfg.trainer, callbacks=[], loggers=[], folder=folder)
    trainer.test(task, data, ckpt_path=check_checkpoint(cfg, task), weights_only=True, verbose=False)
    return numbers(trainer.callback_metrics)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dlexp.evaluate", description=__doc__)
    parser.add_argument("run", type=Path, help="a run's folder, such as outputs/cnn_compare/2026-01-31_12-00-00")
    parser.add_argument("overrides", nargs="*", help="changes to its config, such as trainer.accelerator=cpu")
    arguments = parser.parse_args()

    found = evaluate(arguments.run, arguments.overrides)
    result = arguments.run / "result.json"
    recorded = json.loads(result.read_text())["metrics"] if result.is_file() else {}
    for name, value in found.items():
        before = recorded.get(name)
        note = "" if before is None else f"   recorded {before:.6f}"
        print(f"{name:<24}{value:.6f}{note}")


if __name__ == "__main__":
    command(main)
