"""What the headers of conf/ say."""

import re
from pathlib import Path

CONF = Path(__file__).parents[1] / "conf"
FROM_FILES = ("mnist", "fmnist", "cifar10", "octmnist")  # data sets that a machine may lack


def around(option: str) -> list[str]:
    """The task and the data, as words, that go with a file (`model/lenet`): of the first command in its header."""
    text = (CONF / f"{option}.yaml").read_text()
    command = re.search(r"^# +python -m dlexp\b.*", text, re.MULTILINE)
    if option.startswith(("task/", "experiment/")) or not command:
        return []
    words = re.findall(r"\b((?:task|data)=\w+)", command[0])
    return [word for word in words if word.partition("=")[2] not in FROM_FILES and word != option.replace("/", "=")]
