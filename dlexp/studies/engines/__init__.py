"""Where the jobs of a study run: in this process, on this machine, on a cluster."""
