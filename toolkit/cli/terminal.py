"""What a command says: words and progress on standard error, data and the JSON summary on standard output."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_REDRAW_SECONDS = 0.1
_PLAIN_LINE_SECONDS = 10.0


def printable(text: str) -> str:
    """`text` with control and bidirectional-override characters shown as escapes: nothing steers the terminal."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def say(message: str, *, quiet: bool = False) -> None:
    """One line of words for the person, on standard error."""
    if not quiet:
        typer.echo(printable(message), err=True)


def summary(values: Mapping[str, Any]) -> None:
    """The one machine-readable object of `--json`, on standard output."""
    typer.echo(json.dumps({"schema_version": 1, **values}, ensure_ascii=True, sort_keys=True, default=str))


class TerminalProgress:
    """A redrawn line with rate and time left on a terminal; a plain line every ten seconds elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._redraws = sys.stderr.isatty()
        self._name = ""
        self._total: int | None = None
        self._done = 0
        self._began = self._told = time.monotonic()
        self._width = 0

    def stage(self, name: str, total: int | None = None) -> None:
        """A new stage begins; the last one is told off with what it did."""
        self.close()
        self._name, self._total, self._done = name, total, 0
        self._began = time.monotonic()
        self._told = self._began
        if self._redraws and not self._quiet:
            self._draw()

    def advance(self, n: int = 1) -> None:
        """`n` more items of this stage are done."""
        self._done += n
        now = time.monotonic()
        if self._quiet or now - self._told < (_REDRAW_SECONDS if self._redraws else _PLAIN_LINE_SECONDS):
            return
        self._told = now
        if self._redraws:
            self._draw()
        else:
            typer.echo(self._line(), err=True)

    def close(self) -> None:
        """The stage is over."""
        if not self._name or self._quiet:
            return
        seconds = time.monotonic() - self._began
        done = f"{self._done:,} in " if self._done else ""
        line = f"  {self._name}: {done}{seconds:.1f} s"
        if self._redraws:
            line = "\r" + line.ljust(self._width)
        typer.echo(line, err=True)
        self._name, self._width = "", 0

    def _line(self) -> str:
        seconds = max(time.monotonic() - self._began, 1e-6)
        rate = self._done / seconds
        line = f"  {self._name}: {self._done:,}"
        if self._total:
            line += f" of {self._total:,}"
        if self._done:
            line += f", {rate:,.0f} a second"
            if self._total and rate > 0:
                line += f", {max(self._total - self._done, 0) / rate:,.0f} s left"
        return line

    def _draw(self) -> None:
        line = self._line()
        self._width = max(self._width, len(line))
        typer.echo("\r" + line.ljust(self._width), err=True, nl=False)


@contextmanager
def interruptible(progress: TerminalProgress, *, again: str) -> Iterator[None]:
    """Ctrl-C ends with exit code 130 and says how to go on."""
    try:
        yield
    except KeyboardInterrupt as error:
        say("")
        say(f"Interrupted; what was done is kept. {again}")
        raise typer.Exit(130) from error
    finally:
        progress.close()


def hint(*commands: str, quiet: bool) -> None:
    """The next command to type."""
    for command in commands:
        say(f"next: {command}", quiet=quiet)


def quoted(paths: Sequence[str | Path]) -> str:
    """Paths as they would be typed into a shell."""
    import shlex

    return shlex.join(str(path) for path in paths)
