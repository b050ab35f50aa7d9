"""Recurrent nets: a cell a file, readable, and the layer that runs one over time."""
