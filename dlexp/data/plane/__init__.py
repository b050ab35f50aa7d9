"""Points in the plane: sets that one can look at."""
