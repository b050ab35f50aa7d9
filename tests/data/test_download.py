"""The downloader against a local server that resumes, refuses, breaks off or sends the wrong bytes."""

import hashlib
import io
import os
import random
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from dlexp.data import download
from dlexp.data.download import RemoteFile, fetch
from dlexp.errors import InputError

CONTENT = random.Random(0).randbytes(300_000)  # more than one chunk
OTHER = random.Random(1).randbytes(300_000)


@dataclass
class Served:
    """What the server answers at one path."""

    content: bytes = CONTENT
    status: int = 200
    ranges: bool = True
    lengths: bool = True
    break_after: list[int] = field(default_factory=list)  # bytes sent before each of the first requests breaks off


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        served = self.server.paths.get(self.path, Served(status=404))
        asked = self.headers["Range"]
        self.server.requests.append((self.path, asked))
        if served.status != 200:
            return self.send_error(served.status)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and served.ranges else 0
        if start and start >= len(served.content):
            return self.send_error(416)
        body = served.content[start:]
        self.send_response(206 if start else 200)
        if served.lengths:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: served.break_after.pop(0)] if served.break_after else body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.paths, server.requests = {}, []
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def remote(server: ThreadingHTTPServer, *paths: str) -> RemoteFile:
    urls = tuple(server.url + path for path in paths)
    return RemoteFile("set/raw/images.gz", hashlib.md5(CONTENT).hexdigest(), urls)


def fetched(file: RemoteFile, folder: Path, *, verify: bool = True) -> bytes:
    """The content, after a look that nothing else was left behind."""
    path = fetch(file, folder, verify=verify)
    assert path == folder / file.path
    assert os.listdir(path.parent) == [path.name]
    return path.read_bytes()


def leave_partial(folder: Path, content: bytes) -> None:
    (folder / "set/raw").mkdir(parents=True)
    (folder / "set/raw/images.gz.part").write_bytes(content)


def test_whole_file(server, tmp_path):
    server.paths["/a"] = Served()
    assert fetched(remote(server, "/a", "/b"), tmp_path) == CONTENT
    assert server.requests == [("/a", None)]


def test_a_file_that_is_there_is_left_alone(server, tmp_path):
    (tmp_path / "set/raw").mkdir(parents=True)
    (tmp_path / "set/raw/images.gz").write_bytes(b"mine")
    assert fetched(remote(server, "/a"), tmp_path) == b"mine"
    assert server.requests == []


def test_without_a_length(server, tmp_path):
    server.paths["/a"] = Served(lengths=False)
    assert fetched(remote(server, "/a"), tmp_path) == CONTENT


def test_resumes_a_partial_file(server, tmp_path):
    server.paths["/a"] = Served()
    leave_partial(tmp_path, CONTENT[:123_456])
    assert fetched(remote(server, "/a"), tmp_path) == CONTENT
    assert server.requests == [("/a", "bytes=123456-")]


def test_server_that_ignores_the_range(server, tmp_path):
    server.paths["/a"] = Served(ranges=False)
    leave_partial(tmp_path, CONTENT[:123_456])
    assert fetched(remote(server, "/a"), tmp_path) == CONTENT
    assert len(server.requests) == 1


@pytest.mark.parametrize("size", [1_000, len(CONTENT), len(CONTENT) + 1])
def test_stale_partial_file_is_thrown_away_once(server, tmp_path, size):
    server.paths["/a"] = Served()
    leave_partial(tmp_path, (OTHER + OTHER)[:size])
    assert fetched(remote(server, "/a"), tmp_path) == CONTENT
    assert server.requests == [("/a", f"bytes={size}-"), ("/a", None)]


def test_complete_partial_file_is_used(server, tmp_path):
    server.paths["/a"] = Served()
    leave_partial(tmp_path, CONTENT)
    assert fetched(remote(server, "/a"), tmp_path) == CONTENT


def test_connection_that_breaks_off_twice(server, tmp_path):
    server.paths["/a"] = Served(break_after=[100_000, 50_000])
    assert fetched(remote(server, "/a"), tmp_path) == CONTENT
    assert server.requests == [("/a", None), ("/a", "bytes=100000-"), ("/a", "bytes=150000-")]


def test_server_that_never_gets_further_gives_way_to_the_mirror(server, tmp_path):
    server.paths["/a"] = Served(ranges=False, break_after=[100_000] * 9)
    server.paths["/b"] = Served()
    assert fetched(remote(server, "/a", "/b"), tmp_path) == CONTENT
    assert [path for path, _ in server.requests] == ["/a", "/a", "/b"]
    assert server.requests[-1][1] == "bytes=100000-"  # the mirror goes on where the first broke off


@pytest.mark.parametrize("first", [Served(status=404), Served(status=503), Served(content=OTHER)])
def test_mirror(server, tmp_path, first):
    server.paths |= {"/a": first, "/b": Served()}
    assert fetched(remote(server, "/a", "/b"), tmp_path) == CONTENT


