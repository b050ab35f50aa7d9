"""Many runs: what a study's job folders say together."""
