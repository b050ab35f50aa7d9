"""What models that read sequences of numbers ask of their data."""

from collections.abc import Sequence

from dlexp.errors import InputError


def numbers_a_step(input_shape: Sequence[int]) -> int:
    """D, of sequences (T, D). InputError if the data are something else."""
    if len(input_shape) != 2:
        raise InputError(
            f"this model reads sequences (steps, numbers a step), and data.input_shape={list(input_shape)}: choose "
            "data=adding"
        )
    return input_shape[1]
