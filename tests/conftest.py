"""Shared fixtures: the seeds, and one real `toolkit run` on them for every test that looks at results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Page, find_chromium

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Page]:
    """One headless Chromium for all tests; those that need it skip, and say why, where there is none."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine")
    with Page(program) as page:
        yield page


@pytest.fixture(scope="session")
def toolkit() -> Command:
    """Run the command as a person does: a process of its own, in a folder of its own."""

    def call(*arguments: object, cwd: Path, stdin: str | bytes | None = None, **env: str) -> Any:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **env}
        content = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [sys.executable, "-m", "toolkit", *map(str, arguments)],
            cwd=cwd,
            env=environment,
            input=content,
            capture_output=True,
            timeout=240,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        )

    return call


@pytest.fixture(scope="session")
def seeds_run(toolkit: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of `toolkit run seeds/`, started from an empty folder."""
    folder = tmp_path_factory.mktemp("run")
    done = toolkit(
        "run", SEEDS, "--out", "out", "--format", "parquet", "--format", "csv", "--format", "jsonl", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return folder / "out"


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
