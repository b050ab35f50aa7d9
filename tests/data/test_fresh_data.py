"""Endless sets: fresh in every batch, the same in every run, resumable within an epoch."""

import pytest
import torch

from dlexp.data.fresh_data import FreshData
from dlexp.data.fresh_loader import FreshLoader
from dlexp.data.order import FreshDraws
from dlexp.errors import InputError

SIZES = {"batches": 3, "validation": 7, "test": 5, "draw": 0, "batch_size": 4, "eval_batch_size": 3, "seed": 0}


class Numbers(FreshData):
    """Random numbers (N, 2), and their sums (N,)."""

    def sample(self, count, generator):
        x = torch.rand(count, 2, generator=generator, device=generator.device)
        return x, x.sum(1)


def loader(epoch=0, processed=0, batches=3, **changes):
    draws = FreshDraws(**({"seed": 0, "rank": 0} | changes))
    draws.set_epoch(epoch)
    sample = Numbers(**SIZES).sample
    device = torch.device("cpu")
    return FreshLoader(
        sample=sample, batches=batches, batch_size=4, sampler=draws, device=device, processed=lambda: processed
    )


def inputs(batches):
    return torch.stack([x for x, _ in batches])


def test_batches_are_fresh_and_reproducible():
    first = inputs(loader())
    assert first.shape == (3, 4, 2)
    assert len(first.unique()) == first.numel()
    assert torch.equal(first, inputs(loader()))
    others = [loader(epoch=1), loader(seed=1), loader(rank=1)]
    for other in others:
        assert not torch.isin(inputs(other), first).any()


def test_goes_on_with_the_batch_that_was_next():
    whole = inputs(loader(epoch=2))
    resumed = loader()
    resumed.load_state_dict(loader(epoch=2, processed=1).state_dict())
    assert torch.equal(inputs(resumed), whole[1:])
    resumed.sampler.set_epoch(3)
    assert torch.equal(inputs(resumed), inputs(loader(epoch=3)))


def test_refuses_to_go_on_within_an_epoch_of_another_length():
    with pytest.raises(InputError, match="epoch of 3 batches, here it has 2"):
        loader(batches=2).load_state_dict(loader(processed=1).state_dict())
    loader(batches=2).load_state_dict(loader(processed=0).state_dict())  # at its beginning nothing is lost


def test_the_other_splits_are_the_same_in_every_run_and_have_nothing_in_common():
    found = {}
    for seed in (0, 1):
        data = Numbers(**(SIZES | {"seed": seed}))
        data.setup()
        found[seed] = {split: data.splits[split] for split in ("val", "test")}
        assert [len(data.labels(split)) for split in ("val", "test")] == [7, 5]
        assert [len(x) for x, _ in data.val_dataloader()] == [3, 2, 2]
        assert len(data.train_dataloader()) == 3
    for split in ("val", "test"):
        for one, other in zip(found[0][split], found[1][split], strict=True):
            assert torch.equal(one, other)
    assert not torch.isin(found[0]["val"][0], found[0]["test"][0]).any()
    other = Numbers(**(SIZES | {"draw": 1}))
    other.setup()
    assert not torch.isin(other.splits["val"][0], found[0]["val"][0]).any()


@pytest.mark.parametrize("changes", [{"batches": 0}, {"validation": 0}, {"test": 2.5}, {"draw": -1}, {"batch_size": 0}])
def test_bad_sizes_are_said_in_one_line(changes):
    ((key, value),) = changes.items()
    with pytest.raises(InputError, match=rf"data\.{key}={value}"):
        Numbers(**(SIZES | changes))
