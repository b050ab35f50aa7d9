"""Loggers: where the scalars of a run go besides metrics.csv."""
