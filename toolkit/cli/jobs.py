"""The commands that do the work: run, train, classify, report, segment."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from toolkit.cli.options import (
    DEFAULT_MODEL,
    AsJson,
    ConfigOption,
    EngineOption,
    Force,
    FormatOption,
    Inputs,
    LabelsOption,
    MaxQuarantined,
    ModelOption,
    NoRelevance,
    NTopics,
    Quiet,
    SchedulerOption,
    SeedOption,
    TargetPrecision,
    TargetRecall,
    Verbose,
    WorkersOption,
)
from toolkit.cli.terminal import TerminalProgress, hint, interruptible, quoted, say, summary
from toolkit.errors import ToolkitError

_FORMATS = ("parquet", "csv", "jsonl")


def run(
    inputs: Inputs,
    config: ConfigOption = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Model to start from, or none. [default: the shipped one]", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the results. [default: reports/INPUT-NAME]", show_default=False),
    ] = None,
    labels: LabelsOption = None,
    target_recall: TargetRecall = None,
    target_precision: TargetPrecision = None,
    n_topics: NTopics = None,
    no_relevance: NoRelevance = False,
    seed: SeedOption = 0,
    formats: FormatOption = None,
    max_quarantined: MaxQuarantined = None,
    force: Force = False,
    engine: EngineOption = "auto",
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """The main job: learn from INPUT, classify it, write the report.

    DIR (--out) then holds articles, segments and topics, model/ and report.html.

    Example: toolkit run seeds/
    """
    started = time.time()
    chosen = _formats(formats)
    progress = TerminalProgress(quiet=quiet)
    with interruptible(progress, again="The same command goes on from there."):
        from toolkit import jobs
        from toolkit.start import Wishes

        wishes = Wishes(target_recall, target_precision, n_topics)
        with jobs.opened(inputs, out=out) as sources:
            folder = out or Path("reports") / jobs.name_of(inputs)
            result = jobs.run_job(
                sources,
                folder,
                inputs=inputs,
                config_path=config,
                base_name=model,
                labels_paths=labels or (),
                wishes=wishes,
                no_relevance=no_relevance,
                seed=seed,
                formats=chosen,
                force=force,
                engine=engine,
                workers=workers,
                scheduler=scheduler,
                progress=progress,
                started=started,
            )
    report_path = folder / "report.html"
    _tell(result, quiet=quiet, as_json=as_json, command="run", extra={"report": str(report_path)}, started=started)
    say(f"report: {report_path}", quiet=quiet)
    hint(f"toolkit classify NEW-ARTICLES --model {quoted([folder / 'model'])} --out DIR", quiet=quiet)
    _end(result, max_quarantined)


def train(
    inputs: Inputs,
    name: Annotated[str, typer.Option("--name", help="The model goes to models/NAME.")],
    config: ConfigOption = None,
    labels: LabelsOption = None,
    target_recall: TargetRecall = None,
    target_precision: TargetPrecision = None,
    n_topics: NTopics = None,
    base: Annotated[
        str | None,
        typer.Option("--from", help="Model to start from, or none. [default: the shipped one]", show_default=False),
    ] = None,
    no_relevance: NoRelevance = False,
    seed: SeedOption = 0,
    max_quarantined: MaxQuarantined = None,
    force: Force = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Learn a model from INPUT into models/NAME; a report of what was learned goes to reports/NAME-training.

    Example: toolkit train articles/ --name my-corpus --labels labels.tsv
    """
    started = time.time()
    progress = TerminalProgress(quiet=quiet)
    with interruptible(progress, again="No model was changed."):
        from toolkit import jobs
        from toolkit.start import Wishes

        wishes = Wishes(target_recall, target_precision, n_topics)
        with jobs.opened(inputs, out=None) as sources:
            trained = jobs.train_job(
                sources,
                jobs.model_folder(name),
                name=name,
                config_path=config,
                base_name=base,
                labels_paths=labels or (),
                wishes=wishes,
                no_relevance=no_relevance,
                seed=seed,
                force=force,
                report_folder=Path("reports") / f"{name}-training",
                progress=progress,
            )
    manifest = trained.model.manifest
    if manifest is None:
        raise ValueError("a trained model has a manifest")
    if as_json:
        summary(
            {
                "command": "train",
                "status": "done",
                "model": str(manifest.folder),
                "hash": manifest.sha256,
                "training": dict(manifest.training),
                "n_quarantined": trained.n_quarantined,
                "notes": list(trained.notes),
                "report": None if trained.report is None else str(trained.report.path),
                "to_label": None if trained.report is None else str(trained.report.to_label),
                "seconds": round(time.time() - started, 2),
            }
        )
    for note in trained.notes:
        say(note, quiet=quiet)
    n_documents, n_topics = manifest.training["n_documents"], manifest.training["n_topics"]
    say(
        f"learned from {n_documents:,} {'document' if n_documents == 1 else 'documents'}, "
        f"{manifest.training['n_labels']:,} labelled; {n_topics} {'topic' if n_topics == 1 else 'topics'}. "
        f"wrote {manifest.folder}",
        quiet=quiet,
    )
    if trained.report is not None:
        say(f"training report: {trained.report.path}", quiet=quiet)
        if trained.report.n_to_label:
            n_next = trained.report.n_to_label
            say(
                f"{n_next:,} {'article' if n_next == 1 else 'articles'} worth a label next: "
                f"{trained.report.to_label}. Fill in "
                "on_topic and themes, then give the file to --labels",
                quiet=quiet,
            )
    hint(f"toolkit classify NEW-ARTICLES --model {quoted([name])} --out DIR", quiet=quiet)
    if max_quarantined is not None and trained.n_quarantined > max_quarantined:
        raise typer.Exit(6)


