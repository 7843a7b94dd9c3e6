"""The order of things: one record in, one judged article out; a corpus in, a model out."""

from __future__ import annotations

import gc
import hashlib
import heapq
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from toolkit.config import Config
from toolkit.data import NO_TOPIC, CutDocument, Judgement, Label, Mention, Quarantined, Record, ThemeScore
from toolkit.embed import load_embedder
from toolkit.html import HtmlTooDeep, render
from toolkit.model import Model, load_model
from toolkit.places import Gazetteer
from toolkit.progress import Progress, Silent
from toolkit.relevance import RelevanceModel, train_relevance
from toolkit.segment import LineModel, RepeatedLines, SecondOpinion, cut, learn_repeats, load_line_model
from toolkit.themes import ThemeModel, train_themes
from toolkit.topics import TopicModel, fit_topics
from toolkit.voters import vote
from toolkit.words import WordTable

Outcome = dict[str, Any]
"""`{"article": row, "segments": rows, "signature": bytes}`, with `"reasons"` where the verdict was near the line and
`"explanation"` where asked for; or `{"quarantined": Quarantined}`."""

_TOPIC_ROLES = frozenset({"body", "list", "quote", "caption"})
NEAR_THE_LINE = 2.0  # logits from a threshold within which a verdict is explained in the results: a reader may doubt it
_MAX_REASONS = 6  # for and as many against


@dataclass(frozen=True, slots=True)
class Judged:
    """One document with the answers to both questions, themes and places; rows align with its segments."""

    cut: CutDocument
    mentions: tuple[tuple[Mention, ...], ...]
    document: Judgement
    segments: tuple[Judgement, ...]
    themes: tuple[tuple[ThemeScore, ...], ...]


@dataclass(frozen=True, slots=True)
class JudgeRecipe:
    """Makes `judge_batch` for one saved model in whatever process it lands (see `engines`)."""

    model_folder: str
    model_hash: str
    no_relevance: bool = False

    def __call__(self) -> Callable[[list[Record]], list[Outcome]]:
        model = load_model(Path(self.model_folder))

        def judge_batch(records: list[Record]) -> list[Outcome]:
            return [judge_record(record, model, no_relevance=self.no_relevance) for record in records]

        return judge_batch


def judge_record(record: Record, model: Model, *, no_relevance: bool = False, explain: bool = False) -> Outcome:
    """Everything the results say of one record. One bad article is quarantined and never stops a run.

    With `explain`, `"explanation"` holds the article's reasons and every segment's row its own.
    """
    try:
        with _collector_paused():
            cut_document = cut_record(record, line_model=model.line_model, repeats=model.repeats, config=model.config)
            judged = judge(cut_document, model.gazetteer, model.relevance, model.themes, no_relevance=no_relevance)
            outcome = _rows(judged, model)
            if not no_relevance and _is_near_the_line(judged.document, model.relevance):
                outcome["reasons"] = _reasons(judged, model)
            return _with_reasons(outcome, judged, model, _second_opinion(record)) if explain else outcome
    except HtmlTooDeep as error:
        return {"quarantined": refusal(record, "html_too_deep", str(error))}
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        return {"quarantined": refusal(record, "internal_error", f"{type(error).__name__}: {error}")}


def cut_record(record: Record, *, line_model: LineModel, repeats: RepeatedLines | None, config: Config) -> CutDocument:
    """A record cut into segments: rendered, and where it is HTML and the line model is unsure, with the voters asked.

    Raises
    ------
    HtmlTooDeep
        When its elements are nested deeper than `limits.max_html_depth`.
    """
    document = render(record, max_depth=config.limits.max_html_depth)
    return cut(document, line_model, repeats, second_opinion=_second_opinion(record))


def _is_near_the_line(judgement: Judgement, relevance: RelevanceModel) -> bool:
    if judgement.on_topic == "unsure":
        return True
    threshold = relevance.on_from if judgement.on_topic == "on" else relevance.off_below
    return abs(_logit(judgement.relevance) - _logit(threshold)) <= NEAR_THE_LINE


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _reasons(judged: Judged, model: Model) -> list[list[object]]:
    """What spoke most for and against the article, as `[name, logits]`, strongest first."""
    from toolkit.explain import explain_document

    parts = explain_document(judged, model)
    strongest = [part for part in parts if part.value > 0][:_MAX_REASONS]
    strongest += [part for part in parts if part.value < 0][:_MAX_REASONS]
    return [[part.name, round(part.value, 6)] for part in sorted(strongest, key=lambda part: -abs(part.value))]


