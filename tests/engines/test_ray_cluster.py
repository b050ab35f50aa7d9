"""A real Ray cluster of two nodes, started with Ray's own commands on loopback, which loses one in mid-study."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ray")


def free_ports(count: int) -> list[int]:
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports


def start(log: Path, *words: str) -> subprocess.Popen:
    """A node with one processor, which has started when this returns and ends with the command."""
    command = [Path(sys.executable).with_name("ray"), "start", "--block", "--num-cpus=1", *words]
    command += ["--disable-usage-stats", f"--object-store-memory={100 * 2**20}"]
    with log.open("w") as file:
        node = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
    while "Ray runtime started" not in log.read_text() and node.poll() is None:
        time.sleep(0.1)
    return node


def kill(node: subprocess.Popen) -> None:
    """With all that it has started."""
    for pid in descendants(node.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    node.wait()


def descendants(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(grandchild for child in children for grandchild in descendants(int(child)))]


@pytest.fixture
def cluster(monkeypatch) -> Iterator[tuple[str, subprocess.Popen]]:
    """Its address and its second node."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    temp = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # a short path, as there will be sockets
    port, client = free_ports(2)
    address = f"127.0.0.3:{port}"  # Ray takes 127.0.0.1 for the name of this machine's own address
    head = ("--head", f"--port={port}", f"--ray-client-server-port={client}", "--include-dashboard=false")
    nodes = []
    try:
        nodes.append(start(temp / "head.log", *head, "--node-ip-address=127.0.0.3", f"--temp-dir={temp}"))
        nodes.append(start(temp / "second.log", f"--address={address}", "--node-ip-address=127.0.0.2"))
        yield address, nodes[1]
    finally:
        for node in nodes:
            kill(node)
        shutil.rmtree(temp, ignore_errors=True)


def metrics(study: Path) -> dict[str, dict]:
    """Of the jobs that are finished."""
    found = {path.parent.name: json.loads(path.read_text()) for path in study.glob("*/result.json")}
    return {name: result["metrics"] for name, result in found.items() if result["status"] == "finished"}


def test_a_study_survives_the_loss_of_a_node(cluster, launch, small, tmp_path):
    address, second = cluster
    words = (*small, "trainer.max_epochs=40", "seed=0,1,2")
    calm = launch(*words, "hydra/launcher=inline", "-m", folder=tmp_path / "calm")
    study = tmp_path / "study"

    def strike() -> None:
        """Once two jobs are training, one on each node."""
        while sum(len(path.read_text().splitlines()) > 4 for path in study.glob("*/metrics.csv")) < 2:
            time.sleep(0.1)
        kill(second)

    killer = threading.Thread(target=strike, daemon=True)
    killer.start()
    command = [sys.executable, "-m", "dlexp", *words, "hydra/launcher=ray_cluster", f"hydra.sweep.dir={study}", "-m"]
    command.insert(-1, f"hydra.launcher.engine.address={address}")
    end = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (end.returncode, end.stderr) == (0, "")
    assert second.poll() is not None
    assert metrics(study) == metrics(calm.folder)
    assert len(metrics(study)) == 3
