"""Words of letters and what is to be made of them: drawn without end, by rules."""
