"""Ends a trial that a search has seen enough of, so that its time goes to better ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from hydra.utils import instantiate
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.errors import Pruned
from dlexp.reporting.run_folder import read_run
from dlexp.reporting.search_journal import load_search, searched_folder

if TYPE_CHECKING:
    from optuna import Study, Trial


class Pruning(Callback):
    """Reports the objective after every epoch and asks the pruner; idle in runs that no search with a pruner made.

    The run and its search may be on two machines that share a file system: what they know of each other stands in
    the study's journal. So the choice of a pruner changes neither a run's config nor its folder.
    """

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)
        self.trial: Trial | None = None
        self.reported: set[int] = set()  # epochs, by an earlier attempt as well
        self.validated = False  # in the running epoch; Lightning keeps older metrics

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        place = searched_folder(self.folder)
        if place is None or trainer.fast_dev_run:
            return
        search = load_search(place)
        pruner = search.user_attrs.get("pruner")
        if pruner is None:
            return
        search.pruner = instantiate(pruner, _convert_="all")
        ((self.objective, _),) = search.user_attrs["objectives"]
        self.trial = own_trial(search, self.folder)
        if self.trial:
            self.reported = set(search.trials[self.trial.number].intermediate_values)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated = True

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.trial is None:
            return
        hopeless = trainer.is_global_zero and self.hopeless(trainer)
        self.validated = False
        if trainer.strategy.broadcast(hopeless):  # all ranks stop together
            value = trainer.callback_metrics[self.objective].item()
            raise Pruned(f"pruned after epoch {trainer.current_epoch + 1}: {self.objective} {value:.4g} is behind")

    def hopeless(self, trainer: Trainer) -> bool:
        fresh = self.validated or not self.objective.startswith("val/")
        if not fresh or self.objective not in trainer.callback_metrics:
            return False
        epoch = trainer.current_epoch
        if epoch not in self.reported:
            self.trial.report(trainer.callback_metrics[self.objective].item(), epoch)
            self.reported.add(epoch)
        return self.trial.should_prune()


def own_trial(search: "Study", folder: Path) -> "Trial | None":
    """The trial under way of which the run in `folder` is the job, told by its overrides."""
    from optuna.trial import Trial, TrialState

    words = read_run(folder).result.overrides
    running = search.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    mine = [trial for trial in running if words in trial.user_attrs.get("jobs", [])]
    return Trial(search, mine[0]._trial_id) if mine else None
