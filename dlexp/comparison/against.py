"""Each alternative against each other one on a page: a matrix of symbols, its legend, and a row for each pair."""

import numpy as np

from dlexp.comparison.pairs import BETTER, OPEN, SIGNIFICANT, UNTESTED, WORSE
from dlexp.comparison.ranking import Ranking
from dlexp.reporting import quantities
from dlexp.reporting.tables import Cell, Table

SYMBOLS = {BETTER: "▲", WORSE: "▼", OPEN: "≈", UNTESTED: "?"}
ORDER = {BETTER: 1, OPEN: 0, UNTESTED: 0, WORSE: -1}  # by which a column is sorted
MOST_SHOWN = 12  # alternatives, the best; all are corrected for


def matrix(ranking: Ranking) -> Table:
    """A matrix of symbols: the alternative of the row against that of the column."""
    shown = ranking.judged[:MOST_SHOWN]
    rows = []
    for i, one in enumerate(shown):
        row = [Cell(ranking.labels[one.name], note=one.name)]
        for j, other in enumerate(shown):
            if i == j:
                row.append(Cell(""))
                continue
            pair = ranking.pairs.pair(i, j)
            note = f"{one.name} against {other.name}: {pair.words} ({pair.evidence})"
            row.append(Cell(SYMBOLS[pair.outcome], ORDER[pair.outcome], note=note, kind=pair.outcome.partition(" ")[0]))
        rows.append(row)
    return Table(["row against column", *(ranking.labels[one.name] for one in shown)], rows)


def each_pair(ranking: Ranking) -> Table:
    """The same in words and numbers, a row for each pair."""
    shown = ranking.judged[:MOST_SHOWN]
    rows = []
    for i, one in enumerate(shown):
        for j, other in enumerate(shown[i + 1 :], i + 1):
            pair = ranking.pairs.pair(i, j)
            uncorrected = float(ranking.pairs.tests.p_values[i, j])
            rows.append(
                [
                    Cell(f"{one.name} against {other.name}"),
                    Cell(pair.words),
                    Cell(quantities.difference(ranking.monitor, pair.difference), pair.difference),
                    Cell(quantities.p_value(uncorrected), uncorrected),
                    Cell(quantities.p_value(pair.p_value), pair.p_value),
                    Cell(str(pair.seeds), pair.seeds),
                ]
            )
    difference = f"mean difference in {quantities.spoken(ranking.monitor)}"
    return Table(["pair", "result", difference, "p", "p, corrected", "n"], rows)


def legend(ranking: Ranking) -> str:
    """What the symbols of the matrix mean, and the test behind them."""
    tests = ranking.pairs.tests
    tested = tests.seeds[np.isfinite(tests.p_values)]
    n = f"n={tested.min()}" if tested.min() == tested.max() else f"n={tested.min()} to {tested.max()}"
    words = {
        BETTER: f"the row is better in {quantities.spoken(ranking.monitor)}",
        WORSE: "worse",
        OPEN: f"not distinguishable at {n}",
        UNTESTED: "fewer than two common seeds, so nothing can be said",
    }
    if ranking.pairs.tested == len(ranking.judged) * (len(ranking.judged) - 1) // 2:
        del words[UNTESTED]
    symbols = ", ".join(f"{SYMBOLS[outcome]} {meaning}" for outcome, meaning in words.items())
    first = f" The first {MOST_SHOWN} of {len(ranking.judged)}." if len(ranking.judged) > MOST_SHOWN else ""
    pairs = f"all {ranking.pairs.tested:,} pairs" if ranking.pairs.tested > 1 else "the one pair that could be tested"
    test = f"Paired t-test over the common seeds, p below {SIGNIFICANT} after Holm's correction for {pairs}."
    return f"{symbols}.{first} {test}"
