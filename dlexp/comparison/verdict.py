"""What may be said of a ranking, in sentences: never a winner by a hair."""

from dlexp.comparison.alternatives import Alternative
from dlexp.comparison.pairs import BETTER, OPEN, UNTESTED
from dlexp.comparison.ranking import Ranking
from dlexp.reporting import quantities

MOST_NAMED = 6  # alternatives in a sentence


def verdict(ranking: Ranking) -> list[str]:
    """The first by validation, whether it wins, its test result, and what it can and cannot be told from."""
    if not ranking.judged:
        return ["No alternative can be called best: no finished job has a monitored metric."]
    first, metric = ranking.judged[0], quantities.spoken(ranking.monitor)
    reached = _reached(first, ranking.monitor)
    if ranking.has_winner:
        lines = [f"Best by {metric}: {first.name}, {reached}."]
    else:
        lines = [f"No winner by {metric}: {first.name} is ahead with {reached}."]
    if ranking.twin != ranking.monitor and first.values(ranking.twin):
        lines.append(f"Its {quantities.spoken(ranking.twin)}: {_reached(first, ranking.twin)}.")
        lines += _split(ranking, first)
    return [*lines, *_against_others(ranking)]


def certainty(ranking: Ranking) -> str:
    """The same in a few words, for a table."""
    if len(ranking.judged) < 2:
        return "no second"
    if ranking.has_winner:
        return f"better ({max(ranking.against_others, key=lambda pair: pair.p_value).evidence})"
    return next(pair.words for pair in ranking.against_others if pair.outcome != BETTER)


def _reached(alternative: Alternative, metric: str) -> str:
    seeds = len(alternative.values(metric))
    value = quantities.metric(metric, *alternative.metric(metric))
    return f"{value} over {seeds} seeds" if seeds > 1 else value


def _split(ranking: Ranking, first: Alternative) -> list[str]:
    interval = ranking.test_interval(first)
    if interval is None:
        return []
    low, high = (quantities.metric(ranking.twin, bound) for bound in interval)
    size = first.runs[0].result.test_size
    more = ", however many seeds" if len(first.values(ranking.twin)) > 1 else ""
    return [f"With {size:,} test samples, the 95 % interval of that test result is {low} to {high} (Wilson){more}."]


def _against_others(ranking: Ranking) -> list[str]:
    if len(ranking.judged) < 2:
        return ["There is no second alternative to hold it against."]
    others = list(zip(ranking.judged[1:], ranking.against_others, strict=True))
    second, pair = others[0]
    follows = f"{second.name}, which comes second with {_reached(second, ranking.monitor)}"
    test = "By the paired t-test over seeds on validation"
    if ranking.pairs.tested > 1:
        test += f", with Holm's correction for all {ranking.pairs.tested:,} pairs"
    if pair.outcome == UNTESTED:
        few = "One seed" if pair.seeds else "Without a seed in common one"
        lines = [f"{few} cannot decide between it and {follows}; several can: seed=0,1,2."]
    elif pair.outcome == OPEN:
        lines = [f"{test}, it is not distinguishable ({pair.evidence}) from {follows}."]
    else:
        lines = [f"{test}, it is {pair.outcome} ({pair.evidence}) than {follows}."]
    tested = [other for other, pair in others if pair.outcome != UNTESTED]
    if len(others) > 1 and tested:
        beaten = [other.name for other, pair in others if pair.outcome == BETTER]
        equal = [other.name for other, pair in others if pair.outcome == OPEN]
        lines.append(f"It is better than {len(beaten) or 'none'} of the {len(others)} others{_named(equal)}.")
        if len(tested) < len(others):
            lines.append(f"Too few seeds in common to tell: {len(others) - len(tested)}.")
    return lines


def _named(equal: list[str]) -> str:
    if not equal:
        return ""
    if len(equal) > MOST_NAMED:
        return f" and not distinguishable from {len(equal)}"
    between = "; " if any(", " in name for name in equal) else ", "
    return f" and not distinguishable from {between.join(equal)}"
