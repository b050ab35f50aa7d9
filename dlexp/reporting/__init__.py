"""Plots (arrays in, a matplotlib Figure out) and pages (a run's folder in, a file out)."""
