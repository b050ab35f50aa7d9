"""Data sets: where they come from, how they are read, and the one in-memory loader that serves them."""
