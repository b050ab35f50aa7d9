"""`python -m dlexp.reconstruct RUN IMAGE…`: what an autoencoder makes of image files."""

import numpy as np
import pytest
import torch
from asked import save
from PIL import Image

from dlexp import reconstruct
from dlexp.composition.command import command
from dlexp.image_file import read_image
from dlexp.trained import load_task


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return {kind: save(kind, folder / kind) for kind in ("autoencoder", "vae", "vae_conditional", "gan", "classifier")}


@pytest.fixture
def ask(call, tmp_path):
    def ask(*words):
        return call(lambda: command(reconstruct.main), *words, folder=tmp_path)

    return ask


@pytest.fixture
def images(tmp_path):
    """Three files, and their pixels (3, 28, 28) uint8."""
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for path, image in zip(paths, pixels, strict=True):
        Image.fromarray(image).save(path)
    return paths, pixels


def expected(run, pixels, label=0):
    """Images and reconstructions, float (N, 28, 28)."""
    task, _ = load_task(run, "reconstruct")
    x = torch.tensor(pixels / 255, dtype=torch.float32)[:, None]
    with torch.inference_mode():
        made = task.reconstruct(x, torch.full((len(x),), label))
    return x[:, 0].numpy(), made[:, 0].numpy()


def check(end, folder, x, made):
    assert (end.code, end.err) == (0, "")
    *lines, last = end.out.splitlines()
    assert last == f"beside the originals: {folder / 'reconstructions.png'}"
    assert len(lines) == len(x)
    for number, line in enumerate(lines):
        path, _, error, file = line.split()
        assert path.endswith(f"{'abc'[number]}.png")
        assert float(error) == pytest.approx(((x[number] - made[number]) ** 2).mean(), abs=1e-5)
        assert file == str(folder / f"000{number}.png")
        with Image.open(file) as picture:
            np.testing.assert_array_equal(np.asarray(picture), (made[number] * 255).round().astype(np.uint8))
    assert len(list(folder.iterdir())) == len(x) + 1


@pytest.mark.parametrize("kind", ["autoencoder", "vae"])
def test_the_files_and_the_errors(runs, ask, images, kind):
    paths, pixels = images
    check(ask(runs[kind], *paths), runs[kind] / "reconstructions", *expected(runs[kind], pixels))


def test_the_overview_has_a_row_an_image(runs, images, ask, tmp_path, monkeypatch):
    from dlexp.reporting import image_grid

    calls = []
    rows = image_grid.image_rows
    monkeypatch.setattr(
        image_grid, "image_rows", lambda given, **rest: calls.append((given, rest)) or rows(given, **rest)
    )
    monkeypatch.setattr(reconstruct, "MOST_SHOWN", 2)
    paths, pixels = images
    long = tmp_path / "a name that is far too long to stand beside.png"
    paths[0].rename(long)
    assert ask(runs["vae"], long, *paths[1:], "--out", tmp_path / "out").code == 0
    ((given, rest),) = calls
    assert rest["heading"] == "The first 2 of 3"
    x, made = expected(runs["vae"], pixels)
    assert [name.split("   ")[0] for name, _ in given] == ["a name that is fa…", "b.png"]
    for number, (_, pair) in enumerate(given):
        np.testing.assert_allclose(pair[:, 0], np.stack([x[number], made[number]]), atol=1e-6)
    assert (tmp_path / "out" / "reconstructions.png").stat().st_size > 5000
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_a_conditional_model_is_told_the_class(runs, ask, images, tmp_path):
    paths, pixels = images
    run = runs["vae_conditional"]
    end = ask(run, *paths, "--class", "7", "--out", tmp_path / "out")
    check(end, tmp_path / "out", *expected(run, pixels, 7))
    others = expected(run, pixels, 2)[1]
    assert np.abs(others - expected(run, pixels, 7)[1]).max() > 1e-4
    end = ask(run, *paths)
    assert (end.code, end.out) == (1, "")
    assert "--class 0" in end.err