def classify(
    inputs: Inputs,
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    model: ModelOption = DEFAULT_MODEL,
    watch: Annotated[bool, typer.Option("--watch", help="Keep looking for new files; Ctrl-C ends.")] = False,
    no_relevance: NoRelevance = False,
    seed: Annotated[
        int, typer.Option("--seed", min=0, max=2**32 - 1, help="Recorded in run.json; classifying draws no lots.")
    ] = 0,
    formats: FormatOption = None,
    max_quarantined: MaxQuarantined = None,
    force: Force = False,
    engine: EngineOption = "auto",
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Judge incoming articles with a model that was learned before.

    Example: toolkit classify seeds/ --out reports/incoming
    """
    started = time.time()
    chosen = _formats(formats)
    progress = TerminalProgress(quiet=quiet)
    with interruptible(progress, again="The same command goes on from there."):
        from toolkit import jobs

        def once() -> Any:
            with jobs.opened(inputs, out=out) as sources:
                return jobs.classify_job(
                    sources,
                    out,
                    inputs=inputs,
                    model_name=model,
                    no_relevance=no_relevance,
                    seed=seed,
                    formats=chosen,
                    force=force,
                    engine=engine,
                    workers=workers,
                    scheduler=scheduler,
                    progress=progress,
                    started=started,
                )

        def told(finished: Any) -> None:
            progress.close()
            _tell(finished, quiet=quiet, as_json=as_json, command="classify", model=model)

        if watch:
            jobs.watch(inputs, once, out=out, told=told)
        result = once()
    _tell(result, quiet=quiet, as_json=as_json, command="classify", model=model, started=started)
    hint(f"toolkit report {quoted([out])}", quiet=quiet)
    _end(result, max_quarantined)


def report(
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="A results folder.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The HTML file. [default: RESULTS/report.html]", show_default=False)
    ] = None,
    size: Annotated[
        str, typer.Option("--size", help="brief (no script, for a mail or paper), standard, or full (more text).")
    ] = "standard",
    compare: Annotated[
        Path | None,
        typer.Option("--compare", metavar="RESULTS", help="Say what changed since these.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the HTML report of a results folder, and its tables into the folder NAME.data beside it.

    Example: toolkit report reports/seeds --size brief --out mail.html
    """
    started = time.time()
    from toolkit.report_jobs import write_report

    written = write_report(results, out or results / "report.html", size=size, compare=compare)
    if as_json:
        summary(
            {
                "command": "report",
                "status": "done",
                "report": str(written.path),
                "tables": str(written.tables),
                "bytes": written.n_bytes,
                "left_out": list(written.left_out),
                "seconds": round(time.time() - started, 2),
            }
        )
    for sentence in written.left_out:
        say(sentence, quiet=quiet)
    say(
        f"wrote {written.path} ({written.n_bytes / 1e6:.2f} MB) and its tables into {written.tables}. "
        "Open it in any browser; it needs no network.",
        quiet=quiet,
    )


def segment(
    inputs: Inputs,
    out: Annotated[
        str | None,
        typer.Option("--out", help="JSONL to this file; - for standard output.", show_default=False),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="With the reasons for each cut, verdict and theme, in words and numbers.")
    ] = False,
    model: ModelOption = DEFAULT_MODEL,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show how articles are cut and judged: in colour on a terminal, as JSONL otherwise or with --out.

    With --explain the reasons stand below each segment (in JSONL: an `explanation`): what spoke for and against, in
    log-odds that add up to the score; one unit multiplies the odds by 2.7.

    Example: toolkit segment seeds/ --explain
    """
    import sys

    from toolkit.jobs import opened
    from toolkit.segment_jobs import segment_job, write_jsonl

    with opened(inputs, out=None) as sources:
        rows = segment_job(sources, model_name=model, explain=explain)
        if out is None and sys.stdout.isatty():
            from toolkit.cli.show import show_segments

            show_segments(rows)
        else:
            n_rows = write_jsonl(rows, out or "-")
            say(f"{n_rows:,} segments", quiet=quiet)


def _formats(formats: Sequence[str] | None) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(formats or ("parquet", "csv")))
    for name in chosen:
        if name not in _FORMATS:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(_FORMATS)}.", param_hint="--format")
    return chosen


def _tell(
    result: Any,
    *,
    quiet: bool,
    as_json: bool,
    command: str,
    model: str = "",
    extra: dict[str, Any] | None = None,
    started: float = 0.0,
) -> None:
    counts, verdicts = result.counts, result.run["on_topic"]
    if as_json:
        summary(
            {
                "command": command,
                "status": "nothing to do" if result.was_done else "done",
                "folder": str(result.folder),
                "counts": dict(counts),
                "on_topic": verdicts,
                "n_duplicates": result.run["n_duplicates"],
                "model": result.run["model"],
                "drift": result.run.get("drift"),
                "outputs": [str(path) for path in result.written],
                "seconds": round(time.time() - started, 2) if started else None,
                **(extra or {}),
            }
        )
    if result.was_done:
        say(f"{result.folder}: this run is finished already; nothing was done. --force does it again.", quiet=quiet)
    for note in result.notes:
        say(note, quiet=quiet)
    say(
        f"{counts['read']:,} read: {counts['articles']:,} articles ({verdicts['on']:,} on the subject, "
        f"{verdicts['unsure']:,} unsure, {verdicts['off']:,} off), {counts['quarantined']:,} quarantined, "
        f"{counts['repeats']:,} repeats. {'in' if result.was_done else 'wrote'} {result.folder}",
        quiet=quiet,
    )
    # The file names the model, the same wherever it lies; who typed a folder is told the folder.
    for sentence in result.run.get("drift", {}).get("words", ()):
        by_name = f"--from {result.run['model']['name']}"
        say(sentence.replace(by_name, f"--from {quoted([model])}"), quiet=quiet)
    if counts["quarantined"]:
        say(f"what could not be used, and why: {result.folder / 'quarantine.jsonl'}", quiet=quiet)


def _end(result: Any, max_quarantined: int | None) -> None:
    counts = result.counts
    if counts["articles"] == 0:
        raise ToolkitError(
            f"{result.folder}: nothing in the input could be read ({counts['read']:,} records tried; "
            "quarantine.jsonl says why).",
            exit_code=3,
        )
    if max_quarantined is not None and counts["quarantined"] > max_quarantined:
        raise typer.Exit(6)
