"""`python -m dlexp …` and the console script `dlexp`: compose a config, check it, run it."""

import os
import signal
import sys

import hydra
from omegaconf import DictConfig

from dlexp.composition.command import command
from dlexp.composition.flags import check_flags
from dlexp.composition.folders import register_folders
from dlexp.composition.groups import CONF
from dlexp.composition.plugins import register_plugins
from dlexp.errors import hear
from dlexp.schema import register


def job(cfg: DictConfig) -> None:
    """One run. torch is imported only after the config has been found sound."""
    from dlexp.composition.check import check
    from dlexp.record import Record

    with Record(cfg) as record:
        if not record.finished:
            check(cfg)
            from dlexp.run import run

            run(record.resumed(), record)


def compose_and_run() -> None:
    errors: list[Exception] = []

    def quiet_job(cfg: DictConfig) -> None:
        try:
            job(cfg)
        except Exception as error:
            errors.append(error)  # around Hydra, which would print lines of its own about it

    check_flags(sys.argv[1:])
    signal.signal(signal.SIGTERM, hear)  # while torch is imported, too: a run that was stopped says so
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors of composition come to `command` as they are
    register()
    register_folders()
    register_plugins()
    try:
        hydra.main(config_path=str(CONF), config_name="config", version_base="1.3")(quiet_job)()
    except SystemExit:  # a study's, of which other jobs have failed
        if not errors:
            raise
    if errors:
        raise errors[0]


def main() -> None:
    command(compose_and_run)


if __name__ == "__main__":
    main()
