"""The model card: the README of a model folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.model import Model

_MARKS = re.compile(r"[\\`*_{}\[\]<>#!]")


def model_card(model: Model) -> str:
    """The README of a model folder: what it is for, what it learned from, its figures and limits."""
    training = model.training
    found = [
        (
            str(t.topic),
            _escaped(t.name),
            str(t.n_segments),
            str(t.n_articles),
            "" if t.stability is None else f"{t.stability:.2f}",
        )
        for t in model.topics.shown()
    ]
    topics = _table(("id", "name", "segments", "articles", "stability"), found)
    themes = "\n".join(
        f"- **{theme.label}** (`{key}`): {theme.description}" for key, theme in model.config.themes.items()
    )
    relevance = model.relevance
    measured = _table(("figure", ""), [(name, f"{value:.3f}") for name, value in sorted(relevance.measured.items())])
    return f"""# Model {model.name}

For finding the articles and passages about **{model.config.subject.name}** among scraped pages, with themes and topics.
Load it with `toolkit classify INPUT --model {model.name} --out DIR`.
It holds JSON and safetensors only; loading it runs no code.

## Learned from
| what | |
|---|---|
| documents | {training["n_documents"]} ({training["n_learned_from"]} learned from, {training["n_labels"]} labelled) |
| on the subject | {training["n_on_topic"]} |
| corpus hash | `{training["corpus_hash"]}` |
| started from | {training["base"] or "the config alone"} |
| random seed | {model.seed} |

## Relevance
On-topic from a score of {relevance.on_from:.3f}, off below {relevance.off_below:.3f}, unsure between.
{_promise(relevance.measured)}
{measured and "Out of fold, on the labelled documents it learned from:"}

{measured}

## Themes
{themes}

## Topics ({model.topics.engine})
{topics}
{_number_of_topics(model.topics.selection)}
{model.topics.note or ""}

## Limits
Scores are calibrated on the material it learned from; on another kind of outlet read the unsure ones first.
Topics describe that corpus and no other; a new affair falls into topic -1 until the model is trained again.
"""


def card_figures(model: Model) -> dict[str, Any]:
    """The card's figures as plain values, for the manifest of a run: what a report can say of the model behind it.

    `relevance` and `themes` are out of fold; they are empty, or those of the model it started from, where labels were
    too few to learn from. `topic_lineage` tells whether the topics of two runs are numbered by one register.
    """
    registry = model.topics.registry
    entries = {entry.topic: entry for entry in registry.entries}
    return {
        "n_learned_from": model.training.get("n_learned_from"),
        "topics_language": model.training.get("topics_language"),
        "relevance": dict(model.relevance.measured),
        "themes": dict(model.themes.measured),
        "topic_lineage": list(registry.lineage),
        "topics": [
            {
                "topic": topic.topic,
                "stability": topic.stability,
                "aliases": list(entries[topic.topic].aliases) if topic.topic in entries else [],
                "parents": list(entries[topic.topic].parents) if topic.topic in entries else [],
            }
            for topic in model.topics.shown()
        ],
    }


def _promise(measured: Mapping[str, float]) -> str:
    """What the thresholds were chosen to reach, in words; empty where labels were too few for a promise."""
    n = f"{measured.get('n_documents', 0):,.0f}"
    for name in ("recall", "precision"):
        if f"target_{name}" in measured:
            return (
                f"The threshold of on was chosen for a {name} of {measured[f'target_{name}']:.1%}; "
                f"out of fold it is {measured[f'{name}_on']:.1%} on the {n} labelled documents."
            )
    if "coverage_promised" not in measured:
        return ""
    limit = measured["conformal_limit"]
    promise = "gets an answer, and the right one" if limit < 0.5 else "is not answered wrongly"
    return (
        f"Promise (split-conformal, by cross-fitted scores of {n} labelled documents): of new documents like those, "
        f"{measured['coverage_promised']:.0%} {promise}. Measured out of fold: {measured['coverage']:.1%}; "
        f"of those on the subject {measured['coverage_on']:.1%}, of the others {measured['coverage_off']:.1%}."
    )


def _number_of_topics(selection: Mapping[str, Any]) -> str:
    """How the number of topics came about, with the stability of every number tried."""
    if selection.get("by") != "stability":
        return "The number of topics was asked for." if selection.get("by") == "config" else ""
    curve = ", ".join(f"{point['n_topics']}: {point['mean']:.2f}" for point in selection["curve"])
    near = ""
    if "near" in selection:
        near = f" (far from {selection['near']}, the number before, only where that is less stable beyond chance)"
    return (
        f"The number of topics was chosen by stability{near}: {curve}. It is the mean adjusted Rand index of groups "
        "found in ten draws of 80 % of the articles; 1 is the same groups, 0 chance. The stability of a topic is how "
        "much of it was found again in those draws (mean best Jaccard index; above .75 stable, below .5 dissolved)."
    )


def _escaped(text: str) -> str:
    """A name as Markdown shows it: nothing in it is a mark, a link or HTML."""
    return _MARKS.sub(r"\\\g<0>", text)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; nothing where there are no rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
