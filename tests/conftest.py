"""Shared fixtures: the seeds, and one real `toolkit run` on them for every test that looks at results."""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from chromium import Page, find_chromium
from hypothesis import settings

from toolkit.cli import main

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"

Command = Callable[..., "subprocess.CompletedProcess[str]"]

# The tests run on all cores, a worker each: threads beside them would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Nor does an example of a law fail for having waited for its turn; tests of speed measure processor time.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

HEAVY = ("test_contract.py", "test_commands.py", "test_topic_identity.py", "test_topics.py")
"""Tests that share results and models which take long to make."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The heavy tests first: they stay on one worker, and what the others take from it are light ones."""
    items.sort(key=lambda item: item.path.name not in HEAVY)


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
    """Run the command in this process, from its entry point to its exit code: the libraries are imported already."""

    def call(*arguments: object, cwd: Path, stdin: str | bytes = "", **env: str) -> Any:
        command = ["toolkit", *map(str, arguments)]
        content = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        thresholds = gc.get_threshold()
        with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
            patched.chdir(cwd)
            patched.setattr(sys, "argv", command)
            patched.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
            for name, value in env.items():
                patched.setenv(name, value)
            try:
                main()
                code: object = 0
            except SystemExit as end:
                code = end.code
            finally:
                gc.set_threshold(*thresholds)
        said = (stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err))  # type: ignore[attr-defined]
        return subprocess.CompletedProcess(command, code or 0, *said)  # type: ignore[call-overload]

    return call


@pytest.fixture(scope="session")
def toolkit_process() -> Command:
    """Run the command as a person does: a process of its own."""

    def call(*arguments: object, cwd: Path, **env: str) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "toolkit", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=240,
            check=False,
        )

    return call


@pytest.fixture(scope="session")
def seeds_run(toolkit_process: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of `toolkit run seeds/`, started from an empty folder."""
    folder = tmp_path_factory.mktemp("run")
    done = toolkit_process(
        "run", SEEDS, "--out", "out", "--format", "parquet", "--format", "csv", "--format", "jsonl", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return folder / "out"


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
