"""Search instead of a grid: Optuna proposes the jobs of a study, a few at a time, from what the earlier ones gave."""
