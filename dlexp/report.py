"""`python -m dlexp.report FOLDER…`: a run's report, or a study's comparison, again from its folder.

Several studies are compared with one another as well, in a folder beside the first.
"""

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

    from dlexp.comparison.together import write_together
    from dlexp.comparison.writing import write_comparison
    from dlexp.reporting.pages import write_report
    from dlexp.reporting.run_folder import is_run

    failed = False
    studies = {}
    for folder in folders:
        try:
            if is_run(folder):
                print(write_report(folder))
            else:
                studies[folder.resolve()] = comparison = write_comparison(folder)
                print(comparison.page)
        except (InputError, OSError) as error:
            print(f"dlexp: {error}", file=sys.stderr)
            failed = True
    if len(studies) > 1:
        try:
            print(f"all together: {write_together(list(studies.values())).page}")
        except OSError as error:
            print(f"dlexp: {error}", file=sys.stderr)
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    command(main)
