"""What a job needs, imported before there is a job."""

import lightning.pytorch
import torch.utils.tensorboard

import dlexp.run
import dlexp.studies.worker
import dlexp.tasks.classification

__all__ = ["dlexp", "lightning", "torch"]
