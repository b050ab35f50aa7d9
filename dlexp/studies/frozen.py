"""A job's config as it was composed, in its own folder: what is edited in conf/ later changes no queued job."""

from pathlib import Path

from hydra.conf import HydraConf
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from dlexp.reporting.atomic import write_text


def freeze(cfg: DictConfig, folder: Path, number: int) -> None:
    """Write .hydra/ as Hydra would when the job begins. `cfg` has the node `hydra`; `folder` is the job's."""
    cfg = cfg.copy()
    OmegaConf.resolve(cfg.hydra.sweep)  # before the folder is set: it may hold `now`
    with read_write(cfg.hydra), open_dict(cfg.hydra):
        cfg.hydra.sweep.dir, cfg.hydra.sweep.subdir = str(folder.parent), folder.name
        cfg.hydra.runtime.output_dir = str(folder)
        cfg.hydra.mode = RunMode.MULTIRUN
        cfg.hydra.job.id, cfg.hydra.job.num = str(number), number
        cfg.hydra.job.chdir = cfg.hydra.job.chdir or False
        cfg.hydra.job_logging.root.handlers = ["console"]  # which a study turns into the job's job.log
        cfg.hydra.job_logging.handlers.pop("file", None)
        del cfg.hydra["help"], cfg.hydra["hydra_help"]  # long texts
    hydra, task = OmegaConf.masked_copy(cfg, "hydra"), cfg.copy()
    with open_dict(task):
        del task["hydra"]
        task.data_dir = cfg.data_dir  # of this machine's environment, wherever the job will run
    for name, node in (("config", task), ("hydra", hydra), ("overrides", cfg.hydra.overrides.task)):
        write_text(folder / ".hydra" / f"{name}.yaml", OmegaConf.to_yaml(node))


def thaw(folder: Path) -> DictConfig:
    """The config that was frozen in a job's folder, with the node `hydra`."""
    types = OmegaConf.create({"hydra": OmegaConf.structured(HydraConf)})  # Hydra insists on its own
    saved = [OmegaConf.load(folder / ".hydra" / f"{name}.yaml") for name in ("config", "hydra")]
    with open_dict(types.hydra):
        cfg = OmegaConf.merge(types, *saved)
    OmegaConf.set_struct(cfg, True)
    return cfg
