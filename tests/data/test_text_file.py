"""A user's text file: what is read of it, and the one line for what cannot be."""

import os

import pytest

from dlexp.data.text import text_file
from dlexp.data.text.text_file import read_text
from dlexp.errors import InputError


def test_the_embedded_play():
    text = read_text(None)
    assert text.startswith("SAMPSON:\nGregory")
    assert (len(text), len(set(text))) == (133_465, 61)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"one\r\ntwo\r\n", "one\ntwo\n"),
        (b"one\rtwo", "one\ntwo"),
        (b"\r\n\r\n\r a", "\n\n\n a"),
        (b"\xef\xbb\xbfwith a mark", "with a mark"),
        ("Grüße, 世界 \U0001f40d\n".encode(), "Grüße, 世界 \U0001f40d\n"),
    ],
    ids=["CRLF", "CR", "mixed", "BOM", "Unicode"],
)
def test_is_read_as_it_stands_with_line_feeds(tmp_path, content, text):
    (tmp_path / "text.txt").write_bytes(content)
    assert read_text(str(tmp_path / "text.txt")) == text


def test_a_path_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "text.txt").write_text("at home")
    assert read_text("~/text.txt") == "at home"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\x89PNG\r\n\0\0", "binary file"),
        ("Grüße".encode("latin-1"), r"not UTF-8 text \(byte 2\).*iconv"),
        ("text".encode("utf-16"), r"not UTF-8|binary"),
    ],
    ids=["empty", "blank", "mark alone", "binary", "Latin-1", "UTF-16"],
)
def test_what_is_no_text(tmp_path, content, said):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        read_text(str(path))
    assert f"data.path={path}" in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_file(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"nowhere.txt: there is no such file; null takes the embedded text"):
        read_text(str(tmp_path / "nowhere.txt"))
    with pytest.raises(InputError, match="is a folder: give a text file"):
        read_text(str(tmp_path))
    (tmp_path / "file").write_text("text")
    with pytest.raises(InputError, match="cannot be read: Not a directory"):
        read_text(str(tmp_path / "file" / "below"))
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(InputError, match="is no file: give a text file"):
            read_text(str(path))
    with pytest.raises(InputError, match=r"data\.path=123: give the path .*\./123"):
        read_text(123)
    with pytest.raises(InputError, match=r"~nosuchuser/x: there is no such user's folder"):
        read_text("~nosuchuser/x")
    monkeypatch.setattr(text_file, "MOST_BYTES", 3)
    with pytest.raises(InputError, match="has more than"):
        read_text(str(tmp_path / "file"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    (tmp_path / "secret").write_text("text")
    (tmp_path / "secret").chmod(0)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read_text(str(tmp_path / "secret"))
