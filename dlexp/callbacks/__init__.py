"""Lightning callbacks: they watch a task, write figures and keep checkpoints."""
