"""Pages: a run's folder in, report.md and report.html out."""

import base64
import os
import shlex
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlexp.reporting import quantities, style
from dlexp.reporting.atomic import write_bytes, write_text
from dlexp.reporting.plots import STAGES, curve_names, curves
from dlexp.reporting.run_folder import PRUNED, Run, read_run
from dlexp.reporting.tables import Cell, Table, as_markdown, escape_markdown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HERE = Path(__file__).parent
WIDE = 1.8  # ratio of width and height from which a picture goes across all columns


def write_report(folder: Path) -> Path:
    """Write report.md, report.html and, if the run left none, figures/curves.png; return report.html."""
    run = read_run(folder)
    several = run.history["epoch"].nunique() > 1  # one point makes no curve
    names = curve_names(run.history, run.result.monitor) if several else []
    best = run.result.best_epoch
    if names and not (folder / "figures" / "curves.png").is_file():
        image = style.png(curves(run.history, names=names, best_epoch=best))
        write_bytes(folder / "figures" / "curves.png", image)
        run = read_run(folder)
    drawn = [
        inline_svg(curves(run.history, names=[name], best_epoch=best), f"{quantities.heading(name)} over the epochs")
        for name in names
    ]
    images = [inline_image(path) for path in run.figures if path.stem != "curves"]
    context = {
        "title": title(run),
        "run": run,
        "folder": shown(folder),
        "reason": run.result.error or f"The run did not finish: its status is '{run.result.status}'.",
        "as_intended": run.result.status == PRUNED,
        "tiles": tiles(run),
        "metrics": metrics_table(run),
        "figures": drawn + images,
        "commands": commands(run),
        "facts": facts(run),
    }
    write_text(folder / "report.md", render("report.md", **context))
    page = folder / "report.html"
    write_text(page, render("report.html", **context))
    return page


