"""The command line: thin commands over the library. Only `main` turns an error into an exit code."""

import gc
import json
import os
import sys
from typing import Annotated

import typer

from toolkit import __version__
from toolkit.cli import evaluate, jobs, manage, topics
from toolkit.cli.terminal import say
from toolkit.errors import ToolkitError

app = typer.Typer(
    name="toolkit",
    help="From scraped, mixed-content articles to trustworthy themes and topics.\n\nStart with: toolkit run seeds/",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"toolkit {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """From scraped, mixed-content articles to trustworthy themes and topics."""


app.command("run")(jobs.run)
app.command("train")(jobs.train)
app.command("classify")(jobs.classify)
app.command("report")(jobs.report)
app.command("segment")(jobs.segment)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(manage.models, name="models")
app.add_typer(topics.topics, name="topics")
app.add_typer(manage.config, name="config")
app.add_typer(manage.embedder, name="embedder")


def main() -> None:
    """Entry point of `toolkit`: the one place that turns an error into a message and an exit code."""
    wants_json = "--json" in sys.argv
    gc.set_threshold(100_000, 50, 50)  # start-up makes many objects and no garbage: looking for it costs a tenth
    try:
        app()
    except ToolkitError as error:
        _fail(str(error), error.exit_code, wants_json=wants_json)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except MemoryError:
        _fail("out of memory. Lower limits.max_training_documents, or give fewer workers.", 70, wants_json=wants_json)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}.", 2, wants_json=wants_json)
    except Exception as error:
        if {"-v", "--verbose"} & set(sys.argv):
            raise
        words = f"{type(error).__name__}: {error}"
        _fail(f"a defect of the toolkit, not of your input ({words}). -v shows where.", 70, wants_json=wants_json)


def _fail(message: str, exit_code: int, *, wants_json: bool) -> None:
    if wants_json:
        typer.echo(json.dumps({"schema_version": 1, "status": "error", "exit_code": exit_code, "message": message}))
    say(f"error: {message}")
    raise SystemExit(exit_code)
