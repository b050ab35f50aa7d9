"""Numbers as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlexp.reporting import quantities


@pytest.mark.parametrize(
    ("function", "value", "text"),
    [
        ("exact", 61706, "61,706"),
        ("exact", None, "—"),
        ("short", 0, "0"),
        ("short", 999.7, "1 k"),
        ("short", 61706, "61.7 k"),
        ("short", 138357544, "138 M"),
        ("short", 1.8e9, "1.8 G"),
        ("short", math.nan, "—"),
        ("seconds", 0.0351, "0.0351 s"),
        ("seconds", 12.34, "12.3 s"),
        ("seconds", 59.99, "1 min 0 s"),
        ("seconds", 200, "3 min 20 s"),
        ("seconds", 7500, "2 h 5 min"),
        ("memory", 512 * 2**20, "512 MiB"),
        ("memory", 100, "100 B"),
    ],
)
def test_quantity(function, value, text):
    assert getattr(quantities, function)(value) == text


@pytest.mark.parametrize(
    ("name", "value", "deviation", "text"),
    [
        ("test/accuracy", 0.98333, None, "98.33 %"),
        ("val/top5_accuracy", 0.98333, 0.00121, "98.33 ± 0.12 %"),
        ("test/precision_of_samples", 0.5, None, "50.00 %"),
        ("test/accuracy", 0.98333, math.nan, "98.33 %"),
        ("test/auc", 0.99123, 0.00044, "0.9912 ± 0.0004"),
        ("test/loss", 0.5, 0.0312, "0.5 ± 0.03"),
        ("test/loss", math.inf, None, "—"),
        ("test/elbo", -205.68, 0.31, "-205.7 ± 0.3 nats"),
        ("test/denoising_gain_of_median_filter", 6.95, None, "6.95 dB"),
    ],
)
def test_metric(name, value, deviation, text):
    assert quantities.metric(name, value, deviation) == text


@pytest.mark.parametrize(
    ("name", "low", "high", "text"),
    [
        ("test/accuracy", 0.968, 0.994, "96.80\N{EN DASH}99.40 %"),
        ("test/accuracy", -0.1, 1.02, "0.00\N{EN DASH}100.00 %"),
        ("test/loss", -0.031, 0.0421, "-0.031 to 0.0421"),
        ("test/loss", math.nan, math.nan, "—"),
    ],
)
def test_interval(name, low, high, text):
    assert quantities.interval(name, low, high) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("val/accuracy", 0.012, "+1.20 points"),
        ("val/accuracy", -0.0312, "-3.12 points"),
        ("val/loss", -0.0312, "-0.0312"),
        ("val/loss", math.nan, "—"),
    ],
)
def test_difference(name, value, text):
    assert quantities.difference(name, value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0341, "0.034"), (1.0, "1"), (1e-9, "<0.001"), (math.nan, "—")])
def test_p_value(value, text):
    assert quantities.p_value(value) == text


@given(st.floats(min_value=1e-3, max_value=9e14))
def test_short_keeps_three_digits(value):
    number, _, unit = quantities.short(value).partition(" ")
    size = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}[unit]
    assert float(number) * size == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("val/top5_accuracy", "validation top5 accuracy"),
        ("test/auc", "test AUC"),
        ("train/loss", "training loss"),
        ("loss", "loss"),
    ],
)
def test_names_of_metrics(name, text):
    assert quantities.spoken(name) == text
    assert quantities.heading(name) == text[0].upper() + text[1:]
