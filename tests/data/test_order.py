import pytest
import torch

from dlexp.data.order import ShuffledShard, stream


def shard(size: int = 100, seed: int = 0, rank: int = 0, world_size: int = 1, epoch: int = 0) -> ShuffledShard:
    sampler = ShuffledShard(size=size, seed=seed, rank=rank, world_size=world_size)
    sampler.set_epoch(epoch)
    return sampler


def test_permutation_by_seed_and_epoch_alone() -> None:
    torch.manual_seed(0)
    first = shard(seed=5, epoch=3).indices()
    torch.manual_seed(1)
    sampler = shard(seed=5)
    sampler.indices()
    sampler.set_epoch(3)
    assert first.dtype == torch.int64
    assert torch.equal(first, sampler.indices())
    assert torch.equal(first.sort().values, torch.arange(100))


def test_no_two_of_many_seeds_and_epochs_agree() -> None:
    orders = {tuple(shard(seed=s, epoch=e).indices().tolist()) for s in range(10) for e in range(10)}
    assert len(orders) == 100


@pytest.mark.parametrize("world_size", [1, 2, 3, 7])
@pytest.mark.parametrize("size", [100, 101])
def test_shards_are_disjoint_and_equally_long(size: int, world_size: int) -> None:
    shards = [shard(size=size, rank=rank, world_size=world_size) for rank in range(world_size)]
    indices = [s.indices() for s in shards]
    assert {len(i) for i in indices} == {len(s) for s in shards} == {size // world_size}
    assert len(torch.cat(indices).unique()) == size - size % world_size


def test_every_sample_has_its_turn_in_some_epoch() -> None:
    seen = torch.cat([shard(size=20, rank=r, world_size=3, epoch=e).indices() for e in range(20) for r in range(3)])
    assert len(seen.unique()) == 20


def test_streams_differ_by_each_part_of_the_key() -> None:
    keys = [(0, 0), (0, 1), (1, 0), (0, 0, 0), (0, 0, 1), (0,)]
    seeds = [tuple(stream(seed, *key, count=2)) for key in keys for seed in (0, 1)]
    assert len(set(seeds)) == len(seeds)


def test_draw_seeds_differ_by_batch_epoch_rank_and_seed() -> None:
    shards = [shard(seed=s, epoch=e, rank=r, world_size=2) for s in range(2) for e in range(2) for r in range(2)]
    seeds = [seed for s in shards for seed in s.draw_seeds(50)]
    assert len(set(seeds)) == 8 * 50
