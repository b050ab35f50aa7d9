"""Ray: jobs as tasks of a cluster, which places them by the processors and the fraction of a GPU that each asks for."""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from dlexp.errors import InputError
from dlexp.studies.engines.engine import Ended, Engine, Job
from dlexp.studies.engines.supervised import supervise

if TYPE_CHECKING:
    from ray import ObjectRef

TICK = 1.0  # seconds


class Ray(Engine):
    """As many jobs at a time as the cluster has room for, on any of its nodes, which must share the study's folder.

    `num_gpus`: null for one each where the cluster has some. `max_retries`: how often a job is started again that has
    lost its node. `environment`: names of variables that jobs get as they are here. `grace`: seconds that a stopped
    job has for a checkpoint.
    """

    def __init__(
        self,
        *,
        address: str | None,
        num_cpus: float,
        num_gpus: float | None,
        max_retries: int,
        environment: Sequence[str],
        grace: float,
    ) -> None:
        if find_spec("ray") is None:
            raise InputError("hydra/launcher=ray_cluster needs Ray: pip install 'dlexp[ray]'")
        self.address = address
        self.num_cpus = num_cpus
        self.num_gpus = num_gpus
        self.max_retries = max_retries
        self.environment = environment
        self.grace = grace

    def run(self, jobs: Sequence[Job], total: int) -> Iterator[Ended | None]:
        self.join()
        import ray

        running: dict[ObjectRef, Job] = {}
        try:
            task = ray.remote(**self.resources(), max_retries=self.max_retries)(supervise)
            running |= {task.remote(job, self.grace): job for job in jobs}
            while running:
                ended, _ = ray.wait(list(running), timeout=TICK)
                yield None
                for reference in ended:
                    yield Ended(running.pop(reference), reason(reference))
        finally:
            self.stop(list(running))
            ray.shutdown()

    def join(self) -> None:
        """The cluster at `address`; without one that of RAY_ADDRESS or of this machine, or one that ends with us."""
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before Ray is imported
        os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "1"  # who asks for no GPU sees none
        import ray

        variables = {name: os.environ[name] for name in self.environment if name in os.environ}
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        before = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(self.address, runtime_env={"env_vars": variables}, log_to_driver=False, logging_level="CRITICAL")
        except (ConnectionError, ValueError) as error:
            why = str(error.__cause__ or error).strip().splitlines()[-1]
            raise InputError(f"hydra.launcher.engine.address={self.address}: {why}") from None
        finally:
            signal.signal(signal.SIGTERM, before)  # Ray puts its own in its place

    def resources(self) -> dict[str, float]:
        """Of each job."""
        import ray

        whole = ray.cluster_resources()
        gpus = min(1.0, whole.get("GPU", 0.0)) if self.num_gpus is None else self.num_gpus
        wanted = {"CPU": self.num_cpus, "GPU": gpus}
        if not any(all(node["Resources"].get(k, 0) >= v for k, v in wanted.items()) for node in ray.nodes()):
            print(f"dlexp: no node of the Ray cluster has room for {wanted}; jobs wait for one", file=sys.stderr)
        return {"num_cpus": self.num_cpus, "num_gpus": gpus}

    def stop(self, references: Sequence["ObjectRef"]) -> None:
        """All that are left: those that run get their time for a checkpoint."""
        import ray

        for force in (False, True):
            if references:
                for reference in references:
                    ray.cancel(reference, force=force)
                _, references = ray.wait(references, num_returns=len(references), timeout=self.grace + TICK)


def reason(reference: "ObjectRef") -> str | None:
    """Of a job's death, as its supervisor tells it, or Ray where that died as well."""
    import ray

    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
