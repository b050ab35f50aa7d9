"""The end of a job that could not tell of it itself."""

import json
from pathlib import Path

from filelock import FileLock, Timeout

from dlexp.reporting.atomic import write_text
from dlexp.reporting.pages import write_report
from dlexp.reporting.run_folder import MISSING, read_run


def settle(folder: Path, reason: str) -> None:
    """Record that the job has failed for this reason, unless its result.json tells an end of its own.

    Nor if another process is at work in the folder: the job is that one's.
    """
    path = folder / "result.json"
    try:
        with FileLock(folder / ".lock", timeout=0):
            if read_run(folder).result.status in ("running", MISSING):
                result = json.loads(path.read_text()) if path.is_file() else {}
                write_text(path, json.dumps(result | {"status": "failed", "error": reason}, indent=2) + "\n")
                write_report(folder)
    except Timeout:
        return
