"""The charts of the report: Altair's descriptions, kept as files, and what is put into them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

FONT_SIZE = 11
PLOT_WIDTH = 262
DOTS_WIDTH = 420
TEXT_SIZE = 13  # of words inside a wide chart: on a phone it is drawn at three quarters
HOLE = "@"  # what the value in a hole of a description begins with
ROWS = "rows"  # the data of a chart


def filled(name: str, holes: Mapping[str, Any]) -> dict[str, Any]:
    """The Vega-Lite description of the chart `name`, its holes filled.

    Raises
    ------
    KeyError
        Where a hole is left open.
    """
    return {key: _filled(value, holes) for key, value in _description(name).items()}


@cache
def _description(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(__name__).joinpath(f"{name}.json").read_bytes())
    return found


def _filled(value: Any, holes: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith(HOLE):
        return holes[value.removeprefix(HOLE)]
    if isinstance(value, dict):
        return {key: _filled(item, holes) for key, item in value.items()}
    return [_filled(item, holes) for item in value] if isinstance(value, list) else value