def _second_opinion(record: Record) -> SecondOpinion | None:
    return partial(vote, record.content) if record.is_html else None


def _with_reasons(outcome: Outcome, judged: Judged, model: Model, second_opinion: SecondOpinion | None) -> Outcome:
    from toolkit.explain import explain_article, explanation_rows

    article, segments = explanation_rows(explain_article(judged, model, second_opinion=second_opinion))
    rows = [{**row, "explanation": reasons} for row, reasons in zip(outcome["segments"], segments, strict=True)]
    return {**outcome, "segments": rows, "explanation": article}


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No search for reference cycles meanwhile: one article makes none, and the search goes through the whole model."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def refusal(record: Record, reason: str, detail: str) -> Quarantined:
    """The quarantine entry of a record that was read but could not be worked on."""
    return Quarantined(record.file, record.row, record.document_id, reason, detail)


def judge(
    cut_document: CutDocument,
    gazetteer: Gazetteer,
    relevance: RelevanceModel,
    themes: ThemeModel | None,
    *,
    no_relevance: bool = False,
) -> Judged:
    """Places, relevance and themes of one cut document."""
    mentions = gazetteer.find_each(cut_document.texts)
    words = WordTable.of(cut_document.texts, mentions)
    if no_relevance:
        whole, parts = _all_on(cut_document)
    else:
        whole, parts = relevance.judge(cut_document, mentions, words=words)
    scored = themes.score(cut_document, words=words) if themes is not None else [() for _ in parts]
    return Judged(
        cut_document, tuple(tuple(found) for found in mentions), whole, tuple(parts), tuple(tuple(s) for s in scored)
    )


def _all_on(cut_document: CutDocument) -> tuple[Judgement, list[Judgement]]:
    on, off = Judgement(1.0, "on"), Judgement(0.0, "off")
    parts = [on if segment.kept else off for segment in cut_document.segments]
    return (on if on in parts else off), parts


def _rows(judged: Judged, model: Model) -> Outcome:
    cut_document = judged.cut
    document = cut_document.document
    topics = _segment_topics(judged, model)
    segments = []
    for segment, judgement, themes, topic in zip(
        cut_document.segments, judged.segments, judged.themes, topics, strict=True
    ):
        row: dict[str, Any] = {
            "document_id": document.document_id,
            "index": segment.index,
            "start": segment.start,
            "end": segment.end,
            "role": segment.role,
            "story": segment.story,
            "kept": segment.kept,
            "reason": segment.reason,
            "on_topic": judgement.on_topic,
            "relevance": judgement.relevance,
            "themes": [{"theme": s.theme, "score": s.score} for s in themes],
            "topic": topic,
            "text": segment.text,
        }
        if document.blocks:
            row["xpath"] = segment.xpath
        segments.append(row)
    kept = [segment for segment in cut_document.segments if segment.kept]
    rolled = model.themes.roll_up(cut_document, judged.themes, judged.segments)
    article: dict[str, Any] = {
        "document_id": document.document_id,
        "file": document.file,
        "outlet": outlet_of(document.outlet, document.url),
        "title": cut_document.title,
        "date": cut_document.date,
        "url": document.url,
        "language": cut_document.language,
        "on_topic": judged.document.on_topic,
        "relevance": judged.document.relevance,
        "themes": [{"theme": s.theme, "score": s.score} for s in rolled],
        "topic": _main_topic(cut_document, topics),
    }
    for side in model.config.places.sides:
        article[f"places_{side}"] = _places(judged, side)
    article |= {
        "n_segments": len(segments),
        "n_kept": len(kept),
        "kept_ratio": round(sum(s.end - s.start for s in kept) / max(len(document.text), 1), 6),
        "duplicate_of": None,
        "extra": dict(document.extra),
    }
    from toolkit.duplicates import signature

    return {"article": article, "segments": segments, "signature": signature(_kept_text(cut_document))}


def _segment_topics(judged: Judged, model: Model) -> list[int]:
    wanted = [
        index
        for index, (segment, judgement) in enumerate(zip(judged.cut.segments, judged.segments, strict=True))
        if segment.role in _TOPIC_ROLES and judgement.on_topic != "off"
    ]
    topics = [NO_TOPIC] * len(judged.segments)
    if wanted and model.topics.topics and _speaks(judged.cut.language, model.training.get("topics_language")):
        assigned = model.topics.assign([judged.cut.texts[index] for index in wanted], model.embedder)
        for index, (topic, _) in zip(wanted, assigned, strict=True):
            topics[index] = topic
    return topics


