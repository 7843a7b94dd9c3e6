"""What `toolkit segment` does: the cut of articles as rows to look at, nothing published."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.classify import unique_records
from toolkit.data import Quarantined
from toolkit.errors import ToolkitError
from toolkit.files import Source, atomic_write_bytes
from toolkit.model import load_model
from toolkit.pipeline import judge_record
from toolkit.start import SHIPPED_MODEL
from toolkit.store import find_model


def segment_job(
    sources: Sequence[Source], *, model_name: str = SHIPPED_MODEL, explain: bool = False
) -> Iterator[dict[str, Any]]:
    """The rows of segments.* for the sources, one article at a time; what cannot be read raises.

    With `explain` each row has its `explanation`; the article's own stands in its first segment's, as `article`.
    """
    model = load_model(find_model(model_name))
    refused: list[Quarantined] = []
    n_articles = 0
    for record in unique_records(sources, model.config.limits, refused=refused.append):
        outcome = judge_record(record, model, explain=explain)
        if "quarantined" in outcome:
            refused.append(outcome["quarantined"])
            continue
        n_articles += 1
        if explain:
            outcome["segments"][0]["explanation"]["article"] = outcome["explanation"]
        yield from outcome["segments"]
    if not n_articles:
        why = f"{refused[0].file}: {refused[0].reason}: {refused[0].detail}" if refused else "it is empty"
        raise ToolkitError(f"nothing in the input could be read ({why}).", exit_code=3)


def write_jsonl(rows: Iterable[Mapping[str, Any]], out: str) -> int:
    """Rows as JSON lines to a file, or to standard output for `-`; how many."""
    if out == "-":
        n_rows = 0
        for row in rows:
            sys.stdout.write(json.dumps(row, ensure_ascii=not sys.stdout.isatty()) + "\n")
            n_rows += 1
        return n_rows
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    atomic_write_bytes(Path(out), "".join(lines).encode("utf-8", "replace"))
    return len(lines)
