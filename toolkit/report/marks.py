"""What the page's marks must know of the run: whose answers are marked."""

from __future__ import annotations

import json
from collections.abc import Mapping

from markupsafe import Markup

from toolkit.report.rows import text_of


def marks(run: Mapping[str, object], *, report: str) -> dict[str, Markup]:
    """The facts that go into each mark, as JSON that no page reads as markup.

    `report` tells this report's marks from another's in the browser's storage: its content hash.
    """
    model = run.get("model")
    facts = {
        "report": report[:16],
        "model": text_of(model, "hash")[:16] if isinstance(model, Mapping) else "",
        "toolkit": text_of(run, "toolkit_version"),
    }
    content = (
        json.dumps(facts, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    )
    return {"facts": Markup(content)}  # noqa: S704 - no character of markup is left in it
