"""How the machine is divided among jobs."""

import os

import pytest

from dlexp.studies.engines.local import Local, last_line


def local(monkeypatch, gpus: int, **options) -> Local:
    engine = Local(**{"workers": None, "threads": None, "jobs_per_gpu": 1, "grace": 1} | options)
    monkeypatch.setattr(engine, "call", lambda function: gpus)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return engine


@pytest.mark.parametrize(
    ("visible", "gpus", "options", "total", "slots", "threads"),
    [
        (None, 0, {}, 24, [None] * 8, 1),
        (None, 0, {}, 2, [None] * 2, 4),
        (None, 0, {"workers": 3}, 24, [None] * 3, 2),
        (None, 0, {"workers": 3, "threads": 5}, 24, [None] * 3, 5),
        (None, 2, {}, 24, ["0", "1"], 4),
        (None, 2, {"jobs_per_gpu": 3}, 24, ["0", "1"] * 3, 1),
        ("4,7", 2, {"jobs_per_gpu": 2}, 24, ["4", "7"] * 2, 2),
        ("GPU-ab", 1, {}, 24, ["GPU-ab"], 8),
    ],
)
def test_cores_and_gpus_are_divided(monkeypatch, visible, gpus, options, total, slots, threads):
    engine = local(monkeypatch, gpus, **options)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    engine.divide(total)
    assert (engine.slots, engine.threads) == (slots, threads)


def test_who_sets_the_threads_is_heard(monkeypatch):
    engine = local(monkeypatch, 0)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    engine.divide(24)
    assert engine.threads == 3


@pytest.mark.parametrize(
    ("said", "expected"),
    [(None, "its process could not begin"), ("", "its process could not begin"), ("one\ntwo\n\n", "two")],
)
def test_the_last_words_of_a_process(tmp_path, said, expected):
    if said is not None:
        (tmp_path / "job.log").write_text(said)
    assert last_line(tmp_path / "job.log") == expected