def main_language(judged: Sequence[Judged]) -> str:
    """The language most on-topic documents are in; topics are found in that one, the vectors of others do not mix."""
    counts = Counter(item.cut.language for item in judged if item.document.on_topic == "on")
    del counts["und"]
    return min(counts, key=lambda language: (-counts[language], language), default="und")


def _speaks(language: str, topics_language: object) -> bool:
    return "und" in (language, topics_language) or language == topics_language


def _main_topic(cut_document: CutDocument, topics: Sequence[int]) -> int:
    """The topic with most characters in the article; the lower id of equals; -1 where there is none."""
    characters: Counter[int] = Counter()
    for text, topic in zip(cut_document.texts, topics, strict=True):
        if topic != NO_TOPIC:
            characters[topic] += len(text)
    return min(characters, key=lambda topic: (-characters[topic], topic), default=NO_TOPIC)


def _places(judged: Judged, side: str) -> list[str]:
    """Names of one side in the kept segments, most named first: each place and the country it belongs to."""
    counts: Counter[str] = Counter()
    for segment, found in zip(judged.cut.segments, judged.mentions, strict=True):
        if found and segment.kept:
            for mention in found:
                if mention.side == side:
                    counts.update({mention.name, mention.member} - {""})
    return sorted(counts, key=lambda name: (-counts[name], name))


def outlet_of(outlet: str | None, url: str | None) -> str | None:
    """The outlet as given, else the host of the URL without `www.`."""
    if outlet:
        return outlet
    try:
        host = urlsplit(url or "").hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def train(
    read: Callable[[], Iterable[Record]],
    *,
    name: str,
    config: Config,
    labels: Mapping[str, Label],
    base: Model | None,
    seed: int,
    no_relevance: bool = False,
    with_map: bool = True,
    progress: Progress | None = None,
) -> tuple[Model, tuple[str, ...]]:
    """Learn from a corpus everything a model holds; `base`, where given, is the model to start from.

    `read` yields the corpus afresh at each call, ids unique. At most `limits.max_training_documents` documents,
    chosen by a hash of their ids, are learned from. With a map the topics keep which segments they were found in and
    where to draw them; without one the model carries no trace of single documents. Returns the model and notes in
    words for the reader.
    """
    import sklearn.linear_model  # noqa: F401 - only a BLAS that is loaded can be held to one thread
    from threadpoolctl import threadpool_limits

    progress = progress or Silent()
    notes: list[str] = []
    with threadpool_limits(1):  # sums of many threads differ in their last bits from run to run
        progress.stage("read and learn repeated lines")
        sample, repeats, corpus_hash, n_documents = _sample(read(), config, labels, progress)
        if len(sample) < n_documents:
            notes.append(f"Learned from {len(sample):,} of {n_documents:,} documents (limits.max_training_documents).")
        line_model = load_line_model()
        gazetteer = Gazetteer.from_config(config.places)
        progress.stage("cut into segments", len(sample))
        corpus = _cut_all(sample, line_model, repeats, config, progress)
        mentions = [gazetteer.find_each(document.texts) for document in corpus]
        progress.stage("learn relevance")
        relevance = train_relevance(
            corpus,
            mentions,
            config=config,
            labels=labels,
            base=base.relevance if base else None,
            random_state=seed,
        )
        judged = [judge(d, gazetteer, relevance, None, no_relevance=no_relevance) for d in corpus]
        progress.stage("learn themes")
        themes = train_themes(
            corpus,
            [(j.document, j.segments) for j in judged],
            config=config,
            labels=labels,
            base=base.themes if base else None,
            random_state=seed,
        )
        progress.stage("find topics")
        language = main_language(judged)
        once = _without_copies(judged)
        topics, n_other = _fit_topics(once, themes, config, language=language, seed=seed, with_map=with_map)
    if topics.note:
        notes.append(topics.note)
    if n_other:
        notes.append(
            f"Topics are of texts in {language!r}; {n_other:,} on-topic segments in other languages have none."
        )
    training = {
        "n_documents": n_documents,
        "n_learned_from": len(sample),
        "n_labels": sum(document.document.document_id in labels for document in corpus),
        "n_segments": sum(len(document.segments) for document in corpus),
        "n_on_topic": sum(j.document.on_topic == "on" for j in judged),
        "corpus_hash": corpus_hash,
        "base": base.manifest.sha256 if base and base.manifest else None,
        "topics_engine": topics.engine,
        "n_topics": len(topics.topics),
        "topics_language": language,
        "no_relevance": no_relevance,
    }
    model = Model(
        name=name,
        config=config,
        line_model=line_model,
        repeats=repeats,
        gazetteer=gazetteer,
        relevance=relevance,
        themes=themes,
        topics=topics if with_map else topics.without_sources(),
        embedder=load_embedder(),
        training=training,
        seed=seed,
    )
    return model, tuple(notes)


