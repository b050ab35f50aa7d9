"""What python -m dlexp.generate makes of a finished run, by what its task can do: pictures, text, answers."""
