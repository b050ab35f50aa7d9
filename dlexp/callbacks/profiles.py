"""Where a profile goes: profiles/NAME.json for the study's comparison, and figures/NAME.png."""

from pathlib import Path

from lightning.pytorch import Trainer

from dlexp.callbacks.figures import keep_figure
from dlexp.reporting.profile import Profile, as_table, keep, profile_figure


def keep_profile(trainer: Trainer, folder: Path, name: str, profile: Profile, line: str) -> None:
    """`line` is what the run's own figure calls it, such as the split."""
    keep(folder, name, profile)
    keep_figure(trainer, folder, name, profile_figure(profile, {line: as_table(profile)}))
