"""`python -m dlexp …` and the console script `dlexp`: compose a config, check it, run it."""

import os
from pathlib import Path

import hydra
from omegaconf import DictConfig

from dlexp.composition.command import command
from dlexp.composition.job_folder import register_job_folder
from dlexp.schema import register

HERE = Path(__file__).resolve().parent
CONF = HERE / "conf" if (HERE / "conf").is_dir() else HERE.parent / "conf"  # in a wheel, in a checkout


def job(cfg: DictConfig) -> None:
    """One run. torch is imported only after the config has been found sound."""
    from dlexp.composition.check import check
    from dlexp.record import Record

    with Record(cfg) as record:
        if not record.finished:
            check(cfg)
            from dlexp.run import run

            run(cfg, record)


def compose_and_run() -> None:
    os.environ["HYDRA_FULL_ERROR"] = "1"  # exceptions come to `command` instead of being printed by Hydra
    register()
    register_job_folder()
    hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")(job)()


def main() -> None:
    command(compose_and_run)


if __name__ == "__main__":
    main()
