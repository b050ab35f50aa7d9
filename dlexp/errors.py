"""What ends a run early: input that cannot be used, or a request to stop."""

import signal


class InputError(Exception):
    """The user's input cannot be used. Its message is printed as it stands, without a traceback."""


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. Not an Exception, so that nothing between here and the entry point swallows it."""

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.exit_code = 128 + signum  # as a shell reports a process that a signal ended
