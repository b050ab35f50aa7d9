"""Applicants: the user's file cell by cell, the made-up ones against their own model, splits and features."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import OmegaConf
from sklearn.linear_model import LogisticRegression

from dlexp.data.admissions import Admissions, encode
from dlexp.data.applicants_file import read_applicants
from dlexp.errors import InputError

CONF = Path(__file__).parents[2] / "conf" / "data" / "admissions.yaml"
REAL = Path(os.environ.get("DLEXP_DATA_DIR", "~/.cache/dlexp")).expanduser() / "admissions" / "student_data.csv"
HEADER = "admit,gre,gpa,rank\n"
GOOD = HEADER + "0,380,3.61,3\n1,660,3.67,3\n"


def build(*, seed: int = 0, **changes: object) -> Admissions:
    root = {"seed": seed, "data": OmegaConf.load(CONF)}
    try:
        return instantiate(OmegaConf.merge(root, {"data": changes}).data)
    except InstantiationException as error:
        raise error.__cause__ from None


@pytest.fixture
def write(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "students.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


# The file


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.replace(",", " , "),
        GOOD.replace("\n", "\n\n"),
        GOOD.rstrip(),
        'rank,"gpa",gre,admit\n3,3.61,380,0\n3,3.67,660.0,1.0\n',
    ],
)
def test_a_good_file(write, text):
    assert read_applicants(write(text)).tolist() == [[0, 380, 3.61, 3], [1, 660, 3.67, 3]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("admit,gre,gpa\n0,380,3.61\n", "has no column 'rank'"),
        ("0,380,3.61,3\n", "has no column 'admit'"),
        ("admit;gre;gpa;rank\n0;380;3.61;3\n", "has no column 'admit': its first line must be admit,gre,gpa,rank"),
        ("admit,gre,gpa,rank,name\n0,380,3.61,3,A\n", "has an unknown column 'name'"),
        ("admit,gre,gpa,rank,gre\n0,380,3.61,3,1\n", "has more than one column 'gre'"),
        (GOOD + "0,380,3.61\n", "line 4: 3 cells, but the header has 4"),
        (GOOD + "\n0,380,,3\n", "line 5, gpa: the cell is empty"),
        (GOOD + "0,many,3.61,3\n", "line 4, gre: 'many' is not a number"),
        (GOOD + "0,nan,3.61,3\n", "line 4, gre: nan must be from 200 to 800"),
        (GOOD + "2,380,3.61,3\n", "line 4, admit: 2 must be 0 or 1"),
        (GOOD + "0.5,380,3.61,3\n", "line 4, admit: 0.5 must be 0 or 1"),
        (GOOD + "0,199,3.61,3\n", "line 4, gre: 199 must be from 200 to 800"),
        (GOOD + "0,801,3.61,3\n", "line 4, gre: 801 must be from 200 to 800"),
        (GOOD + "0,380,4.01,3\n", "line 4, gpa: 4.01 must be from 0 to 4"),
        (GOOD + "0,380,-1,3\n", "line 4, gpa: -1 must be from 0 to 4"),
        (GOOD + "0,380,3.61,5\n", "line 4, rank: 5 must be 1 or 2 or 3 or 4"),
        (GOOD + "0,380,3.61,1.5\n", "line 4, rank: 1.5 must be 1 or 2 or 3 or 4"),
        (GOOD + '0,380,"3.61,3\n', "is not a csv file"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "is not a csv file"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(write, text, said):
    path = write(text)
    with pytest.raises(InputError) as raised:
        build(csv=str(path))
    assert str(raised.value).startswith(f"data.csv={path}")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match=r"data\.csv=.*nothing\.csv: there is no such file"):
        build(csv=str(tmp_path / "nothing.csv"))
    with pytest.raises(InputError, match=r"data\.csv=.* cannot be read: Is a directory"):
        build(csv=str(tmp_path))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test": 0}, "data.test=0: give a number of applicants"),
        ({"test": 401}, "data.test=401: cannot pick 401 of 400 samples"),
        ({"validation": 330}, "data.validation=330: cannot pick 330 of 320"),
        ({"validation": 320}, "data.test=80 and data.validation=320 leave 0 applicants to train with"),
        ({"validation": 2.5}, "data.validation=2.5: give a number of applicants"),
        ({"synthetic": {"rows": 0}}, "data.synthetic.rows=0"),
        ({"synthetic": {"draw": -1}}, "data.synthetic.draw=-1"),
        ({"synthetic": {"rank": [0.0, 1.0]}}, r"data.synthetic.rank=\[0.0, 1.0\]: give four numbers"),
        ({"input_shape": [3]}, r"data.input_shape=\[3\], but the set has 6 columns"),
    ],
)
def test_arguments_that_cannot_be(changes, said):
    with pytest.raises(InputError, match=said.replace("data.", r"data\.")):
        build(**changes)


@pytest.mark.parametrize(("rows", "said"), [(4, r"data\.test=80: cannot pick 80 of 4"), (1, r"cannot pick 80 of 1 ")])
def test_too_few_rows(write, rows, said):
    path = write(HEADER + "".join(f"{i % 2},{400 + i},3.{i},2\n" for i in range(rows)))
    with pytest.raises(InputError, match=said):
        build(csv=str(path))


def test_a_column_that_says_nothing(write):
    path = write(HEADER + "".join(f"{i % 2},500,3.{i % 10},2\n" for i in range(400)))
    with pytest.raises(InputError, match="all applicants of the training split have the same gre"):
        build(csv=str(path))


# Splits and features


def test_splits_are_stratified_and_the_same_for_every_seed():
    one, other = build(seed=0), build(seed=1)
    whole = np.concatenate([one.applicants(split) for split in ("train", "val", "test")])
    share = whole[:, 0].mean()
    for split, size in (("train", 240), ("val", 80), ("test", 80)):
        rows = one.applicants(split)
        assert len(rows) == size
        assert abs(rows[:, 0].sum() - share * size) <= 1
        np.testing.assert_array_equal(rows, other.applicants(split))
    everyone = instantiate(OmegaConf.load(CONF).synthetic)()
    np.testing.assert_array_equal(whole[np.lexsort(whole.T)], everyone[np.lexsort(everyone.T)])


def test_features_are_standardised_by_the_training_split(capsys):
    data = build()
    data.setup("fit")
    data.setup("test")
    assert capsys.readouterr().out.count("synthetic") == 1
    train, rows = data.features("train").double(), data.applicants("train")
    torch.testing.assert_close(train[:, :2].mean(0), torch.zeros(2).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(train[:, :2].std(0, correction=0), torch.ones(2).double(), atol=1e-6, rtol=0)
    assert (train[:, 2:].sum(1) == 1).all()
    assert torch.equal(train[:, 2:].argmax(1) + 1, torch.from_numpy(rows[:, 3]).long())
    assert torch.equal(data.labels("train"), torch.from_numpy(rows[:, 0]).long())
    grades = data.applicants("test")[:, 1:3]
    wanted = (grades - rows[:, 1:3].mean(0)) / rows[:, 1:3].std(0)
    np.testing.assert_allclose(data.features("test")[:, :2], wanted, atol=1e-6)
    asked = encode(data.preprocessing, *data.applicants("test")[:, 1:].T)
    assert torch.equal(asked, data.features("test"))
    assert asked.dtype == torch.float32


def test_a_file_is_not_called_synthetic(write, capsys):
    rows = "".join(f"{i % 3 == 0:d},{300 + i},{2 + i / 300:.2f},{i % 4 + 1}\n" for i in range(400))
    data = build(csv=str(write(HEADER + rows)))
    data.setup()
    assert capsys.readouterr().out == ""
    assert data.preprocessing["source"] == "students.csv"
    assert build().preprocessing["source"] == "synthetic applicants"


@pytest.mark.skipif(not REAL.is_file(), reason="no admissions in DLEXP_DATA_DIR")
def test_the_file_that_courses_use():
    rows = read_applicants(REAL)
    assert rows.shape == (400, 4)
    assert rows[:, 0].sum() == 127
    assert len(build(csv=str(REAL)).applicants("train")) == 240


# Made-up applicants


def test_logistic_regression_finds_the_model_that_drew_them():
    cfg = OmegaConf.load(CONF).synthetic
    rows = instantiate(cfg, rows=200_000)()
    admit, gre, gpa, rank = rows.T
    features = np.stack([(gre - 590) / 115, (gpa - 3.4) / 0.38, *(rank == r for r in (2, 3, 4))], axis=1)
    found = LogisticRegression(C=1e6).fit(features, admit)
    stated = [115 * cfg.gre, 0.38 * cfg.gpa, *(r - cfg.rank[0] for r in cfg.rank[1:])]
    np.testing.assert_allclose(found.coef_[0], stated, atol=0.06)
    np.testing.assert_allclose(found.intercept_, cfg.intercept + cfg.rank[0] + 590 * cfg.gre + 3.4 * cfg.gpa, atol=0.06)


def test_made_up_applicants_have_the_form_of_the_file():
    make = instantiate(OmegaConf.load(CONF).synthetic)
    rows = make()
    np.testing.assert_array_equal(rows, make())
    admit, gre, gpa, rank = rows.T
    assert set(admit) == {0, 1}
    assert set(rank) == {1, 2, 3, 4}
    assert 200 <= gre.min() <= gre.max() <= 800
    assert (gre % 20 == 0).all()
    assert 2 <= gpa.min() <= gpa.max() <= 4
    np.testing.assert_allclose(gpa, gpa.round(2))
    other = instantiate(OmegaConf.load(CONF).synthetic, draw=1)()
    assert (other != rows).any()
