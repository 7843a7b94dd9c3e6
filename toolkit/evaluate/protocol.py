"""How figures came about, in words that stand beside them."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit import __version__
from toolkit.evaluate.baselines import CUT_AFTER, MAX_C99_LINES
from toolkit.evaluate.figures import N_RESAMPLES, Tally
from toolkit.evaluate.gold import Survey
from toolkit.model import Model

LINE_MODEL_CORPORA = ("sea_china_news", "line_quality", "extraction_blocks", "mixed_articles", "bbc_news")
"""What the shipped line model, which cuts for every model, learned from (`toolkit.segment.train`)."""
_UNITS = {
    "documents": "documents on the subject (coop or other_relation) or off it; on from a relevance of .5; by verdict: "
    "unsure left out; covered when the truth is in the answer (unsure: both). Two mentions: at least two places of "
    "each side by the gazetteer, on the whole page and on what ours keeps",
    "themes": "themes of the whole article, on documents the gold calls on the subject; themes the gold is unsure of "
    "do not count",
    "lines": "lines of plain text, white space and unscored labels left out; the page is the lines joined by line "
    "ends; a line is kept when at least half of its visible characters are; baselines get one <p> a line; C99 cut: "
    f"all behind the first boundary after {CUT_AFTER:.0%} of the text is cut (pages up to {MAX_C99_LINES} lines)",
    "blocks": "blocks of reliable pages as plain text, as lines; blocks labelled title or mixed are not scored",
    "boundaries": "boundaries between the sentences or paragraphs given; Pk and WindowDiff with half the mean length "
    "of the document's own segments, mean of documents",
    "pages": "words (runs of word characters in lower case, as a multiset) of raw HTML pages; ours is every kept role "
    "but the title; phrases as runs of words",
    "pairs": "pairs of scrapes among all other records given, on the kept text; a link is right when both ends are of "
    "one pair; links between other records are not judged",
    "roles": "segments that begin as the gold says have one of the roles it allows",
}


def protocol_of(
    found: Survey,
    model: Model,
    tallies: Mapping[str, Tally],
    failures: Mapping[str, int],
    *,
    sample: int | None,
    random_state: int,
) -> dict[str, object]:
    """Everything needed to read the figures right and to get them again."""
    used = [tally for tally in tallies.values() if tally.keys]
    notes = [*found.notes]
    for system, n in sorted(failures.items()):
        notes.append(f"{system} failed on {n} documents, or they were too long for it; each counts as nothing found")
    unlisted = {name: n for tally in used for name, n in tally.unlisted().items()}
    notes += [f"{name} has {n} values, too many to list" for name, n in sorted(unlisted.items())]
    manifest = model.manifest
    return {
        "gold": found.name,
        "files": [source.name for source in found.sources],
        "labels": found.labels_file.name if found.labels_file else None,
        "fingerprint": found.fingerprint,
        "n_documents": {tally.task: len(tally.keys) for tally in used},
        "sample": sample,
        "mixed_in": found.n_mixed_in or None,
        "units": {tally.task: _UNITS[tally.task] for tally in used},
        "intervals": f"95 % percentile bootstrap by document, {N_RESAMPLES} resamples, seed {random_state}",
        "model": model.name,
        "model_hash": manifest.sha256 if manifest else None,
        "toolkit": __version__,
        "trained_on_this": _trained_on(found, model, used),
        "cut_by": f"the shipped line model, which learned from {', '.join(LINE_MODEL_CORPORA)}",
        "notes": notes,
    }


def _trained_on(found: Survey, model: Model, used: list[Tally]) -> str:
    """Whether the model has seen these pages, as far as it can be told."""
    stated = model.training.get("corpus_hash")
    if stated and stated in found.corpus_hashes:
        return (
            "yes: the model learned from exactly these pages (equal corpus hashes); its figures here are not held out"
        )
    seen = model.repeats.n_documents
    outlets = sorted(
        {value for t in used for g in t.groups for name, value in g if name in ("outlet", "source", "site")}
    )
    known = [outlet for outlet in outlets if outlet in seen]
    card = f"the model card says {model.training.get('n_documents', 'an unknown number of')} documents"
    if known:
        named = ", ".join(f"{outlet} ({seen[outlet]} pages)" for outlet in known[:8])
        return f"in part or in other form: the model has learned from pages of {named}; {card}"
    return f"not as far as can be told: another corpus hash and none of its outlets; {card}"
