"""report.md and report.html of runs that ended in every way."""

import json
import re
import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from dlexp.reporting.pages import write_report
from dlexp.reporting.run_folder import read_run

EVIL = "<script>alert('x')</script>"


def test_report_of_a_finished_run(tmp_path, write_run, parse_page, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = write_run(tmp_path / "outputs" / "my run")
    path = write_report(folder)
    assert path == folder / "report.html"
    page = parse_page(path.read_text())
    for said in (
        "lenet on digits",
        "90.00 %",
        "92.00 %",
        "in epoch 2, the best",
        "61,706",
        "416,520",
        "1.1 s",
        "1.3 k samples/s",
        "512 MiB",
        "cpu (2 threads of 2 cores)",
        "torch 2.14.1",
        "python -m dlexp model=lenet seed=0",
        "python -m dlexp.evaluate 'outputs/my run'",
        "python -m dlexp.predict 'outputs/my run' IMAGE",
        "name: lenet",
    ):
        assert said in page.text
    assert page.tags.count("svg") == 2
    assert [link[:22] for link in page.links] == ["data:image/png;base64,"]

    markdown = (folder / "report.md").read_text()
    assert "![Confusion matrix](figures/confusion_matrix.png)" in markdown
    assert "![Curves](figures/curves.png)" in markdown
    assert "| Accuracy | 90.00 % | 92.00 % | 90.00 % |" in markdown
    assert (folder / "figures" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_it_is_made_again_from_the_folder_alone(tmp_path, write_run):
    folder = write_run(tmp_path / "run")
    first = write_report(folder).read_text()
    moved = folder.rename(tmp_path / "elsewhere")
    assert write_report(moved).read_text().replace("elsewhere", "run") == first


def test_curves_that_a_run_drew_are_kept(tmp_path, write_run):
    folder = write_run(tmp_path / "run", figures=("curves",))
    before = (folder / "figures" / "curves.png").read_bytes()
    page = write_report(folder).read_text()
    assert (folder / "figures" / "curves.png").read_bytes() == before
    assert "<img" not in page, "they are drawn as SVG, not twice"


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        ("failed", "the loss is not finite in epoch 3", "the loss is not finite in epoch 3"),
        ("running", None, "status is 'running'"),
        ("interrupted", "stopped by SIGTERM", "stopped by SIGTERM"),
        ("pruned", "pruned after epoch 3", "pruned after epoch 3"),
    ],
)
def test_report_of_a_run_that_did_not_finish(tmp_path, write_run, parse_page, status, error, said):
    folder = write_run(
        tmp_path / "run", history=None, figures=(), status=status, error=error, metrics={}, best_epoch=None
    )
    (folder / "error.log").write_text("Traceback …")
    page = parse_page(write_report(folder).read_text())
    assert said in page.text
    assert ('"note bad"' in (folder / "report.html").read_text()) == (status != "pruned"), "as the search wanted"
    assert "error.log" in page.text
    assert "dlexp.evaluate" not in page.text
    assert "svg" not in page.tags
    assert said in (folder / "report.md").read_text()


def test_resume_is_a_command_that_hydra_understands(tmp_path, write_run, parse_page):
    folder = write_run(
        tmp_path / "model=lenet,seed=0", status="interrupted", overrides=["model=lenet", "study=a", "x=[1,2]"]
    )
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "last.ckpt").touch()
    page = parse_page(write_report(folder).read_text())
    line = next(line for line in page.text.splitlines() if "ckpt=" in line)
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "dlexp"]
    overrides = OverridesParser.create().parse_overrides(words[3:])
    assert [override.key_or_group for override in overrides] == ["model", "x", "ckpt"]
    assert overrides[-1].value() == str(folder / "checkpoints" / "last.ckpt")
    assert not overrides[-1].is_sweep_override()


