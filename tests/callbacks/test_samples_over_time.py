"""Which epochs are kept, that a resumed run keeps what it had, and what is drawn of it."""

import io

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback
from PIL import Image

from dlexp.callbacks.samples_over_time import SamplesOverTime, is_kept


class Draws(Callback):
    """Lends the fixture's module a `generate`: noise, and how many steps were made in the first pixel."""

    def setup(self, trainer, pl_module, stage):
        def generate(n, generator, labels=None):
            images = torch.rand(n, 1, 8, 8, generator=generator)
            images[:, 0, 0, 0] = trainer.global_step / 255
            return images

        pl_module.generate = generate


def callback(folder) -> SamplesOverTime:
    return SamplesOverTime(folder=str(folder), count=4, rows=3, columns=5, seconds=2.0)


def test_ten_epochs_of_each_decade():
    kept = [epoch for epoch in range(1, 1001) if is_kept(epoch)]
    expected = sorted({round(10 ** (place / 10)) for place in range(31)})
    assert kept == expected
    assert kept[:12] == [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25]


def test_keeps_and_draws(fit, tmp_path):
    samples = callback(tmp_path)
    states = []
    for watching in ([Draws()], [Draws(), samples]):
        torch.manual_seed(0)
        trainer = fit(*watching, max_epochs=7)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)  # of the training
    assert samples.epochs == [0, 1, 2, 3, 4, 5, 6, 7]  # 7 as the last
    images = torch.stack(samples.images)
    assert images.shape == (8, 4, 1, 8, 8)
    assert images.dtype == torch.uint8
    assert not images.is_inference()
    assert images[:, 0, 0, 0, 0].tolist() == [4 * epoch for epoch in range(8)]  # four batches an epoch
    assert all(torch.equal(images[0, ..., 1:], later[..., 1:]) for later in images)  # the same noise

    picture = np.asarray(Image.open(tmp_path / "figures" / "samples_over_time.png"))
    assert picture.std() > 10
    with Image.open(tmp_path / "figures" / "samples_over_time.gif") as film:
        assert film.n_frames == 8
        assert film.info["loop"] == 0
        pauses = []
        for frame in range(8):
            film.seek(frame)
            pauses.append(film.info["duration"])
    assert pauses == [250] * 7 + [2000]
    assert trainer.current_epoch == 7


@pytest.mark.filterwarnings("ignore:Checkpoint directory")
def test_a_checkpoint_takes_the_images_along(fit, tmp_path):
    first = fit(Draws(), callback(tmp_path), max_epochs=2)
    path = tmp_path / "some.ckpt"
    first.save_checkpoint(path)
    content = torch.load(path, weights_only=True)["callbacks"]
    assert any(state.get("epochs") == [0, 1, 2] for state in content.values())
    resumed = callback(tmp_path / "other")
    (tmp_path / "other").mkdir()
    fit(Draws(), resumed, max_epochs=4, ckpt=str(path))
    unbroken = callback(tmp_path)
    fit(Draws(), unbroken, max_epochs=4)
    assert resumed.epochs == unbroken.epochs == [0, 1, 2, 3, 4]
    assert torch.equal(torch.stack(resumed.images), torch.stack(unbroken.images))


def test_before_anything_was_kept_there_is_a_state(tmp_path):
    samples = callback(tmp_path)
    again = callback(tmp_path)
    again.load_state_dict(samples.state_dict())
    assert (again.epochs, again.images) == ([], [])


def test_keeps_nothing_where_nothing_is_kept(fit, tmp_path):
    fit(Draws(), callback(tmp_path), fast_dev_run=True)
    assert not (tmp_path / "figures").exists()


def test_the_film_shows_each_sheet_and_its_epoch():
    from dlexp.reporting.samples_over_time import film

    images = np.stack([np.zeros((4, 3, 8, 8)), np.ones((4, 3, 8, 8))])
    with Image.open(io.BytesIO(film(images, [0, 9], seconds=1.0))) as found:
        dark = np.asarray(found.convert("L"))
        found.seek(1)
        light = np.asarray(found.convert("L"))
    assert dark.shape == light.shape
    middle = dark.shape[0] // 2 + 30, dark.shape[1] // 3
    assert dark[middle] < 30
    assert light[middle] > 225
