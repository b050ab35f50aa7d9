"""dlexp: classic deep-learning experiments, each one line to run."""
