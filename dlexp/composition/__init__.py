"""Between the command line and a run: is the composed config sound, and what to say when it is not."""
