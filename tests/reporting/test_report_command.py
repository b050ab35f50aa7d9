"""`python -m dlexp.report FOLDER…`."""

import subprocess
import sys

import pytest

from dlexp import report


def call(monkeypatch, *folders):
    monkeypatch.setattr(sys, "argv", ["dlexp.report", *map(str, folders)])
    with pytest.raises(SystemExit) as end:
        report.main()
    return end.value.code


def test_runs_and_studies(tmp_path, write_run, monkeypatch, capsys):
    run = write_run(tmp_path / "run")
    study = write_run(tmp_path / "study" / "model=lenet").parent
    assert call(monkeypatch, run, study) == 0
    assert capsys.readouterr().out.splitlines() == [str(run / "report.html"), str(study / "comparison.html")]


def test_several_studies_are_compared_with_one_another_as_well(tmp_path, write_run, monkeypatch, capsys):
    run = write_run(tmp_path / "run")
    one, two = (write_run(tmp_path / name / f"model={name}", config_hash=name).parent for name in ("one", "two"))
    assert call(monkeypatch, one, run, two, one) == 0
    together = tmp_path / "one+two" / "comparison.html"
    assert capsys.readouterr().out.splitlines() == [
        str(one / "comparison.html"),
        str(run / "report.html"),
        str(two / "comparison.html"),
        str(one / "comparison.html"),
        f"all together: {together}",
    ]
    assert together.is_file()


def test_a_comparison_that_cannot_be_written_is_one_line(tmp_path, write_run, monkeypatch, capsys):
    studies = [write_run(tmp_path / name / "job").parent for name in ("one", "two")]
    (tmp_path / "one+two").touch()
    assert call(monkeypatch, *studies) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("dlexp: ")
    assert "one+two" in line


def test_a_wrong_folder_is_one_line_and_keeps_nothing_back(tmp_path, write_run, monkeypatch, capsys):
    run = write_run(tmp_path / "run")
    (tmp_path / "empty").mkdir()
    assert call(monkeypatch, tmp_path / "empty", tmp_path / "nowhere", run) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(run / "report.html")]
    first, second = err.splitlines()
    assert "empty holds no runs" in first
    assert "nowhere is not a folder" in second


def test_it_never_imports_torch(tmp_path, write_run):
    study = write_run(tmp_path / "study" / "model=lenet").parent
    code = (
        "import sys, dlexp.report\n"
        "try: dlexp.report.main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "slow = {'torch', 'lightning', 'torchvision', 'matplotlib.pyplot'} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    subprocess.run([sys.executable, "-c", code, str(study), str(study / "model=lenet")], check=True)


def test_importing_the_plots_is_cheap():
    code = (
        "import sys, dlexp.reporting.pages, dlexp.reporting.plots, dlexp.comparison.comparison\n"
        "assert not {'torch', 'matplotlib', 'pandas', 'scipy', 'jinja2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
