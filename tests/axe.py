"""axe-core run on an open page: what breaks the rules of WCAG 2.0 to 2.2, levels A and AA."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from chromium import Page

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
_RUN = """
axe.run(document, {runOnly: {type: 'tag', values: %s}, resultTypes: ['violations']}).then(found => JSON.stringify(
  found.violations.map(v => [v.id, v.nodes.length, ...v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))])))
"""


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[list[object]]:
    """What axe-core finds wrong: for each rule its name, how many elements break it, and a few of them.

    The page's policy lets no foreign script in; it is set aside for axe, and the page must be opened anew after.
    """
    page.evaluate(_source())
    answer = page.send("Runtime.evaluate", expression=_RUN % json.dumps(_RULES), awaitPromise=True, returnByValue=True)
    found: list[list[object]] = json.loads(answer["result"]["value"])
    return found
