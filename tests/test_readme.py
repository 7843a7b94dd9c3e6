"""The README's examples run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys

from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Dezhou-ASEAN Economic & Trade Cooperation Conference Held in Beijing on 2018-02-24")


def test_run_and_test_commands_are_one_line_each() -> None:
    for name in ("run", "test"):
        (block,) = re.findall(rf"<!-- {name} -->\n```bash\n(.*?)```", README, re.DOTALL)
        assert len(block.strip().splitlines()) == 1


def test_every_path_the_readme_names_is_there() -> None:
    for path in re.findall(r"(?:tests|configs|reports|toolkit|seeds)/[\w/.-]+\.(?:py|toml|png|txt)", README):
        assert (ROOT / path).exists(), path
