"""Losses that are more than a line of torch: of sparse codes, of variational bounds, of two players."""
