"""figures/boolean_function.png, interval_network.png, no_plane.png: a function, a perceptron, a network, a proof."""

from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure

FORMS = {"threshold": "thresholds", "relu": "ReLU"}
POINTS = 4001  # along the sum, from end to end


class BooleanFigures(Callback):
    """Reads what the task has found, and asks its model in both forms about sums between the whole numbers."""

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting import boolean_plots

        task = pl_module
        figure = boolean_plots.boolean_function(
            task.sums,
            task.counts,
            task.truth,
            separable=task.separation.proof is None,
            accuracy=task.epoch_accuracy,
            mistakes=task.epoch_mistakes,
        )
        keep_figure(trainer, self.folder, "boolean_function", figure)

        sums = np.linspace(task.sums[0] - 2, task.sums[-1] + 2, POINTS)
        x = torch.from_numpy(sums / task.dimension)[:, None].expand(-1, task.dimension)  # (N, D): inputs of these sums
        responses = {}
        for form, name in FORMS.items():
            model = task.model.in_form(form).to("cpu")
            responses[name] = model.hidden(x).numpy(), model(x).numpy()
        figure = boolean_plots.interval_network(
            sums, responses, task.sums, task.truth, margin=task.model.margin(), dimension=task.dimension
        )
        keep_figure(trainer, self.folder, "interval_network", figure)

        if task.four is not None:
            keep_figure(trainer, self.folder, "no_plane", boolean_plots.no_plane(task.four))
