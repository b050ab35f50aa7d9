"""Numbers as people read them, with their units, and the names of metrics."""

import math

ABSENT = "—"
SHORT = (
    "auc",
    "f1",
    "mse",
    "mae",
    "kl",
    "nll",
    "elbo",
    "fid",
    "kid",
    "pca",
    "cer",
    "wer",
    "gru",
    "lstm",
    "tcn",
)  # written in capitals
WRITTEN = {short: short.upper() for short in SHORT} | {"r2": "R²", "lr": "learning rate"}
UNITS = {
    "denoising_gain": "dB",
    "bits_per_character": "bits",
    **dict.fromkeys(("elbo", "kl", "nll", "reconstruction", "mode_kl"), "nats"),
}
SHARES = ("accuracy", "precision", "recall", "f1")  # metrics that are read as a percentage


def known(value: float | None) -> bool:
    """Whether there is a number to show."""
    return value is not None and math.isfinite(value)


def exact(value: float | None) -> str:
    """A count, digit by digit: 61,706."""
    return f"{value:,.0f}" if known(value) else ABSENT


def short(value: float | None) -> str:
    """A count to three digits: 61.7 k, 11.2 M, 1.82 G."""
    if not known(value):
        return ABSENT
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= 0.9995 * size:
            return f"{_three_digits(value / size)} {unit}"
    return _three_digits(value)


def seconds(value: float | None) -> str:
    """A duration: 0.35 s, 12.3 s, 3 min 20 s, 2 h 5 min."""
    if not known(value):
        return ABSENT
    if value < 59.95:
        return f"{_three_digits(value)} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def memory(value: float | None) -> str:
    """Bytes: 512 MiB, 3.2 GiB."""
    if not known(value):
        return ABSENT
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= size:
            return f"{_three_digits(value / size)} {unit}"
    return f"{value:.0f} B"


def is_share(name: str) -> bool:
    """Whether the metric `name` (`test/accuracy`) is a share of the samples, shown in per cent."""
    return name.rsplit("/", 1)[-1].removesuffix("_of_samples").endswith(SHARES)


def metric(name: str, value: float | None, deviation: float | None = None) -> str:
    """A metric, with its standard deviation if there is one: 98.33 ± 0.12 %, 0.0521 ± 0.0004, 86.3 nats."""
    if not known(value):
        return ABSENT
    if is_share(name):
        return f"{100 * value:.2f}{f' ± {100 * deviation:.2f}' if known(deviation) else ''} %"
    text, unit = f"{value:.4g}", UNITS.get(name.rsplit("/", 1)[-1].partition("_of_")[0], "")
    if known(deviation):
        decimals = len(text.partition(".")[2]) if "e" not in text else 0
        rounded = f"{deviation:.{decimals}f}"
        text += f" ± {rounded if float(rounded) else f'{deviation:.1g}'}"
    return f"{text} {unit}".strip()


def interval(name: str, low: float, high: float) -> str:
    """Bounds of a metric: 0.031 to 0.042. A share stays within 0 and 100 %, of which Student's t knows nothing."""
    if not (known(low) and known(high)):
        return ABSENT
    if is_share(name):
        return f"{100 * max(low, 0.0):.2f}\N{EN DASH}{100 * min(high, 1.0):.2f} %"
    return f"{low:.4g} to {high:.4g}"


def difference(name: str, value: float) -> str:
    """Of two values of a metric: +1.20 points of a percentage, -0.031 of others."""
    if not known(value):
        return ABSENT
    return f"{100 * value:+.2f} points" if is_share(name) else f"{value:+.3g}"


def p_value(value: float) -> str:
    """0.034, <0.001"""
    if not known(value):
        return ABSENT
    return f"{value:.2g}" if value >= 0.001 else "<0.001"


def spoken(name: str) -> str:
    """`val/top5_accuracy` as a person writes it: validation top5 accuracy; what is short for something in capitals."""
    stage, _, rest = name.rpartition("/")
    words = [WRITTEN.get(word, word) for word in rest.split("_")]
    return " ".join([{"train": "training", "val": "validation"}.get(stage, stage), *words]).strip()


def heading(name: str) -> str:
    """The same with a capital at its beginning."""
    text = spoken(name)
    return text[:1].upper() + text[1:]


def _three_digits(value: float) -> str:
    """0.035, 1.5, 61.7, 512: three significant digits and no exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