def _sample(
    records: Iterable[Record], config: Config, labels: Mapping[str, Label], progress: Progress
) -> tuple[list[Record], RepeatedLines, str, int]:
    """The records to learn from, the lines their sources repeat, a hash of the whole corpus and its size."""
    chosen: list[tuple[int, str, Record]] = []  # a max-heap by hash: the smallest hashes stay
    size = config.limits.max_training_documents
    repeats = learn_repeats()
    digest = 0
    n_documents = 0
    for record in records:
        try:
            document = render(record, max_depth=config.limits.max_html_depth)
        except HtmlTooDeep:
            continue
        n_documents += 1
        repeats.add(document)
        content = hashlib.blake2b(f"{record.document_id}\0{record.content}".encode(), digest_size=16).digest()
        digest ^= int.from_bytes(content)  # order-free; ids are unique, so nothing cancels out
        key = int.from_bytes(hashlib.blake2b(record.document_id.encode(), digest_size=8).digest())
        rank = key if record.document_id not in labels else -1  # labelled documents are always learned from
        entry = (-rank, record.document_id, record)
        if len(chosen) < size:
            heapq.heappush(chosen, entry)
        else:
            heapq.heappushpop(chosen, entry)
        progress.advance()
    sample = sorted((record for _, _, record in chosen), key=lambda record: record.document_id)
    return sample, repeats.finish(), f"{digest:032x}", n_documents


def _cut_all(
    sample: Sequence[Record], line_model: LineModel, repeats: RepeatedLines, config: Config, progress: Progress
) -> list[CutDocument]:
    corpus = []
    for record in sample:
        corpus.append(cut_record(record, line_model=line_model, repeats=repeats, config=config))
        progress.advance()
    return corpus


def _without_copies(judged: Sequence[Judged]) -> list[Judged]:
    """The documents without near-duplicates of others: a story sent by wire to ten outlets is no topic of its own."""
    from toolkit.duplicates import find_duplicates, signature

    copies = find_duplicates(
        (j.cut.document.document_id, j.cut.date, signature(_kept_text(j.cut)))
        for j in judged
        if j.document.on_topic == "on"
    )
    return [item for item in judged if item.cut.document.document_id not in copies]


def _kept_text(cut_document: CutDocument) -> str:
    return "\n".join(text for text, s in zip(cut_document.texts, cut_document.segments, strict=True) if s.kept)


def _fit_topics(
    judged: Sequence[Judged], themes: ThemeModel, config: Config, *, language: str, seed: int, with_map: bool
) -> tuple[TopicModel, int]:
    """The topics of on-topic segments in `language`, and how many segments in other languages were left out."""
    texts: list[str] = []
    document_ids: list[str] = []
    indices: list[int] = []
    segment_themes: list[list[str]] = []
    n_other = 0
    for item in judged:
        scored = themes.score(item.cut)
        for segment, text, judgement, found in zip(
            item.cut.segments, item.cut.texts, item.segments, scored, strict=True
        ):
            if segment.role in _TOPIC_ROLES and judgement.on_topic == "on":
                if not _speaks(item.cut.language, language):
                    n_other += 1
                    continue
                texts.append(text)
                document_ids.append(segment.document_id)
                indices.append(segment.index)
                segment_themes.append([score.theme for score in found])
    model = fit_topics(
        texts,
        document_ids,
        indices,
        embedder=load_embedder(),
        config=config.topics,
        random_state=seed,
        themes=segment_themes,
        subject_words=sorted(_subject_words(config)),
        with_map=with_map,
    )
    return model, n_other


def _subject_words(config: Config) -> set[str]:
    """Words that name a side itself: every topic is about them, so none should be named after them."""
    words: set[str] = set()
    for side in config.places.sides.values():
        names = [side.label, *side.names[:1]]
        for country, aliases in side.aliases.items():
            if side.label in aliases:  # the side goes by the name of one country
                names += side.demonyms.get(country, ())[:1]
        words.update(word for name in names for word in re.findall(r"\w+", name.lower()))
    return words
