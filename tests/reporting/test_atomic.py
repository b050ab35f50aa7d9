"""A file is there whole or not at all."""

import os

import pytest

from dlexp.reporting.atomic import write_bytes, write_text


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "deep" / "result.json"
    write_text(path, "één")
    write_text(path, "two")
    write_bytes(tmp_path / "deep" / "image", b"\0\1")
    assert path.read_text(encoding="utf-8") == "two"
    assert sorted(os.listdir(path.parent)) == ["image", "result.json"]


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    write_text(path, "old")

    def full_disk(number: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["result.json"]
