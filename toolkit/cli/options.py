"""The arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_MODEL = "china-asean"

Inputs = Annotated[
    list[str],
    typer.Argument(metavar="INPUT...", help="Files, folders or globs; - for standard input.", show_default=False),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Subject and themes; the model's own without it.", show_default=False)
]
ModelOption = Annotated[str, typer.Option("--model", help="Name or folder of a model.")]
LabelsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--labels",
        help="TSV, CSV or JSONL: id, on_topic or relation, themes; or a report's feedback.jsonl; repeatable.",
        show_default=False,
    ),
]
TargetRecall = Annotated[
    float | None,
    typer.Option("--target-recall", help="Share of the subject's articles that `on` must find; needs --labels."),
]
TargetPrecision = Annotated[
    float | None,
    typer.Option("--target-precision", help="Share of the articles called `on` that must be right; needs --labels."),
]
NTopics = Annotated[
    int | None,
    typer.Option("--n-topics", help="How many topics. [default: as many as are stable]", show_default=False),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, help="For everything that draws lots.")]
FormatOption = Annotated[
    list[str] | None,
    typer.Option("--format", help="parquet, csv or jsonl; repeatable. [default: parquet, csv]", show_default=False),
]
MaxQuarantined = Annotated[
    int | None, typer.Option("--max-quarantined", min=0, help="End with 6 beyond this many. [default: no limit]")
]
NoRelevance = Annotated[
    bool, typer.Option("--no-relevance", help="The corpus is on the subject: every kept segment counts as on.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace another run's results in the folder.")]
EngineOption = Annotated[str, typer.Option("--engine", help="auto, serial, processes or dask.")]
WorkersOption = Annotated[int | None, typer.Option("--workers", help="Processes to use. [default: one a core]")]
SchedulerOption = Annotated[str | None, typer.Option("--scheduler", help="Address of a running Dask scheduler.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No words, no progress.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show where a defect of the toolkit is.")]
