"""Text: files of it, as characters and as words."""
