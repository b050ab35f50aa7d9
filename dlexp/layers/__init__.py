"""Building blocks that more than one network uses, one idea a file."""
