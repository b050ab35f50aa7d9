"""An installed wheel is complete: conf/ and the page templates lie where the code looks for them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of the wheel, unpacked as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*build, str(REPOSITORY)], check=True, capture_output=True)
    (wheel,) = folder.glob("dlexp-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def relative(folder: Path, pattern: str) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob(pattern)}


def test_every_conf_file_template_and_text_is_in_the_wheel(installed: Path) -> None:
    assert relative(installed / "dlexp" / "conf", "*.yaml") == relative(REPOSITORY / "conf", "*.yaml")
    for folder, pattern in ((Path("dlexp", "reporting", "templates"), "*"), (Path("dlexp", "data", "text"), "*.txt")):
        assert relative(REPOSITORY / folder, pattern)
        assert relative(installed / folder, pattern) == relative(REPOSITORY / folder, pattern)


def test_no_tests_in_the_wheel(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if path.is_dir()} == {
        "dlexp",
        *(p.name for p in installed.glob("*.dist-info")),
    }


def test_the_wheel_composes_its_own_conf(installed: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dlexp", "model=resnet", "--cfg", "job", "-p", "model._target_"]
    environment = {"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    shown = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "dlexp.models.vision.resnet.ResNet"
