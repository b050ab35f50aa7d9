"""Counts that cannot be are refused before anything is trained."""

import pytest

from dlexp.callbacks.counts import check_counts
from dlexp.errors import InputError


@pytest.mark.parametrize("count", [0, -1, 2.5, "many"])
def test_refused(count):
    with pytest.raises(InputError, match=rf"^callbacks\.mine\.side={count}: give a whole number, 1 or more$"):
        check_counts("mine", columns=1, side=count)


def test_taken():
    check_counts("mine", columns=1, side=100)


@pytest.mark.parametrize(
    ("task", "key"),
    [
        *(
            ("autoencoder", f"callbacks.{name}")
            for name in ("code_measures.jacobians", "reconstruction_figures.columns")
        ),
        *(
            ("autoencoder", f"callbacks.{name}")
            for name in ("decoded_plane.side", "denoising.images", "linear_probe.images")
        ),
        *(
            ("vae", f"callbacks.{name}")
            for name in ("vae_figures.units", "sample_figures.count", "latent_figures.most")
        ),
    ],
)
def test_each_callback_asks(launch, tmp_path, task, key):
    end = launch(f"task={task}", "trainer=debug", f"{key}=0", folder=tmp_path / "run")
    assert end.code == 1
    assert end.err == f"dlexp: {key}=0: give a whole number, 1 or more\n"
