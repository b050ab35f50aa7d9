"""How every command of dlexp ends: with its work done, or with one line on stderr and an exit code that is not 0."""

import os
import sys
import traceback
from collections.abc import Callable

from dlexp.composition.explain import explain
from dlexp.errors import Interrupted

TRACEBACK_WANTED = os.environ.get("HYDRA_FULL_ERROR") == "1"  # Hydra's own switch: show what lies behind the line


def command(main: Callable[[], None]) -> None:
    """Call `main`; a known error becomes its line, an unknown one (a bug of ours) keeps its traceback."""
    try:
        main()
    except Interrupted as stop:
        sys.exit(stop.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        line = None if TRACEBACK_WANTED else explain(error)
        if line is None:
            traceback.print_exc()
        else:
            print(f"dlexp: {line}", file=sys.stderr)
        sys.exit(1)
