"""What is searched: the overrides of the command line and of the task, as distributions of Optuna."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override, RangeSweep, Transformer
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from dlexp.errors import InputError

EXAMPLE = "'optimizer.lr=tag(log,interval(1e-4,1e-1))'"
COMPARED = ("task", "data")  # a search would choose the easiest


@dataclass(frozen=True)
class Space:
    """`fixed` words are those of every job, `searched` the keys whose values a trial draws.

    `seeds` are the words of replicates, one list a job: a trial is judged by their mean.
    """

    fixed: list[str]
    searched: dict[str, BaseDistribution]
    seeds: list[list[str]]
    given: frozenset[str]  # the searched keys that the task and not the command line names

    def jobs(self, values: Mapping[str, Any]) -> list[list[str]]:
        """The overrides of each job of the trial that has drawn `values`."""
        drawn = [f"{key}={values[key]}" for key in self.searched]
        return [[*self.fixed, *drawn, *seed] for seed in self.seeds]

    def samples(self) -> Iterator[dict[str, Any]]:
        """Points that together show every choice once, and of intervals a value that is no whole number."""
        middle = {key: centre(distribution) for key, distribution in self.searched.items()}
        yield middle
        for key, distribution in self.searched.items():
            if isinstance(distribution, CategoricalDistribution):
                for choice in distribution.choices[1:]:
                    yield middle | {key: choice}


def read_space(params: Mapping[str, str], words: Sequence[str], parser: OverridesParser) -> Space:
    """`params` are the task's own sweep; what the command line (`words`) says of the same key replaces it."""
    tasks = {name(o): o for o in parser.parse_overrides([f"{key}={value}" for key, value in params.items()])}
    typed = {name(o): o for o in parser.parse_overrides(list(words))}
    overrides = tasks | typed
    swept = {key: override for key, override in overrides.items() if override.is_sweep_override()}
    seeds = replicates(swept.pop("seed", None))
    for key in COMPARED:
        if key in swept:
            raise InputError(f"{swept[key].input_line}: a search would choose the easiest {key}: fix it, {key}=NAME")
    if not swept:
        raise InputError(f"nothing to search: give a key an interval or choices, such as {EXAMPLE}")
    return Space(
        fixed=[override.input_line for override in overrides.values() if not override.is_sweep_override()],
        searched={override.get_key_element(): distribution(override) for override in swept.values()},
        seeds=seeds,
        given=frozenset(override.get_key_element() for key, override in swept.items() if key not in typed),
    )


def name(override: Override) -> str:
    """Of the key, however it is set: `+model.width` and `model.width` are one."""
    return override.get_key_element().lstrip("+~")


def replicates(seeds: Override | None) -> list[list[str]]:
    """The words that each run of a trial has of its own; a single run has none."""
    if seeds is None:
        return [[]]
    if not seeds.is_discrete_sweep():
        raise InputError(f"{seeds.input_line}: seeds are replicates: list them, seed=0,1,2")
    return [[f"seed={seed}"] for seed in seeds.sweep_string_iterator()]


def distribution(override: Override) -> BaseDistribution:
    """Of a swept key. InputError where the sweep makes no sense to a search.

    Intervals are of real numbers, as Hydra says, and `int(interval(2,64))` of whole ones, both ends included.
    Choices keep the text that the command line would have.
    """
    sweep = override.value()
    tags = getattr(sweep, "tags", set())
    try:
        if unknown := tags - {"log"}:
            raise ValueError(f"there is no tag '{min(unknown)}', only log")
        if isinstance(sweep, IntervalSweep):
            kind = IntDistribution if isinstance(sweep.start, int) else FloatDistribution
            return kind(sweep.start, sweep.end, log="log" in tags)
        if isinstance(sweep, RangeSweep):
            return from_range(sweep, log="log" in tags)
        if tags:
            raise ValueError("choices have no logarithm, an interval has")
        return CategoricalDistribution(choices(override))
    except ValueError as error:
        raise InputError(f"{override.input_line}: {error}") from error


def from_range(sweep: RangeSweep, *, log: bool) -> BaseDistribution:
    """The numbers of Hydra's range: from start, in steps, short of stop."""
    numbers = list(sweep.range())
    if not numbers:
        raise ValueError("this range is empty")
    whole, step = isinstance(numbers[0], int), abs(sweep.step)
    low, high = min(numbers), max(numbers)
    if log and not (whole and step == 1):
        raise ValueError("a logarithmic range is of whole numbers, by steps of one")
    if whole:
        return IntDistribution(low, high, log=log, step=step)
    return FloatDistribution(low, float(f"{high:.12g}"), step=step)  # Hydra adds up the steps, and their rounding


def choices(override: Override) -> list[str]:
    """As the command line would have them, in the order in which they stand, shuffled or not."""
    sweep = override.value()
    found = override.sweep_string_iterator() if isinstance(sweep, Glob) else map(Transformer.str, sweep.list)
    found = list(dict.fromkeys(found))
    if not found:
        raise ValueError("there is nothing to choose from")
    return found


def centre(distribution: BaseDistribution) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[0]
    if isinstance(distribution, IntDistribution) or distribution.step:
        return distribution.low
    return distribution.low + 0.618 * (distribution.high - distribution.low)


def described(distribution: BaseDistribution) -> str:
    """`0.0001 to 0.1, log`, `32, 64`."""
    if isinstance(distribution, CategoricalDistribution):
        return ", ".join(distribution.choices)
    words = [f"{distribution.low:g} to {distribution.high:g}"]
    if distribution.step not in (None, 1):
        words.append(f"by {distribution.step:g}")
    if distribution.log:
        words.append("log")
    return ", ".join(words)
