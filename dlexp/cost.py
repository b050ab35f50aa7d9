"""What a network costs: parameters, and floating-point operations of one sample's forward pass."""

import warnings

import torch
from lightning.pytorch import LightningModule
from torch.utils.flop_counter import FlopCounterMode


def cost(task: LightningModule) -> dict[str, int | None]:
    """FLOPs are counted on the task's `example_input_array`, a multiply-add as two; None where it has none.

    Parameters that never ask for a gradient count where all are like that: a model that learns by hand.
    """
    weights = list(task.parameters())
    parameters = sum(p.numel() for p in [p for p in weights if p.requires_grad] or weights)
    if task.example_input_array is None:
        return {"parameters": parameters, "flops": None}
    training = task.training
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # oneDNN's kernel for an LSTM hides its products from the counter.
        with torch.backends.mkldnn.flags(enabled=False), FlopCounterMode(display=False) as counter:
            task.eval()(task.example_input_array)
    task.train(training)
    return {"parameters": parameters, "flops": counter.get_total_flops()}
