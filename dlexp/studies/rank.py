"""`python -m dlexp.studies.rank FOLDER`: one more rank of a distributed job, started by Lightning on its first."""

import contextlib
import os
import sys
from pathlib import Path

from dlexp.errors import Pruned
from dlexp.studies.worker import LOG, run_folder

if __name__ == "__main__":
    folder = Path(sys.argv[1])  # the overrides of Hydra that Lightning adds are in the frozen config already
    with (folder / LOG).open("a") as log:
        for stream in (1, 2):  # why a rank failed belongs to the job, not to the terminal of the study
            os.dup2(log.fileno(), stream)
    with contextlib.suppress(Pruned):  # the first rank records it
        run_folder(folder)
