"""Nets that read, write and rewrite sequences."""
