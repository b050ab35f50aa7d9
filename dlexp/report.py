"""`python -m dlexp.report FOLDER…`: a run's report, or a study's comparison, again from its folder."""

import argparse
import sys
from pathlib import Path

from dlexp.composition.command import command
from dlexp.errors import InputError


def main() -> None:
    """Print the path of each page; a folder that is neither a run's nor a study's keeps no other back."""
    parser = argparse.ArgumentParser(prog="python -m dlexp.report", description=__doc__)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", type=Path, help="the folder of a run or of a study")
    folders = parser.parse_args().folders

    from dlexp.reporting.pages import write_report
    from dlexp.reporting.run_folder import is_run
    from dlexp.studies.comparison import write_comparison

    failed = False
    for folder in folders:
        try:
            print(write_report(folder) if is_run(folder) else write_comparison(folder).page)
        except (InputError, OSError) as error:
            print(f"dlexp: {error}", file=sys.stderr)
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    command(main)
