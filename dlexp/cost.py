"""What a network costs: parameters, and floating-point operations of one sample's forward pass."""

import warnings

import torch
from lightning.pytorch import LightningModule
from torch.utils.flop_counter import FlopCounterMode


def cost(task: LightningModule) -> dict[str, int | None]:
    """FLOPs are counted on the task's `example_input_array`, a multiply-add as two; None where it has none."""
    parameters = sum(p.numel() for p in task.parameters() if p.requires_grad)
    if task.example_input_array is None:
        return {"parameters": parameters, "flops": None}
    training = task.training
    with torch.no_grad(), warnings.catch_warnings(), FlopCounterMode(display=False) as counter:
        warnings.simplefilter("ignore")
        task.eval()(task.example_input_array)
    task.train(training)
    return {"parameters": parameters, "flops": counter.get_total_flops()}
