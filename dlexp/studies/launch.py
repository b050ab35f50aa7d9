"""A study's jobs from overrides to results: planned, frozen, run by an engine, watched."""

import shlex
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from dlexp.errors import InputError, Interrupted
from dlexp.reporting.atomic import write_text
from dlexp.studies.board import Board
from dlexp.studies.composer import Composer
from dlexp.studies.ending import settle
from dlexp.studies.engines.engine import Engine, Job
from dlexp.studies.fit import check_parts, distinct_parts
from dlexp.studies.frozen import freeze
from dlexp.studies.manifest import Manifest, constants, digest, read_manifest
from dlexp.studies.plan import Planned, look, make_way, plan


def launch(
    master: DictConfig, loader: ConfigLoaderImpl, engine: Engine, jobs: Sequence[Sequence[str]], first: int
) -> list[JobReturn]:
    """Run `jobs`, lists of overrides, numbered from `first`. Those that lie finished in the study are left alone.

    InputError, with nothing written, if one of them is not sound.
    """
    study = Path(master.hydra.sweep.dir).resolve()
    manifest = prepare_manifest(master, study)
    planned = plan(Composer(master, loader), manifest, study, jobs, first)
    to_do = list({job.folder: job for job in planned if job.to_do}.values())  # a job that is named twice runs once
    if to_do:
        engine.call(check_parts, distinct_parts(job.parts for job in to_do))

    write_text(study / "multirun.yaml", OmegaConf.to_yaml(master))
    manifest.refused = {job.folder.name: job.refusal for job in planned if job.refusal}
    for job in to_do:
        make_way(job)
        freeze(job.config, job.folder, job.number)
    manifest.write(study)
    try:
        run(engine, to_do, planned)
    except (KeyboardInterrupt, Interrupted) as stopped:
        print(f"dlexp: {str(stopped) or 'stopped by SIGINT'}; go on with: {again(master)}", file=sys.stderr)
        raise
    return [outcome(job) for job in planned]


def again(master: DictConfig) -> str:
    """The command that goes on with this study."""
    hydra = [word for word in master.hydra.overrides.hydra if not word.startswith("hydra.mode=")]
    place = Path(master.hydra.sweep.dir)
    unnamed = master.study is None and place.parts[0] == "outputs"  # by task and time, then
    name = [f"study={place.relative_to('outputs')}"] if unnamed else []
    return shlex.join(["python", "-m", "dlexp", *hydra, *master.hydra.overrides.task, *name, "-m"])


def prepare_manifest(master: DictConfig, study: Path) -> Manifest:
    manifest = read_manifest(study)
    sources = digest(master)
    if sources is None or sources != manifest.sources:
        manifest.sources, manifest.folders, manifest.hashes = sources or "", {}, {}
    if manifest.constants is None:
        manifest.constants = constants(master.hydra.overrides.task, master.hydra.sweeper.get("params"))
    return manifest


def run(engine: Engine, to_do: Sequence[Planned], planned: Sequence[Planned]) -> None:
    """Until every job has ended. One that died without a word gets its result.json from here."""
    board = Board([job.folder for job in planned], [job.folder for job in to_do])
    with board, closing(engine.run([as_job(job) for job in to_do], total=len(planned))) as ends:
        for ended in ends:
            if ended:
                if ended.reason:
                    settle(ended.job.folder, ended.reason)
                board.ended(ended.job.folder, ended.reason)
            board.refresh()


def as_job(job: Planned) -> Job:
    trainer = job.config.trainer
    alone = trainer.devices in (1, "1", "auto") and trainer.num_nodes == 1
    return Job(folder=job.folder, timeout=job.config.job_timeout, distributed=not alone)


def outcome(job: Planned) -> JobReturn:
    """As a sweeper wants it: the value is the metric that the task monitors."""
    run = look(job.folder)
    result = JobReturn(overrides=job.words, working_dir=str(job.folder), task_name="dlexp")
    if job.refusal or run is None or run.result.status not in ("finished", "pruned"):
        result.status = JobStatus.FAILED
        result.return_value = InputError(job.refusal or (run and run.result.error) or "it did not finish")
    else:
        result.status = JobStatus.COMPLETED
        result.return_value = run.result.metrics.get(run.result.monitor)
    return result
