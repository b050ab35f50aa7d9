"""Losses that are more than a line of torch: of variational bounds, of two players."""
