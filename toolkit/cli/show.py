"""`toolkit segment` on a terminal: the cut in colour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import typer

from toolkit.cli.terminal import printable

_COLOURS = {"title": "cyan", "heading": "cyan", "list": "white", "quote": "white", "caption": "white"}
_SHOWN_CHARACTERS = 400


def show_segments(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print each segment with its role, verdict and the reason for a cut; cut text is dim and red."""
    document_id = None
    for row in rows:
        if row["document_id"] != document_id:
            document_id = row["document_id"]
            typer.secho(f"\n{printable(str(document_id))}", bold=True)
        text = " ".join(str(row["text"]).split())
        shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
        mark = {"on": "+", "off": "-", "unsure": "?"}[row["on_topic"]]
        typer.echo(f"{mark} {row['relevance']:.2f} {row['role']:<10} ", nl=False)
        if row["kept"]:
            typer.secho(printable(shown), fg=_COLOURS.get(row["role"]))
        else:
            typer.secho(printable(f"{shown}  [{row['reason']}]"), fg="red", dim=True)
        if "explanation" in row:
            _show_reasons(row["explanation"])


def _show_reasons(explanation: Mapping[str, Any]) -> None:
    """The reasons below a segment; the article's own below its first."""
    from toolkit.explain import in_words

    article = explanation.get("article", {"relevance": None, "themes": []})
    listed = [
        ("the whole article", article["relevance"]),
        *(("the whole article", found) for found in article["themes"]),
        ("cut", explanation["cut"]),
        ("subject", explanation["relevance"]),
        *(("theme", found) for found in explanation["themes"]),
    ]
    for what, found in listed:
        if found is not None:
            typer.secho(printable(f"      {what}: {in_words(found)}"), dim=True)
