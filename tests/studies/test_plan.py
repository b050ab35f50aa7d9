"""The order in which jobs are composed, and what the manifest remembers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from dlexp.studies.manifest import Manifest, constants, digest, read_manifest
from dlexp.studies.plan import new_words_first


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=3), max_size=12))
def test_every_job_is_composed_once_and_new_words_come_first(jobs):
    order = new_words_first(jobs)
    assert sorted(order) == list(range(len(jobs)))
    seen, late = set(), False
    for index in order:
        brings = not seen.issuperset(jobs[index])
        assert not (late and brings)
        late = late or not brings
        seen.update(jobs[index])


def test_a_grid_is_known_by_its_edges():
    grid = [[f"model={m}", f"seed={s}"] for m in "abcdefgh" for s in range(5)]
    first = new_words_first(grid)[: 8 + 5 - 1]
    assert {word for index in first for word in grid[index]} == {word for job in grid for word in job}


def test_the_manifest_comes_back(tmp_path):
    manifest = Manifest("abc", ["seed=0"], {"model=a seed=0": "model=a"}, {"model=a": "123"}, {})
    manifest.write(tmp_path)
    assert read_manifest(tmp_path) == manifest


@pytest.mark.parametrize("content", [None, "", "[]", '{"unknown": 1}', "{"])
def test_a_manifest_that_cannot_be_read_is_an_empty_one(tmp_path, content):
    if content is not None:
        (tmp_path / "study.json").write_text(content)
    assert read_manifest(tmp_path) == Manifest()


def test_constants():
    assert constants(["model=a", "seed=0", "optimizer.lr=1,2"], {"model": "a,b"}) == ["seed=0", "optimizer.lr=1,2"]
    assert constants(["model=a"], None) == ["model=a"]


@pytest.fixture
def master(tmp_path):
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "a.yaml").write_text("x: ${oc.env:DLEXP_TEST,1}\n")
    sources = [{"path": str(tmp_path / "conf"), "schema": "file"}, {"path": "hydra.conf", "schema": "pkg"}]
    return OmegaConf.create({"hydra": {"runtime": {"config_sources": sources}, "overrides": {"hydra": ["a=1"]}}})


def test_the_digest_changes_with_whatever_a_config_is_composed_from(master, tmp_path, monkeypatch):
    found = [digest(master)]
    assert digest(master) == found[0]
    monkeypatch.setenv("DLEXP_TEST", "2")
    found.append(digest(master))
    (tmp_path / "conf" / "model" / "a.yaml").write_text("x: 2\n")
    found.append(digest(master))
    (tmp_path / "conf" / "model" / "a.yaml").rename(tmp_path / "conf" / "model" / "b.yaml")
    found.append(digest(master))
    master.hydra.overrides.hydra = ["a=2"]
    found.append(digest(master))
    assert len(set(found)) == 5
    master.hydra.runtime.config_sources.append({"path": "some.package", "schema": "pkg"})
    assert digest(master) is None  # its files are not looked at
