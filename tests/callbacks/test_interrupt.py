"""What a signal does, by when it comes."""

import os
import signal

import pytest
from lightning.pytorch import Callback

from dlexp.callbacks.interrupt import SIGNALS, Interrupt
from dlexp.errors import Interrupted, OutOfTime

TO_STOP = (signal.SIGINT, signal.SIGTERM)


class Send(Callback):
    """A signal from within a hook, the second time it is called."""

    def __init__(self, hook: str, number: signal.Signals) -> None:
        self.calls = 0
        self.number = number
        setattr(self, hook, self.count)

    def count(self, *args) -> None:
        self.calls += 1
        if self.calls == 2:
            os.kill(os.getpid(), self.number)


@pytest.mark.parametrize("number", TO_STOP)
def test_outside_of_a_training_it_ends_at_once(number, tmp_path):
    before = [signal.getsignal(n) for n in SIGNALS]
    with pytest.raises(Interrupted, match=f"stopped by {number.name}") as end, Interrupt(folder=tmp_path):
        os.kill(os.getpid(), number)
    assert end.value.exit_code == 128 + number
    assert [signal.getsignal(n) for n in SIGNALS] == before


def test_the_alarm_of_job_timeout_is_no_request_to_stop_the_study(tmp_path):
    with pytest.raises(OutOfTime), Interrupt(folder=tmp_path):
        os.kill(os.getpid(), signal.SIGALRM)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    ("hook", "steps"),
    [
        ("on_train_batch_start", 2),  # the step is finished
        ("on_before_backward", 2),
        ("on_train_batch_end", 2),
        ("on_validation_batch_start", 4),  # so is the validation, and with it the epoch
        ("on_train_epoch_end", 8),
    ],
)
def test_in_a_training_it_waits_for_the_end_of_a_step(fit, tmp_path, hook, steps, number):
    (tmp_path / "checkpoints").mkdir()
    interrupt = Interrupt(folder=tmp_path)
    seen = []

    class Steps(Callback):
        def on_exception(self, trainer, pl_module, exception) -> None:
            seen.append(trainer.global_step)

    alarm = number == signal.SIGALRM
    with pytest.raises(OutOfTime if alarm else Interrupted, match=None if alarm else number.name), interrupt:
        fit(Send(hook, number), Steps(), interrupt, max_epochs=3)
    assert seen == [steps]
    assert interrupt.last.exists() == (steps % 4 != 0)  # of whole epochs Checkpoint has written it


def test_half_accumulated_gradients_are_waited_for(fit, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    interrupt = Interrupt(folder=tmp_path)
    with pytest.raises(Interrupted), interrupt:
        fit(Send("on_train_batch_start", signal.SIGINT), interrupt, accumulate_grad_batches=3)
    import torch

    loop = torch.load(interrupt.last, weights_only=True)["loops"]["fit_loop"]
    assert loop["epoch_loop.batch_progress"]["current"]["processed"] == 3
