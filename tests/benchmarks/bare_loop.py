"""The least there is: plain PyTorch over images in memory. `python bare_loop.py lenet|mlp ARRAYS.npz`."""

import sys

import numpy as np
import torch
from networks import network
from torch.nn.functional import cross_entropy
from turns import Turns

BATCH, EVAL_BATCH, MEAN, STD = 128, 512, 255 * 0.1307, 255 * 0.3081

arrays = {name: torch.from_numpy(array) for name, array in np.load(sys.argv[2]).items()}
images, labels = arrays["train_images"], arrays["train_labels"]  # (N, 1, 28, 28) uint8, (N,) int64
val_images, val_labels = arrays["val_images"], arrays["val_labels"]
model = network(sys.argv[1])
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05, fused=True)
turns = Turns()

while True:
    turns.next()
    model.train()
    for index in torch.randperm(len(labels)).split(BATCH):
        x, y = images[index].float().sub_(MEAN).div_(STD), labels[index]  # (B, 1, 28, 28), (B,)
        loss = cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    hits = 0
    with torch.no_grad():
        for x, y in zip(val_images.split(EVAL_BATCH), val_labels.split(EVAL_BATCH), strict=True):
            hits += (model(x.float().sub_(MEAN).div_(STD)).argmax(1) == y).sum()
    print(f"loss {loss.item():.4f}, validation accuracy {hits.item() / len(val_labels):.4f}", flush=True)
