"""`python -m dlexp.generate RUN [WORD…]`: what a finished run makes of its own: images, text, answers."""

import argparse
from pathlib import Path

from dlexp.composition.command import command
from dlexp.generation import answers, pictures, text
from dlexp.generation.words import check_use, read_words
from dlexp.trained import load_task

KINDS = {"generate": pictures, "write": text, "answer": answers}  # by what the run's task can do


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m dlexp.generate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n\n".join(
            "\n".join([f"words for {kind.WHAT}:", *(f"  {name + '=':<13}{said}" for name, said in kind.WORDS.items())])
            for kind in KINDS.values()
        ),
    )
    parser.add_argument("run", type=Path, help="a run's folder, or a checkpoint")
    parser.add_argument("words", nargs="*", metavar="WORD", help="such as n=64, seed=0, prompt='ROMEO:'")
    arguments = parser.parse_args()

    words = read_words(arguments.words, {name: said for kind in KINDS.values() for name, said in kind.WORDS.items()})
    task, checkpoint = load_task(arguments.run, "generate")
    kind = next(kind for ability, kind in KINDS.items() if hasattr(task, ability))
    check_use(words, kind.WORDS, kind.WHAT)
    print(kind.make(arguments.run, task, checkpoint, words))


if __name__ == "__main__":
    command(main)