def test_the_inputs_are_never_replaced(runs, ask, images, tmp_path):
    (image, *_), pixels = images
    out = tmp_path / "out"
    assert ask(runs["vae"], image, "--out", out).code == 0
    (tmp_path / "link.png").symlink_to(out / "0000.png")
    (tmp_path / "way").symlink_to(out)
    before = (out / "0000.png").read_bytes()
    for path in (out / "0000.png", out / "reconstructions.png", tmp_path / "link.png", tmp_path / "way" / "0000.png"):
        end = ask(runs["vae"], image, path, "--out", out)
        assert (end.code, end.out) == (1, "")
        assert end.err == (
            f"dlexp: {path} lies in the folder that would be written anew: give another one, --out FOLDER\n"
        )
    user = tmp_path / "user"
    user.mkdir()
    for name in ("0000.png", "0007.png"):
        Image.fromarray(pixels[0]).save(user / name)
    end = ask(runs["vae"], user / "0000.png", user / "0007.png", "--out", user)
    assert (end.code, end.out) == (1, "")
    assert "holds other files, such as 0000.png" in end.err
    assert len(list(user.iterdir())) == 2
    assert (out / "0000.png").read_bytes() == before
    assert ask(runs["vae"], out / "0000.png", "--out", tmp_path / "again").code == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path, mode):
    ink = np.zeros((28, 28, 2), np.uint8)  # black, seen in the middle only
    ink[10:18, 10:18, 1] = 255
    ink[0, :, 1] = 51
    picture = Image.fromarray(ink, "LA")
    if mode == "P":
        picture = Image.fromarray((ink[..., 1] == 255).astype(np.uint8), "P")
        picture.putpalette([0, 0, 0, 0, 0, 0])
        picture.info["transparency"] = 0
    picture.convert(mode).save(tmp_path / "ink.png")
    expected = 255 - ink[..., 1].astype(np.float32)
    expected[0] = 255 if mode == "P" else 204
    for channels in (1, 3):
        preprocessing = {"image_shape": [channels, 28, 28], "mean": [0.0], "std": [1.0]}
        for invert in (False, True):
            found = read_image(tmp_path / "ink.png", preprocessing, invert).numpy()
            wanted = np.broadcast_to(255 - expected if invert else expected, found.shape)
            np.testing.assert_allclose(found * 255, wanted, atol=1e-3)


def test_invert(runs, ask, images, tmp_path):
    paths, pixels = images
    Image.fromarray(255 - pixels[0]).save(paths[0])
    end = ask(runs["vae"], paths[0], "--invert", "--out", tmp_path / "out")
    check(end, tmp_path / "out", *expected(runs["vae"], pixels[:1]))


def test_a_checkpoint_alone(runs, ask, images, tmp_path):
    paths, pixels = images
    path = tmp_path / "net.ckpt"
    path.write_bytes((runs["vae"] / "checkpoints" / "best.ckpt").read_bytes())
    check(ask(path, *paths), tmp_path / "reconstructions", *expected(runs["vae"], pixels))


def test_one_line_says_what_is_wrong(runs, ask, images, tmp_path):
    (image, *_), _ = images
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "empty").mkdir()
    vae = runs["vae"]
    for words, parts in (
        ((tmp_path / "nowhere", image), ("no run at",)),
        ((tmp_path / "empty", image), ("no checkpoint",)),
        ((runs["gan"], image), ("cannot reconstruct", "task=autoencoder or task=vae", "dlexp.generate")),
        ((runs["classifier"], image), ("cannot reconstruct", "dlexp.predict")),
        ((vae, tmp_path / "missing.png"), ("no file", "missing.png")),
        ((vae, image, tmp_path / "text.png"), ("text.png", "not an image")),
        ((vae, image, "out=there"), ("no file out=there", "--out there")),
        ((vae, image, "--class", "3"), ("class 3", "without classes")),
        ((runs["vae_conditional"], image, "--class", "10"), ("no class '10'",)),
        ((vae, image, "--out", tmp_path), ("holds other files",)),
        ((vae, image, "--out", image), ("file of that name",)),
    ):
        end = ask(*words)
        assert (end.code, end.out) == (1, ""), words
        (line,) = end.err.splitlines()
        assert line.startswith("dlexp: ")
        for part in parts:
            assert part in line
    assert not (vae / "reconstructions").exists() or (vae / "reconstructions" / "reconstructions.png").is_file()


def test_a_generative_run_names_no_classes(runs, images, call, tmp_path):
    from dlexp import predict

    end = call(lambda: command(predict.main), runs["vae"], images[0][0], folder=tmp_path)
    assert (end.code, end.out) == (1, "")
    assert "not a classifier" in end.err
    assert "dlexp.generate or python -m dlexp.reconstruct" in end.err
