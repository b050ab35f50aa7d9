"""search.journal in a study's folder: what a search has tried. Its runs report to it, its figures are drawn from it."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlexp.errors import InputError

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage

JOURNAL = "search.journal"
NAME = "search"  # of the only Optuna study in a journal


def searched_folder(folder: Path) -> Path | None:
    """The folder of the search that `folder` belongs to: itself or the nearest one above with a journal."""
    folder = folder.resolve()
    return next((place for place in (folder, *folder.parents) if (place / JOURNAL).is_file()), None)


def need_optuna() -> None:
    """InputError where it is not installed. It keeps its remarks to itself from here on."""
    try:
        import optuna
    except ImportError:
        raise InputError("a search needs Optuna: pip install -e '.[search]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def storage(folder: Path) -> "BaseStorage":
    """The journal as Optuna reads and writes it, from any process that sees the file."""
    need_optuna()
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    # Its lock is a link to this path: a relative one would lead nowhere, and whoever waits would wait for ever.
    return JournalStorage(JournalFileBackend(str((folder / JOURNAL).resolve())))


def load_search(folder: Path, **parts: Any) -> "Study":
    """The search of which the journal lies in `folder`; `parts` are its sampler and pruner, where they matter."""
    store = storage(folder)
    import optuna

    return optuna.load_study(study_name=NAME, storage=store, **parts)
