"""A comparison as files: results.csv, comparison.md, comparison.html and figures/."""

import re
import shlex
from pathlib import Path
from typing import Any

from dlexp.comparison import against, jobs, tables
from dlexp.comparison.comparison import Comparison, compare
from dlexp.comparison.figures import MOST_DRAWN, Drawing, figures, over_problems
from dlexp.comparison.ranking import Ranking
from dlexp.comparison.results import as_csv
from dlexp.comparison.search import search_figures, search_sentences
from dlexp.comparison.verdict import verdict
from dlexp.reporting import pages, style
from dlexp.reporting.atomic import write_bytes, write_text


def write_comparison(folder: Path) -> Comparison:
    """Compare the jobs of a study and write it into its folder."""
    comparison = compare(folder)
    write(comparison)
    return comparison


def write(comparison: Comparison) -> None:
    """Into the folder of the comparison."""
    folder = comparison.folder
    write_text(folder / "results.csv", as_csv(comparison.runs, folder))
    context = {
        "comparison": comparison,
        "title": folder.resolve().name,
        "command": command(folder),
        "studies": [(pages.shown(study), jobs.link(study / "comparison.html", folder)) for study in comparison.studies],
        "again": shlex.join(["python", "-m", "dlexp.report", *map(pages.shown, comparison.studies or [folder])]),
        "summary": tables.summary(comparison.rankings),
        "search": {
            "sentences": search_sentences(folder),
            "figures": [drawn(Drawing(name, figure), name, folder) for name, figure in search_figures(folder)],
        },
        "scales": [
            drawn(one, f"{scale.ranking.title}_{one.name}", folder)
            for scale in comparison.scales
            for one in over_problems(scale)
        ],
        "sections": [section(ranking, folder) for ranking in comparison.rankings],
        "failures": jobs.failures(comparison.failed, folder),
        "jobs": jobs.every_job(comparison.runs, folder),
    }
    write_text(folder / "comparison.md", pages.render("comparison.md", **context))
    write_text(comparison.page, pages.render("comparison.html", **context))


def drawn(drawing: Drawing, name: str, folder: Path) -> dict[str, Any]:
    """What the pages need of a figure, which is written to figures/ on the way."""
    stem = re.sub(r"\W+", "_", name).strip("_")
    path = folder / "figures" / f"{stem}.png"
    write_bytes(path, style.png(drawing.figure))
    words = pages.words(stem)
    svg = pages.inline_svg(drawing.figure, words)
    return {"words": words, "file": path.name, "svg": svg, "caption": drawing.caption}


def section(ranking: Ranking, folder: Path) -> dict[str, Any]:
    """What the pages say of one data set."""
    count = min(len(ranking.alternatives), MOST_DRAWN)
    tested = ranking.pairs.tested > 0
    runs = [run for alternative in ranking.alternatives for run in alternative.runs]
    return {
        "title": ranking.title,
        "verdict": verdict(ranking),
        "table": tables.main_table(ranking),
        "key": tables.under_main_table(ranking),
        "notes": list(dict.fromkeys(str(note) for run in runs for note in run.result.notes)),
        "more": tables.more_table(ranking),
        "settings": len(ranking.axes) > 1,
        "against": against.matrix(ranking) if tested and len(ranking.judged) > 2 else None,
        "legend": against.legend(ranking) if tested else None,
        "each_pair": against.each_pair(ranking) if tested else None,
        "colours": [look["color"] for look in style.LOOKS[:count]],
        "figures": [drawn(one, f"{ranking.title}_{one.name}", folder) for one in figures(ranking)],
        "left_out": len(ranking.alternatives) - count,
    }


def command(folder: Path) -> str | None:
    """What started the study, from the multirun.yaml that Hydra leaves; None if it is not there."""
    import yaml

    try:
        config = yaml.safe_load((folder / "multirun.yaml").read_text(encoding="utf-8"))
        typed = config["hydra"]["overrides"]
        words = [str(word) for word in (*typed.get("hydra", ()), *typed["task"])]
        words = [word for word in words if not word.startswith(("hydra.mode=", "hydra.sweep.dir="))]
        return shlex.join(["python", "-m", "dlexp", *words, "-m"])
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return None
