"""The numbers of tokens: three that are no letters, then the letters."""

PAD = 0  # fills up what is shorter than its neighbours in a batch
BEGIN = 1  # what a decoder is given before its first letter
END = 2  # what it says after its last
FIRST = 3  # the first letter
