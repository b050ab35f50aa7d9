"""The adding problem in plain PyTorch. `python bare_adding.py lstm|gru LENGTH`."""

import sys

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from turns import Turns

BATCHES, BATCH, HIDDEN = 100, 128, 64

kind, length = sys.argv[1], int(sys.argv[2])
net = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](2, HIDDEN, batch_first=True)
answer = nn.Linear(HIDDEN, 1)
weights = [*net.parameters(), *answer.parameters()]
optimizer = torch.optim.Adam(weights, lr=0.02, fused=True)
turns = Turns()


def draw(count: int) -> tuple[Tensor, Tensor]:
    numbers, marks = torch.rand(count, length), torch.zeros(count, length)
    for low, high in ((0, length // 2), (length // 2, length)):
        marks.scatter_(1, torch.randint(low, high, (count, 1)), 1.0)
    return torch.stack([numbers, marks], 2), (numbers * marks).sum(1, keepdim=True)


validation = draw(1000)
while True:
    turns.next()
    for _ in range(BATCHES):
        x, y = draw(BATCH)
        loss = mse_loss(answer(net(x)[0][:, -1]), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
    with torch.no_grad():
        parts = zip(*(part.split(500) for part in validation), strict=True)
        error = sum(mse_loss(answer(net(x)[0][:, -1]), y) for x, y in parts) / 2
    print(f"loss {loss.item():.4f}, validation {error.item():.4f}", flush=True)
