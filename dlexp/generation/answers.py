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
    "beam": "how many answers are followed at a time; 1 takes the likeliest letter each time (1)",
}


def make(run: Path, task: Any, checkpoint: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """The answer."""
    preprocessing = checkpoint["preprocessing"]
    alphabet, longest = preprocessing["alphabet"], preprocessing["longest"]
    beam = whole_number("beam", words.get("beam", "1"), 1, MOST_BEAM)
    if "prompt" not in words:
        raise InputError(f"give a word of the letters {alphabet}, prompt=…, and this run answers it")
    prompt = words["prompt"]
    check_known(prompt, alphabet)
    if len(prompt) > longest:
        raise InputError(f"prompt={prompt}: it has {len(prompt)} letters, this run takes {longest} at most")

    import torch

    first = preprocessing["first"]  # the number of the first letter
    source = torch.tensor([[first + alphabet.index(letter) for letter in prompt]])  # (1, S)
    return "".join(alphabet[token - first] for token in task.answer(source, beam))