def test_wrong_bytes_everywhere(server, tmp_path):
    server.paths |= {"/a": Served(content=OTHER), "/b": Served(content=CONTENT[:-1])}
    file = remote(server, "/a", "/b")
    with pytest.raises(InputError, match=f"/a .*md5 is not {file.md5}.*/b .*md5") as caught:
        fetch(file, tmp_path, verify=True)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / file.path).exists()


def test_wrong_bytes_accepted_on_request(server, tmp_path):
    server.paths["/a"] = Served(content=OTHER)
    assert fetched(remote(server, "/a"), tmp_path, verify=False) == OTHER


def test_stale_partial_file_is_not_accepted_even_unverified(server, tmp_path):
    server.paths["/a"] = Served()
    leave_partial(tmp_path, OTHER[:1_000])
    assert fetched(remote(server, "/a"), tmp_path, verify=False) == CONTENT


def test_no_network(server, tmp_path):
    closed = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    closed.server_close()
    url = f"http://127.0.0.1:{closed.server_port}/images.gz"
    with pytest.raises(InputError) as caught:
        fetch(RemoteFile("set/raw/images.gz", "0" * 32, (url,)), tmp_path, verify=True)
    message = str(caught.value)
    for part in ("images.gz", f"{url} (Connection refused)", f"{tmp_path}/set/raw", "data=digits"):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("url", ["http://", "http://127.0.0.1:99999/x", "http://a..b/x"])
def test_impossible_address(tmp_path, url):
    with pytest.raises(InputError, match="cannot download"):
        fetch(RemoteFile("x", "0" * 32, (url,)), tmp_path, verify=True)


def test_server_that_sends_without_end(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "MAX_BYTES", 100_000)
    server.paths["/a"] = Served(lengths=False)
    with pytest.raises(InputError, match="more than 100,000 bytes"):
        fetch(remote(server, "/a"), tmp_path, verify=True)
    assert (tmp_path / "set/raw/images.gz.part").stat().st_size == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full, a device without room, is of Linux")
def test_full_disk(server, tmp_path):
    server.paths["/a"] = Served()
    (tmp_path / "set/raw").mkdir(parents=True)
    (tmp_path / "set/raw/images.gz.part").symlink_to("/dev/full")
    with pytest.raises(InputError, match=r"cannot write .*images\.gz: No space left on device.*data_dir"):
        fetch(remote(server, "/a", "/b"), tmp_path, verify=True)
    assert len(server.requests) == 1  # a mirror would not help
    assert not (tmp_path / "set/raw/images.gz").exists()


def test_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "set").write_text("a file")
    with pytest.raises(InputError, match=r"cannot write .*Not a directory.*data_dir"):
        fetch(remote(server, "/a"), tmp_path, verify=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(server, tmp_path):
    (tmp_path / "set/raw").mkdir(parents=True)
    (tmp_path / "set/raw").chmod(0o500)
    with pytest.raises(InputError, match=r"cannot write .*Permission denied.*data_dir"):
        fetch(remote(server, "/a"), tmp_path, verify=True)


def test_many_at_once_download_it_once(server, tmp_path):
    server.paths["/a"] = Served(break_after=[100_000, 100_000])  # the first has to ask thrice
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(fetch, remote(server, "/a"), tmp_path, verify=True) for _ in range(8)]
    assert {job.result().read_bytes() for job in jobs} == {CONTENT}
    assert len(server.requests) == 3
    assert os.listdir(tmp_path / "set/raw") == ["images.gz"]


def test_the_next_in_line_takes_over_after_a_failure(server, tmp_path):
    server.paths["/a"] = Served(break_after=[100_000, 0, 0])  # one gives up when asking brings nothing
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(fetch, remote(server, "/a"), tmp_path, verify=True) for _ in range(2)]
    assert all(isinstance(job.exception(), InputError) for job in jobs)
    assert server.requests[2] == ("/a", "bytes=100000-")  # it began where the first had to stop
    assert fetched(remote(server, "/a"), tmp_path) == CONTENT


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_only_on_a_terminal_and_once_a_second(server, tmp_path, monkeypatch, terminal):
    screen, seconds = io.StringIO(), iter(range(0, 1_000_000))
    screen.isatty = lambda: terminal
    monkeypatch.setattr(download.sys, "stderr", screen)
    monkeypatch.setattr(download.time, "monotonic", lambda: next(seconds) / 4)
    server.paths["/a"] = Served(content=CONTENT * 10)
    fetch(remote(server, "/a"), tmp_path, verify=False)
    lines = re.findall(r"images\.gz: (\d\.\d) of 3\.0 MB", screen.getvalue())
    chunks = 10 * len(CONTENT) // download.CHUNK
    assert chunks / 6 < len(lines) < chunks / 3 if terminal else screen.getvalue() == ""
