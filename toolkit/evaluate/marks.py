"""A model against the marks of readers: verdicts, themes, passages and cuts they spoke about."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from toolkit import __version__
from toolkit.classify import unique_records
from toolkit.data import Label, Passage, Quarantined, Record
from toolkit.errors import ToolkitError
from toolkit.evaluate import counts, measures
from toolkit.evaluate.figures import N_RESAMPLES, OURS, Figure, Tally
from toolkit.evaluate.gold import MAX_BAD_SHOWN, BadRow, name_of
from toolkit.evaluate.run import SEED, Evaluation
from toolkit.feedback import Settled, WrongCut, settle, text_hash, texts_of
from toolkit.files import expand_inputs, read_feedback
from toolkit.metrics import exact_interval
from toolkit.model import Model
from toolkit.pipeline import Judged, cut_record, judge
from toolkit.progress import Progress, Silent

_UNITS = {
    "documents": "articles that readers chose to mark on or off; on from a relevance of .5; by verdict: unsure left "
    "out. Readers mark what strikes them, mistakes above all: these are no random sample, and shares of right answers "
    "say nothing of the corpus; compare models by them",
    "audit": "articles drawn at random from those that the model that was read had set aside, and marked: the share "
    "that is on the subject; of this model only as far as it sets the same articles aside",
    "themes": "themes of marked articles that no reader called off the subject; themes that nobody spoke of do not "
    "count. No random sample either",
    "passages": "passages marked on or off, by the segment that shares most with each; intervals by passage",
    "cuts": "passages that readers called wrongly cut: right when at least half of the visible characters are now "
    "kept where they had been cut, or cut where they had been kept. The model that was read has all of them wrong",
}


def evaluate_marks(
    gold: Path, *, feedback: Sequence[Path], model: Model, random_state: int = SEED, progress: Progress | None = None
) -> Evaluation:
    """Measure `model` on what readers marked in the articles of `gold`, any input the toolkit reads.

    Figures carry 95 % bootstrap intervals (1,000 resamples, drawn from `random_state`); the share on the subject of
    the articles drawn at random has the exact interval of Clopper & Pearson (1934).

    Raises
    ------
    ToolkitError
        Where the marks cannot be read, or none is about an article of `gold` as it is now.
    """
    progress = progress or Silent()
    progress.stage(f"read {gold.name}")
    limits, themes = model.config.limits, tuple(model.config.themes)
    marks = [mark for path in feedback for mark in read_feedback(path)]
    sources = expand_inputs([str(gold)])
    refused: list[Quarantined] = []
    marked = {mark.document_id for mark in marks}
    kept: dict[str, Record] = {}
    corpus_hash = 0
    for record in unique_records(sources, limits, refused=refused.append):
        content = f"{record.document_id}\0{record.content}".encode("utf-8", "replace")
        corpus_hash ^= int.from_bytes(hashlib.blake2b(content, digest_size=16).digest())  # as `training.train` counts
        if record.document_id in marked:
            kept[record.document_id] = record
    texts = texts_of(kept.values(), kept, limits)
    settled = settle(marks, texts, theme_ids=themes, labels={})
    ids = sorted({*settled.labels, *settled.cuts})
    if not ids:
        raise ToolkitError(f"{', '.join(map(str, feedback))}: no mark to score by. {' '.join(settled.sentences())}")
    tallies = _tallies(themes)
    progress.stage(f"measure {name_of(gold)}", len(ids))
    started = time.process_time()
    for document_id in ids:
        cut = cut_record(kept[document_id], line_model=model.line_model, repeats=model.repeats, config=model.config)
        judged = judge(cut, model.gazetteer, model.relevance, model.themes)
        label = settled.labels.get(document_id, Label(document_id))
        _count(tallies, judged, label, model, is_audit=document_id in settled.audit)
        _count_cuts(tallies, judged, settled.cuts.get(document_id, ()))
        progress.advance()
    seconds = {"cut and judge": (time.process_time() - started, sum(len(texts[i]) for i in ids) / 1e6)}
    progress.stage("intervals")
    figures = tuple(f for tally in tallies.values() for f in tally.figures(random_state=random_state))
    bad = tuple(BadRow(item.file, item.row, item.detail) for item in refused)
    protocol = _protocol(gold, feedback, model, settled, tallies, f"{corpus_hash:032x}", random_state)
    return Evaluation(
        f"{name_of(gold)} (marks)",
        _fingerprint(texts, settled),
        None,
        protocol,
        tuple(_exact(figure) if figure.id == "audit.on_share" else figure for figure in figures),
        bad[:MAX_BAD_SHOWN],
        len(bad),
        seconds,
    )


def _tallies(themes: tuple[str, ...]) -> dict[str, Tally]:
    made = [
        Tally("documents", measures.document_measures()),
        Tally("audit", measures.audit_measures()),
        Tally("themes", measures.theme_measures(themes)),
        Tally("passages", measures.document_measures()),
        Tally("cuts", measures.cut_measures()),
    ]
    return {tally.task: tally for tally in made}


def _count(tallies: Mapping[str, Tally], judged: Judged, label: Label, model: Model, *, is_audit: bool) -> None:
    key = label.document_id
    if label.on_topic is not None and is_audit:
        tallies["audit"].add(key, (), {OURS: [float(label.on_topic), 1.0]})
    elif label.on_topic is not None:
        tallies["documents"].add(key, (), {OURS: counts.document_counts(label.on_topic, judged)})
    if label.themes is not None and label.on_topic is not False:
        given = model.themes.roll_up(judged.cut, judged.themes, judged.segments)
        found = counts.theme_counts(label, given, tuple(model.config.themes))
        tallies["themes"].add(key, (), {OURS: found})
    for passage in label.passages:
        tallies["passages"].add(f"{key}\0{passage.start:012d}", (), {OURS: _passage_counts(judged, passage)})


def _passage_counts(judged: Judged, passage: Passage) -> list[float]:
    """As `counts.document_counts`, of the segment that shares most with the passage."""
    segments = judged.cut.segments
    shared = [min(passage.end, s.end) - max(passage.start, s.start) for s in segments]
    found = judged.segments[shared.index(max(shared))]
    said = found.on_topic
    covered = said == "unsure" or (said == "on") == passage.on_topic
    return [float(passage.on_topic), found.relevance, float(said == "on"), float(said == "unsure"), float(covered)]


def _count_cuts(tallies: Mapping[str, Tally], judged: Judged, cuts: Sequence[WrongCut]) -> None:
    kept = counts.visible_kept(judged.cut)
    text = judged.cut.document.text
    for wrong in cuts:
        visible = [i for i in range(wrong.start, wrong.end) if not text[i].isspace()]
        is_kept = 2 * int(kept[visible].sum()) >= max(len(visible), 1)
        key = f"{judged.cut.document.document_id}\0{wrong.start:012d}"
        tallies["cuts"].add(key, (), {OURS: [float(is_kept == wrong.kept), 1.0]})


def _exact(figure: Figure) -> Figure:
    """The same share with an exact interval: a bootstrap of no hits at all would call it certain."""
    low, high = exact_interval(round(figure.value * figure.n), figure.n)
    return replace(figure, low=round(low, 6), high=round(high, 6))


def _fingerprint(texts: Mapping[str, str], settled: Settled) -> str:
    """Of what was scored: texts, labels and cuts, whatever the order in which they were marked."""
    said = [
        [i, text_hash(texts[i]), repr(settled.labels.get(i)), repr(settled.cuts.get(i)), i in settled.audit]
        for i in sorted({*settled.labels, *settled.cuts})
    ]
    return hashlib.blake2b(json.dumps(said, ensure_ascii=True).encode(), digest_size=16).hexdigest()


def _protocol(
    gold: Path,
    feedback: Sequence[Path],
    model: Model,
    settled: Settled,
    tallies: Mapping[str, Tally],
    corpus_hash: str,
    random_state: int,
) -> dict[str, object]:
    manifest = model.manifest
    own_hash = manifest.sha256 if manifest else ""
    used = [tally for tally in tallies.values() if tally.keys]
    of_this = sum(n for model_hash, n in settled.models.items() if model_hash and own_hash.startswith(model_hash))
    n_marks = sum(settled.models.values())
    has_seen = bool(model.training.get("corpus_hash") == corpus_hash)
    seen = "the model learned from exactly these pages" if has_seen else "another corpus hash than the model's"
    return {
        "gold": name_of(gold),
        "labels": ", ".join(path.name for path in feedback),
        "n_articles": len({*settled.labels, *settled.cuts}),
        "n": {tally.task: len(tally.keys) for tally in used},
        "units": {tally.task: _UNITS[tally.task] for tally in used},
        "intervals": f"95 % percentile bootstrap, {N_RESAMPLES} resamples, seed {random_state}; of the share drawn at "
        "random: Clopper–Pearson",
        "model": model.name,
        "model_hash": own_hash or None,
        "toolkit": __version__,
        "marked_in": f"results of this model: {of_this:,} marks; of other models: {n_marks - of_this:,}",
        "trained_on_this": f"{seen}. Whether it learned from these marks cannot be told: if it did, nothing here is "
        "held out",
        "notes": list(settled.sentences()),
    }