def test_hostile_names_stay_text(tmp_path, write_run, parse_page):
    folder = write_run(
        tmp_path / "run",
        model=EVIL,
        classes=[EVIL, "|", "`"],
        overrides=[f"model={EVIL}", "a='; rm -rf /'"],
        device=EVIL,
        error=EVIL,
        status="failed",
        metrics={f"test/{EVIL}": 1.0},
        figures=("<img>",),
    )
    (folder / ".hydra" / "config.yaml").write_text(f"a: {EVIL}\n</pre>\n")
    page = parse_page(write_report(folder).read_text())
    assert page.tags.count("script") == 1, "our own"
    assert EVIL in page.text
    prose = [line for line in (folder / "report.md").read_text().splitlines() if not line.startswith("    ")]
    assert not re.search(r"(?<!\\)<(?!/?(details|summary)>)", "\n".join(prose))


@pytest.mark.parametrize(
    ("abilities", "shown"),
    [
        ([], {"predict RUN IMAGE"}),
        (["generate"], {"generate RUN n=64"}),
        (["write"], {"generate RUN prompt='ROMEO:' temperature=0.8"}),
        (["answer"], {"generate RUN prompt=hello"}),
        (["reconstruct"], {"reconstruct RUN IMAGE"}),
        (["generate", "reconstruct"], {"generate RUN n=64", "reconstruct RUN IMAGE"}),
    ],
)
def test_what_the_model_can_be_asked(tmp_path, write_run, parse_page, abilities, shown):
    folder = write_run(tmp_path / "run", abilities=abilities)
    write_report(folder)
    found = re.findall(
        r"python -m dlexp\.((?:predict|generate|reconstruct) .*?)(?:`|$)", (folder / "report.md").read_text(), re.M
    )
    assert {command.strip().replace(f"{folder}", "RUN") for command in found} == shown


def test_what_must_be_known_of_the_metrics(tmp_path, write_run, parse_page):
    judge = {"run": EVIL, "config_hash": None, "commit": None, "accuracy": 0.9833}
    folder = write_run(tmp_path / "run", notes=["comparable only with <the> same judge"], judge=judge)
    page = parse_page(write_report(folder).read_text())
    assert "comparable only with <the> same judge" in page.text
    assert f"{EVIL}, 98.33 % right in its own test" in page.text
    assert "> comparable only with \\<the\\> same judge\n" in (folder / "report.md").read_text()


def test_a_folder_with_next_to_nothing(tmp_path, parse_page):
    (tmp_path / ".hydra").mkdir()
    assert "never began" in parse_page(write_report(tmp_path).read_text()).text
    (tmp_path / "result.json").write_text(json.dumps({"status": "finished"}))
    assert read_run(tmp_path).result.status == "finished"
    assert "finished" in parse_page(write_report(tmp_path).read_text()).text


def test_nothing_in_it_is_of_classification(tmp_path, write_run, parse_page):
    folder = write_run(
        tmp_path / "run",
        task="autoencoder",
        monitor="val/mse",
        mode="min",
        classes=[],
        metrics={"val/mse": 0.0123, "test/mse": 0.0131},
        history="step,epoch,train/mse,val/mse\n1,0,0.5,0.4\n2,1,0.1,0.1\n",
    )
    page = parse_page(write_report(folder).read_text())
    assert "Test MSE" in page.text
    assert "0.0131" in page.text
    assert "dlexp.predict" not in page.text
    assert "accuracy" not in page.text.lower()


def test_a_picture_of_several_panels_goes_across_the_page(tmp_path, write_run):
    from PIL import Image

    folder = write_run(tmp_path / "run", figures=())
    for name, size in (("panels", (90, 30)), ("panel", (40, 30))):
        Image.new("L", size).save(folder / "figures" / f"{name}.png")
    page = write_report(folder).read_text()
    assert '<img class="wide" alt="Panels"' in page
    assert '<img alt="Panel"' in page
    assert '<svg role="img"' in page  # a single panel
