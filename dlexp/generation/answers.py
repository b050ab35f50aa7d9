"""What a finished encoder-decoder makes of a word."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlexp.errors import InputError
from dlexp.generation.text import check_known
from dlexp.generation.words import whole_number

WHAT = "a run that answers"
MOST_BEAM = 100
WORDS = {
    "prompt": "the word that it is to answer, such as prompt=hello",
    "beam": "how many answers are followed at a time; 1 takes the likeliest letter each time (the run's task.beam)",
}


def make(run: Path, task: Any, checkpoint: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """The answer, and under it a line that says so if it was cut off before it came to an end."""
    preprocessing = checkpoint["preprocessing"]
    alphabet, longest = preprocessing["alphabet"], preprocessing["longest"]
    beam = whole_number("beam", words["beam"], 1, MOST_BEAM) if "beam" in words else task.beam
    if "prompt" not in words:
        raise InputError(f"give a word of the letters {alphabet}, prompt=…, and this run answers it")
    prompt = words["prompt"]
    check_known(prompt, alphabet)
    if len(prompt) > longest:
        raise InputError(f"prompt={prompt}: it has {len(prompt)} letters, this run takes {longest} at most")

    import torch

    from dlexp.tasks.transduction import MOST_TOKENS

    first = preprocessing["first"]  # the number of the first letter
    source = torch.tensor([[first + alphabet.index(letter) for letter in prompt]])  # (1, S)
    answer = task.answer(source, beam)
    said = "".join(alphabet[token - first] for token in answer)
    return said if len(answer) < MOST_TOKENS else f"{said}\n(cut off after {MOST_TOKENS} letters: it came to no end)"
