"""Which keys a config sweeps."""

from collections.abc import Mapping


def swept(params: Mapping[str, str | None] | None) -> dict[str, str]:
    """The keys of `hydra.sweeper.params` that are not null: by null an experiment leaves out an axis of its task's."""
    return {key: values for key, values in (params or {}).items() if values is not None}
