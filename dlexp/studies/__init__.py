"""Many runs: planned, run anywhere, watched, resumed."""
