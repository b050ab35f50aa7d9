"""What a finished language model writes after a prompt."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dlexp.errors import InputError
from dlexp.generation.words import MOST_SEED, number, whole_number

WHAT = "a run that writes text"
MOST = 100_000
WORDS = {
    "prompt": "what the text begins with, such as prompt='ROMEO:' (nothing)",
    "n": "how many characters after it (400)",
    "temperature": "below 1 more of what is likely, above 1 more of what is not, 0 always the likeliest (0.8)",
    "top_k": "draw among so many of the likeliest characters (all)",
    "top_p": "draw among the likeliest that together have this probability (1)",
    "seed": "of the random numbers: the same seed, the same text (0)",
    "out": "the file to write (the text is printed)",
}


def make(run: Path, task: Any, checkpoint: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """The prompt and what follows, or where that was written."""
    alphabet = checkpoint["preprocessing"]["alphabet"]
    prompt = words.get("prompt", "")
    check_known(prompt, alphabet)
    n = whole_number("n", words.get("n", "400"), 1, MOST)
    seed = whole_number("seed", words.get("seed", "0"), 0, MOST_SEED)
    temperature = number("temperature", words.get("temperature", "0.8"), 0, 100)
    top_k = whole_number("top_k", words["top_k"], 1, len(alphabet)) if "top_k" in words else None
    top_p = number("top_p", words.get("top_p", "1"), 0, 1)
    out = Path(words["out"]).expanduser() if "out" in words else None
    if out is not None and out.exists():
        raise InputError(f"out={out}: there is one of that name already, give another file")

    import torch

    from dlexp.data.text.alphabet import numbers, written
    from dlexp.layers.sampling import check_temperature

    check_temperature("temperature", temperature)

    begin = prompt or ("\n" if "\n" in alphabet else alphabet[0])  # there is something to go on from
    made = task.write(
        torch.from_numpy(numbers(begin, alphabet)).long()[None],  # (1, C)
        n,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p if top_p < 1 else None,
        letters=len(alphabet),
        generator=torch.Generator().manual_seed(seed),
    )
    text = prompt + written(made[0].numpy(), alphabet)
    return text if out is None else keep(out, text)


def check_known(prompt: str, alphabet: str) -> None:
    """InputError for characters that the model has never read."""
    if unknown := dict.fromkeys(letter for letter in prompt if letter not in alphabet):
        named = ", ".join(map(repr, unknown))
        raise InputError(f"prompt: the model does not know {named}; it was trained with {len(alphabet)} characters")


def keep(file: Path, text: str) -> str:
    from dlexp.reporting.atomic import write_text

    try:
        write_text(file, f"{text}\n")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror or error}; give another file as out") from error
    return f"{len(text):,} characters: {file}"
