"""What ends a run early: input that cannot be used, a search that has seen enough, or a request to stop."""

import signal
from types import FrameType


class InputError(Exception):
    """The user's input cannot be used. Its message is printed as it stands, without a traceback."""


class Diverged(InputError):
    """The loss is no longer a number: with such steps, this cannot be learned."""


class Pruned(Exception):
    """A search has seen enough of this trial: it will not be among the best. Its message says when and why."""


class OutOfTime(Exception):
    """The job of a study ran longer than job_timeout allows."""


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. Not an Exception, so that nothing between here and the entry point swallows it."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.exit_code = 128 + signum  # as a shell reports a process that a signal ended


def stop(number: int) -> BaseException:
    """What the signal `number` ends a run with."""
    return OutOfTime() if number == getattr(signal, "SIGALRM", None) else Interrupted(number)


def hear(number: int, frame: FrameType | None) -> None:
    """A handler of signals outside of a training, where nothing need be finished first."""
    raise stop(number)
