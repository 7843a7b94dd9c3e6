"""How good it is: every measure on gold data, with intervals, baselines and gates."""

from pathlib import Path
from typing import Annotated, Any

import typer

from toolkit.cli.options import DEFAULT_MODEL, AsJson, LabelsOption, ModelOption, Quiet, Verbose
from toolkit.cli.terminal import TerminalProgress, interruptible, printable, say, summary
from toolkit.errors import ToolkitError


def evaluate(
    gold: Annotated[
        list[Path],
        typer.Argument(metavar="GOLD...", help="Gold files (.jsonl, also .gz) or folders of them.", show_default=False),
    ],
    model: ModelOption = DEFAULT_MODEL,
    labels: LabelsOption = None,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, help="Take N records of each task, by a hash of their ids. [default: all]"),
    ] = None,
    baselines: Annotated[
        bool | None,
        typer.Option("--baselines/--no-baselines", help="Run other tools beside ours on the same text. [default: run]"),
    ] = None,
    gate: Annotated[
        Path | None,
        typer.Option("--gate", help="Floors (JSON); end with 1 where a figure is below.", show_default=False),
    ] = None,
    update_floors: Annotated[
        Path | None,
        typer.Option(
            "--update-floors", help="Write or raise the floors in this file; never lowers.", show_default=False
        ),
    ] = None,
    lower_floors: Annotated[
        bool, typer.Option("--lower-floors", help="Let --update-floors lower them too, and renew them for other gold.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure a model on gold data, with 95 % intervals and other tools beside it.

    GOLD has document labels, line or block labels, boundaries, HTML with gold text, or near-duplicate pairs. With
    --labels feedback.jsonl, what readers marked in a report, GOLD is the articles, in any form the toolkit reads.

    Example: toolkit evaluate gold/ --gate floors.json
    """
    if lower_floors and update_floors is None:
        raise typer.BadParameter(
            "says how --update-floors FILE goes about it; give that too.", param_hint="--lower-floors"
        )
    for path in gold:
        if not path.exists():
            raise ToolkitError(f"{path}: no such file or folder.")
    progress = TerminalProgress(quiet=quiet)
    with interruptible(progress, again="Nothing was written."):
        from toolkit.evaluate.gate import check, read_floors, update, write_floors
        from toolkit.evaluate.gold import name_of
        from toolkit.evaluate.marks import evaluate_marks
        from toolkit.evaluate.run import evaluate as measure
        from toolkit.evaluate.table import as_text
        from toolkit.model import load_model
        from toolkit.store import find_model

        names = [name_of(path) for path in gold]
        if len(set(names)) < len(names):
            raise ToolkitError(f"{', '.join(names)}: two golds of one name cannot be told apart. Rename one.")
        floors = read_floors(gate) if gate else {}
        known = read_floors(update_floors) if update_floors and update_floors.exists() else {}
        feedback = feedback_among(gold, labels or [], sample=sample, baselines=baselines)
        loaded = load_model(find_model(model))
        found = [
            evaluate_marks(path, feedback=feedback, model=loaded, progress=progress)
            if feedback
            else measure(
                path,
                model=loaded,
                labels_file=labels[0] if labels else None,
                sample=sample,
                with_baselines=baselines is not False,
                progress=progress,
            )
            for path in gold
        ]
    failures = check(found, floors) if gate else ()
    if as_json:
        summary(
            {
                "command": "evaluate",
                "status": "gate failed" if failures else "done",
                "gold": [_as_object(item) for item in found],
                "gate": None
                if gate is None
                else [{"gold": f.gold, "floor": f.floor, "detail": f.detail} for f in failures],
            }
        )
    else:
        typer.echo(printable("\n".join(as_text(item) for item in found)), nl=False)
    _tell(found, quiet=quiet)
    if update_floors:
        write_floors(update_floors, update(found, known, lower=lower_floors))
        say(f"wrote {update_floors}", quiet=quiet)
    for failure in failures:
        say(f"gate: {failure.gold}: {failure.floor} {failure.detail}")
    if failures:
        raise typer.Exit(1)
    if gate:
        say(f"gate: every floor of {', '.join(names)} holds.", quiet=quiet)


def feedback_among(gold: list[Path], labels: list[Path], *, sample: int | None, baselines: bool | None) -> list[Path]:
    """The files of readers' marks among `labels`, all of them or none."""
    from toolkit.files import is_feedback

    for path in gold:
        if is_feedback(path):
            raise ToolkitError(
                f"{path}: marks of readers, without the articles they are about. "
                f"Give both: toolkit evaluate ARTICLES --labels {path}"
            )
    found = [path for path in labels if is_feedback(path)]
    if found and len(found) < len(labels):
        raise ToolkitError("--labels: a table of labels and marks of readers are not scored in one. Give one of them.")
    if len(labels) > 1 and not found:
        raise ToolkitError("--labels: one table of labels at a time.")
    if found and (sample is not None or baselines is not None):
        raise ToolkitError("--sample and --baselines are for gold; of readers' marks all are scored, ours alone.")
    return found


def _as_object(item: Any) -> dict[str, Any]:
    figures = [
        {
            "id": f.id,
            "name": f.name,
            "system": f.system,
            "source": f.source,
            "value": f.value,
            "low": f.low,
            "high": f.high,
            "n": f.n,
            "higher_is_better": f.higher_is_better,
        }
        for f in item.figures
    ]
    bad = [{"file": b.file, "record": b.row, "detail": b.detail} for b in item.bad]
    return {
        "name": item.name,
        "fingerprint": item.fingerprint,
        "protocol": dict(item.protocol),
        "figures": figures,
        "n_bad": item.n_bad,
        "bad": bad,
    }


def _tell(found: list[Any], *, quiet: bool) -> None:
    for item in found:
        for bad in item.bad:
            where = bad.file if bad.row is None else f"{bad.file}, record {bad.row}"
            say(f"{where}: {bad.detail}", quiet=quiet)
        if item.n_bad > len(item.bad):
            say(f"{item.name}: and {item.n_bad - len(item.bad):,} more that could not be used", quiet=quiet)
        spent = ", ".join(
            f"{what} {seconds:.1f} s ({size / max(seconds, 1e-9):.2f} MB/s)"
            for what, (seconds, size) in item.seconds.items()
        )
        say(f"{item.name}: processor time: {spent}", quiet=quiet)