def render(template: str, **context: Any) -> str:
    """Fill a file of templates/; what goes into HTML is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"md": escape_markdown, "markdown": as_markdown, "words": words, "unbroken": unbroken}
    return environment.get_template(template).render(context)


def title(run: Run) -> str:
    """lenet on digits"""
    named = " on ".join(name for name in (run.result.model, run.result.data) if name)
    return named or run.result.task or run.folder.resolve().name


def tiles(run: Run) -> list[dict[str, str]]:
    """What one looks at first: the monitored metric on the test split and before, and what it cost."""
    result = run.result
    found = []
    if result.monitor:
        twin = "test/" + result.monitor.split("/", 1)[-1]
        epoch = f"in epoch {result.best_epoch + 1}, the best" if result.best_epoch is not None else ""
        if twin in result.metrics:
            size = f"of {result.test_size:,} samples" if result.test_size else ""
            found.append((quantities.heading(twin), quantities.metric(twin, result.metrics[twin]), size))
        if result.monitor in result.metrics and twin != result.monitor:
            value = quantities.metric(result.monitor, result.metrics[result.monitor])
            found.append((quantities.heading(result.monitor), value, epoch))
    operations = f"{quantities.short(result.flops)} FLOPs a sample" if quantities.known(result.flops) else ""
    found.append(("Parameters", quantities.short(result.parameters), operations))
    epochs = f"{result.epochs} epoch{'s' * (result.epochs > 1)}, " if result.epochs else ""
    whole = f"{epochs}{quantities.seconds(result.seconds)} in all" if quantities.known(result.seconds) else ""
    found.append(("Time an epoch", quantities.seconds(result.seconds_per_epoch), whole))
    return [{"name": name, "value": value, "note": note} for name, value, note in found if value != quantities.ABSENT]


def metrics_table(run: Run) -> Table:
    """A row a metric, a column a split, of what result.json has."""
    metrics = run.result.metrics
    stages = [stage for stage in (*STAGES, "test") if any(name.startswith(f"{stage}/") for name in metrics)]
    split = [name.split("/", 1) for name in metrics if "/" in name]
    names = dict.fromkeys(name for stage, name in split if stage in stages and name != "lr")
    rows = []
    for name in names:
        values = [metrics.get(f"{stage}/{name}") for stage in stages]
        rows.append(
            [
                Cell(quantities.heading(name)),
                *(Cell(quantities.metric(name, value), value) for value in values),
            ]
        )
    return Table(["metric", *({"val": "validation"}.get(stage, stage) for stage in stages)], rows)


def commands(run: Run) -> list[tuple[str, str]]:
    """(what for, command) to repeat the run and to go on with it."""
    typed = [str(word) for word in run.result.overrides if not str(word).startswith(("ckpt=", "study="))]
    again = shlex.join(["python", "-m", "dlexp", *typed])
    found = [("the same run again", again)]
    folder = shlex.quote(shown(run.folder))
    if run.result.status == "finished":
        if run.result.epochs:  # it was trained: there is a checkpoint
            found.append(("test it again, from this folder alone", f"python -m dlexp.evaluate {folder}"))
            found += uses(run, folder)
    elif run.last_checkpoint:
        # The inner quotes keep Hydra from reading the commas of a job's folder as a list of values.
        resume = shlex.quote(f'ckpt="{shown(run.last_checkpoint)}"')
        found.append(("go on from its last checkpoint", f"{again} {resume}"))
    return found


def uses(run: Run, folder: str) -> Iterator[tuple[str, str]]:
    """(what for, command) to ask the model that was trained."""
    able = run.result.abilities
    if "generate" in able:
        yield "images of its own making", f"python -m dlexp.generate {folder} n=64"
    if "write" in able:
        yield "text of its own making", f"python -m dlexp.generate {folder} prompt='ROMEO:' temperature=0.8"
    if "answer" in able:
        yield "what it answers to a word", f"python -m dlexp.generate {folder} prompt=hello"
    if "reconstruct" in able:
        yield "what it makes of an image", f"python -m dlexp.reconstruct {folder} IMAGE"
    if not able and run.result.classes and len(run.result.input_shape) == 3:
        yield "what it sees in an image", f"python -m dlexp.predict {folder} IMAGE"


def facts(run: Run) -> list[tuple[str, str]]:
    """(name, value) of everything else that result.json knows."""
    result = run.result
    found = [
        ("Parameters", quantities.exact(result.parameters)),
        ("FLOPs of a forward pass, one sample", quantities.exact(result.flops)),
        ("Training time an epoch", quantities.seconds(result.seconds_per_epoch)),
        ("Training throughput", f"{quantities.short(result.throughput)} samples/s"),
        ("Peak memory", quantities.memory(result.peak_memory)),
        ("Time in all", quantities.seconds(result.seconds)),
        ("Epochs", quantities.exact(result.epochs)),
        ("Seed", str(result.seed)),
        ("Device", result.device),
        ("Precision", result.precision),
        ("Classes", ", ".join(map(str, result.classes))),
        ("Judge of samples", judge(result.judge)),
        ("Choices", ", ".join(f"{group} {choice}" for group, choice in result.choices.items())),
        ("Versions", ", ".join(f"{name} {version}" for name, version in result.versions.items() if version)),
        ("Commit", result.commit),
        ("Config hash", result.config_hash),
    ]
    return [(name, value) for name, value in found if value and value != "None" and quantities.ABSENT not in value]


def judge(known: dict) -> str:
    """data=digits,task=cnn_compare,model=lenet_relu, 98.33 % right in its own test, commit 0123456789ab"""
    name, accuracy, commit = (known.get(key) for key in ("run", "accuracy", "commit"))
    right = isinstance(accuracy, float) and f"{quantities.metric('accuracy', accuracy)} right in its own test"
    return ", ".join(str(said) for said in (name, right, commit and f"commit {commit}") if said)


def inline_svg(figure: "Figure", description: str) -> Any:
    """A figure drawn into the page: sharp at any size, in the page's font, light or dark."""
    from markupsafe import Markup

    drawn = style.svg(figure, description)
    return Markup(drawn.replace("<svg", f"<svg{across(*figure.get_size_inches())}", 1))


def inline_image(path: Path) -> Any:
    """A PNG or GIF file held by the page itself."""
    from markupsafe import Markup
    from PIL import Image

    with Image.open(path) as image:
        shape = across(*image.size)
    content = base64.b64encode(path.read_bytes()).decode()
    return Markup(f'<img{shape} alt="{escape(words(path.stem))}" src="data:image/{path.suffix[1:]};base64,{content}">')


def across(width: float, height: float) -> str:
    """The attribute of a picture of several panels, which would be too small in one column of the page."""
    return ' class="wide"' if width > WIDE * height else ""


def words(name: str) -> str:
    """confusion_matrix: Confusion matrix."""
    return name.replace("_", " ").capitalize()


def unbroken(text: str) -> str:
    """No line ends between a number and its unit or its deviation."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%").replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")


def shown(path: Path) -> str:
    """As a person would type it: relative to the current folder if it lies within, else absolute."""
    path, here = path.resolve(), Path.cwd()
    return os.fspath(path.relative_to(here) if path.is_relative_to(here) else path)
