"""The page's own style sheet and script: the files they are joined from, in this order, and what lets them in."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

STYLES = ("style.css", "figures.css", "explorer.css", "boundary.css", "marks.css")
SCRIPTS = ("data.js", "search.js", "save.js", "reader.js", "map.js", "explorer.js", "layout.js", "marks.js")
"""Of the folder `script`: each a function called at once; what others need of it hangs on `window.toolkit`."""


@cache
def read_style() -> str:
    """The page's one style sheet."""
    return _joined("", STYLES)


@cache
def read_script() -> str:
    """The page's one script, for its end."""
    return _without_margins(_joined("script", SCRIPTS))


def digest(content: str) -> str:
    """The SHA-256 by which the page's policy lets in this style sheet or script and nothing else."""
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def _without_margins(script: str) -> str:
    """The script without indents and without the lines that are only a comment: a fifth of its bytes."""
    lines = [line.strip() for line in script.split("\n")]
    return "\n".join(line for line in lines if line and not line.startswith("//"))


def _joined(folder: str, names: tuple[str, ...]) -> str:
    place = files("toolkit.report").joinpath(folder)
    return "\n".join(place.joinpath(name).read_text(encoding="utf-8").strip() for name in names)
