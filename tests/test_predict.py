"""`python -m dlexp.predict RUN IMAGE…`: what the task's test sees, from image files of any kind."""

import numpy as np
import pytest
import torch
from PIL import Image

from dlexp import predict
from dlexp.composition.command import command
from dlexp.data.digits import Digits
from dlexp.evaluate import evaluate
from dlexp.models.vision.linear_classifier import LinearClassifier
from dlexp.tasks.classification import Classification


@pytest.fixture(scope="module")
def run(launch, small, tmp_path_factory):
    words = ("model=lenet", "callbacks=[default,ema]", "callbacks.ema.decay=0.8")
    end = launch(*small, *words, folder=tmp_path_factory.mktemp("run") / "run")
    assert end.code == 0, end.err
    return end.folder


@pytest.fixture
def ask(call, tmp_path):
    def ask(*words):
        return call(lambda: command(predict.main), *words, folder=tmp_path)

    return ask


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """(N, 28, 28) uint8, the test split."""
    images, _ = Digits.read(Digits.__new__(Digits))["test"]
    return images[:, 0]


@pytest.fixture
def digit(digits, tmp_path):
    """The path of the first one as a PNG."""
    Image.fromarray(digits[0]).save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def probabilities(run, *paths, invert=False) -> torch.Tensor:
    return predict.predict(run, list(paths), invert)[0]


def test_they_are_those_of_the_test_step(run, digits, tmp_path, monkeypatch):
    seen = []
    judge = Classification.judge
    monkeypatch.setattr(Classification, "judge", lambda task, *args: (seen.extend(task.outputs), judge(task, *args)))
    evaluate(run, [])
    expected = torch.cat([logits for logits, _ in seen])[:8].softmax(1)
    paths = [tmp_path / f"{i}.png" for i in range(8)]
    for path, pixels in zip(paths, digits, strict=False):
        Image.fromarray(pixels).save(path)
    found, classes = predict.predict(run, paths, False)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    assert classes == list(Digits.classes)
    assert len(found.argmax(1).unique()) > 1 or found.std(0).max() > 1e-4  # it does look at the images


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("colour.png", lambda image: image.convert("RGB")),
        ("transparent.png", lambda image: image.convert("RGBA")),
        ("palette.png", lambda image: image.convert("P")),
        ("twice.png", lambda image: image.resize((56, 56), Image.Resampling.NEAREST)),
        ("grey.bmp", lambda image: image),
        ("grey.jpg", lambda image: image),
        ("colour.jpg", lambda image: image.convert("RGB")),
        ("16bit.png", lambda image: Image.fromarray(np.asarray(image).astype(np.uint16) * 257)),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_kinds_of_files(run, digit, tmp_path, name, change):
    with Image.open(digit) as image:
        change(image).save(tmp_path / name)
    found, expected = probabilities(run, tmp_path / name, digit)
    lossy = name.endswith("jpg") or name == "twice.png"
    torch.testing.assert_close(found, expected, atol=0.02 if lossy else 1e-6, rtol=0)


def test_an_image_on_its_side(run, digit, tmp_path):
    """A camera notes in EXIF how it was held."""
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(digit) as image:
        image.rotate(90).save(tmp_path / "turned.png", exif=exif)
    found, expected = probabilities(run, tmp_path / "turned.png", digit)
    torch.testing.assert_close(found, expected)


def test_invert(run, digits, digit, ask, tmp_path):
    Image.fromarray(255 - digits[0]).save(tmp_path / "ink.png")
    torch.testing.assert_close(probabilities(run, tmp_path / "ink.png", invert=True), probabilities(run, digit))
    plain, inverted = ask(run, tmp_path / "ink.png"), ask(run, tmp_path / "ink.png", "--invert")
    assert inverted.out.split(maxsplit=1)[1] == ask(run, digit).out.split(maxsplit=1)[1]
    assert plain.out != inverted.out


@pytest.mark.parametrize(("top", "named"), [("1", 1), ("3", 3), ("99", 10), ("0", 1)])
def test_what_is_printed(run, digit, ask, top, named):
    end = ask(run, digit, digit, "--top", top)
    assert (end.code, end.err) == (0, "")
    first, second = end.out.splitlines()
    assert first == second
    path, *words = first.split()
    assert path == str(digit)
    shares = [float(word.rstrip("%")) for word in words[1::2]]
    assert len(shares) == named
    assert shares == sorted(shares, reverse=True)
    assert set(words[0::2]) <= set(Digits.classes)


def test_a_colour_network_from_a_checkpoint_alone(ask, tmp_path):
    torch.manual_seed(0)
    model = LinearClassifier(input_shape=[3, 4, 6], num_classes=2)
    config = {"_target_": "dlexp.models.vision.linear_classifier.LinearClassifier"}
    checkpoint = {
        "hyper_parameters": {"model": config | {"input_shape": [3, 4, 6], "num_classes": 2}},
        "state_dict": {f"model.{name}": value for name, value in model.state_dict().items()},
        "classes": ["cat", "dog"],
        "preprocessing": {"image_shape": [3, 4, 6], "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7]},
    }
    torch.save(checkpoint, tmp_path / "net.ckpt")
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)  # (H, W, C)
    Image.fromarray(pixels).save(tmp_path / "colour.png")
    Image.fromarray(pixels[:, :, 0]).save(tmp_path / "grey.png")
    grey = np.repeat(pixels[:, :, :1], 3, axis=2)

    inputs = np.stack([(image / 255 - [0.1, 0.2, 0.3]) / [0.5, 0.6, 0.7] for image in (pixels, grey)])
    expected = model(torch.tensor(inputs, dtype=torch.float32).permute(0, 3, 1, 2)).softmax(1)
    found = probabilities(tmp_path / "net.ckpt", tmp_path / "colour.png", tmp_path / "grey.png")
    torch.testing.assert_close(found, expected)
    assert "cat" in ask(tmp_path / "net.ckpt", tmp_path / "colour.png").out


def test_one_line_says_what_is_wrong(run, digit, ask, tmp_path):
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    cut = tmp_path / "cut.png"
    cut.write_bytes(digit.read_bytes()[:60])
    (tmp_path / "untrained").mkdir()
    (tmp_path / "damaged.ckpt").write_bytes(b"PK")
    torch.save({"state_dict": {}, "hyper_parameters": {}}, tmp_path / "foreign.ckpt")
    for words, parts in (
        ((run, tmp_path / "missing.png"), ("no file", "missing.png")),
        ((run, digit, text), ("text.png", "not an image")),
        ((run, cut), ("cut.png", "not an image")),
        ((run, tmp_path), ("not an image",)),
        ((tmp_path / "untrained", digit), ("untrained", "no checkpoint")),
        ((tmp_path / "nowhere.ckpt", digit), ("nowhere.ckpt",)),
        ((tmp_path / "damaged.ckpt", digit), ("damaged.ckpt", "damaged")),
        ((tmp_path / "foreign.ckpt", digit), ("foreign.ckpt", "not a checkpoint of dlexp")),
    ):
        end = ask(*words)
        assert (end.code, end.out) == (1, ""), words
        (line,) = end.err.splitlines()
        assert line.startswith("dlexp: ")
        for part in parts:
            assert part in line
