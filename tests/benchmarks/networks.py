"""The networks of the benchmarks, and the words that ask dlexp for them."""

from torch import nn

from dlexp.models.vision.lenet import LeNet5
from dlexp.models.vision.mlp import MLP

DIGITS = {"image_shape": [1, 28, 28], "num_classes": 10}
WORDS = {
    "lenet": ["model=lenet"],
    "mlp": ["model=mlp", "model.hidden_sizes=[64,128,64]", "model.dropout=0.0"],  # small: overhead shows
}


def network(name: str) -> nn.Module:
    if name == "lenet":
        return LeNet5(**DIGITS, activation="tanh", pooling="average")
    return MLP(**DIGITS, hidden_sizes=[64, 128, 64], activation="relu", dropout=0.0)
