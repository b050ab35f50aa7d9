"""The name that was probably meant."""

import pytest

from dlexp.composition.nearest import nearest


@pytest.mark.parametrize(
    ("word", "options", "end"),
    [
        ("momentun", ["lr", "momentum"], " (did you mean 'momentum'?)"),
        ("sgd", ["SGD", "Adam"], " (did you mean 'SGD'?)"),
        ("val/acc", ["val/auc", "val/accuracy"], " (did you mean 'val/accuracy'?)"),
        ("xyz", ["b", "a"], " (there is: a, b)"),
        ("", ["b", "a"], " (there is: a, b)"),
        ("xyz", [f"option{i}" for i in range(100)], ""),
        ("xyz", [], ""),
    ],
)
def test_nearest(word: str, options: list[str], end: str) -> None:
    assert nearest(word, options) == end
