"""The model card: the README of a model folder."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.model import Model


def model_card(model: Model) -> str:
    """The README of a model folder: what it is for, what it learned from, its figures and limits."""
    training = model.training
    found = [(str(t.topic), t.name, str(t.n_segments), str(t.n_articles)) for t in model.topics.topics]
    topics = _table(("id", "name", "segments", "articles"), found)
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
{measured and "Out of fold, on the labelled documents it learned from:"}

{measured}

## Themes
{themes}

## Topics ({model.topics.engine})
{topics}
{model.topics.note or ""}

## Limits
Scores are calibrated on the material it learned from; on another kind of outlet read the unsure ones first.
Topics describe that corpus and no other; a new affair falls into topic -1 until the model is trained again.
"""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; nothing where there are no rows."""
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
