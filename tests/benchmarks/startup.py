"""How long `toolkit --help` and a cold `toolkit classify` of one article take, beside an empty Typer app.

    python tests/benchmarks/startup.py

Each command is a new process, run in turn `--runs` times; the median and the least of the wall times are printed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
EMPTY = """
import typer
app = typer.Typer(rich_markup_mode=None)
@app.command()
def one(): ...
@app.command()
def two(): ...
app()
"""


def seconds(command: list[str], cwd: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=cwd, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    article = str(sorted((ROOT / "seeds").glob("002*"))[0])
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "empty.py").write_text(EMPTY)
        commands = {
            "empty Typer app --help": [sys.executable, "empty.py", "--help"],
            "toolkit --help": [sys.executable, "-m", "toolkit", "--help"],
            "toolkit classify, one article": [
                *(sys.executable, "-m", "toolkit", "classify", article),
                *("--out", "out", "--force", "--quiet"),
            ],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                times[name].append(seconds(command, place))
        for name, found in times.items():
            print(f"{name:32} median {statistics.median(found):6.3f} s   least {min(found):6.3f} s")
        ahead = statistics.median(times["toolkit --help"]) - statistics.median(times["empty Typer app --help"])
        print(f"{'--help over the empty app':32} {1000 * ahead:6.0f} ms")


if __name__ == "__main__":
    main()
