"""Learning: a corpus in, a model out."""

from __future__ import annotations

import hashlib
import heapq
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from toolkit.config import Config
from toolkit.data import NO_TOPIC, CutDocument, Label, Record
from toolkit.drift import Article, DriftProfile, Sampler, eligible_text, learn_profile
from toolkit.drift.profile import N_REFERENCE
from toolkit.embed import Encoder, encoder_sha256, load_encoder
from toolkit.html import HtmlTooDeep, render
from toolkit.lesson import CURVE_SHARES, Lesson, make_lesson
from toolkit.model import Model
from toolkit.pipeline import TOPIC_ROLES, Judged, cut_record, judge, kept_text, speaks
from toolkit.places import Gazetteer
from toolkit.progress import Progress, Silent
from toolkit.relevance import learn_relevance
from toolkit.relevance import train as relevance_labels
from toolkit.segment import LineModel, RepeatedLines, learn_repeats, load_line_model
from toolkit.themes import ThemeModel, learn_themes
from toolkit.themes import train as theme_labels
from toolkit.topics import TopicModel, carry_identity, fit_topics
from toolkit.topics.differences import in_words


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
    with_sources: bool = True,
    keep_topics: bool = False,
    date: str | None = None,
    progress: Progress | None = None,
    taught: Callable[[Lesson], None] | None = None,
) -> tuple[Model, tuple[str, ...]]:
    """Learn from a corpus everything a model holds; `base`, where given, is the model to start from.

    `read` yields the corpus afresh at each call, ids unique. At most `limits.max_training_documents` documents,
    chosen by a hash of their ids, are learned from. With a map the topics know where to draw a segment. With sources
    they keep which segments they were found in; without them the model names no document. With `keep_topics`, topics
    that are those of `base` keep their ids, names and colours; new ones are born on `date`, where one is given.
    `taught`, where given, is told what was learned, for a report. Returns the model and notes in words.
    """
    import sklearn.linear_model  # noqa: F401 - only a BLAS that is loaded can be held to one thread
    from threadpoolctl import threadpool_limits

    progress = progress or Silent()
    notes: list[str] = []
    encoder = load_encoder(config.topics.encoder)
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
        learned_relevance = learn_relevance(
            corpus,
            mentions,
            config=config,
            labels=labels,
            base=base.relevance if base else None,
            curve_shares=CURVE_SHARES if taught else (),
        )
        relevance = learned_relevance.model
        judged = [judge(d, gazetteer, relevance, None, no_relevance=no_relevance) for d in corpus]
        progress.stage("learn themes")
        learned_themes = learn_themes(
            corpus,
            config=config,
            labels=labels,
            base=base.themes if base else None,
        )
        themes = learned_themes.model
        progress.stage("find topics")
        language = main_language(judged)
        once = _without_copies(judged)
        topics, n_other = _fit_topics(
            once,
            themes,
            config,
            encoder=encoder,
            language=language,
            seed=seed,
            with_map=with_map,
            base=base if keep_topics else None,
            corpus_hash=corpus_hash,
            date=date,
        )
        progress.stage("remember what batches are compared with")
        drift = _drift_profile(once, themes, topics, encoder=encoder, language=language, no_relevance=no_relevance)
    notes += not_learned(corpus, labels, tuple(config.themes))
    if topics.note:
        notes.append(topics.note)
    if topics.registry.changes is not None:
        notes.append(f"Topics beside those of {base.name if base else ''}: {in_words(topics.registry.changes)}.")
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
        "encoder_sha256": encoder_sha256(config.topics.encoder),
        "n_topics": len(topics.shown()),
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
        topics=topics if with_sources else topics.without_sources(),
        embedder=encoder,
        training=training,
        seed=seed,
        drift=drift,
    )
    if taught is not None:
        progress.stage("choose what to label next")
        with threadpool_limits(1):
            lesson = make_lesson(
                judged,
                labels,
                name=name,
                config=config,
                relevance=learned_relevance,
                themes=learned_themes,
                topics=topics,
                encoder=encoder,
                training=training,
                notes=notes,
            )
        taught(lesson)
    return model, tuple(notes)


def not_learned(corpus: Sequence[CutDocument], labels: Mapping[str, Label], themes: Sequence[str]) -> list[str]:
    """What the labels are too few to teach, in words; empty without labels."""
    given = [label for cut in corpus if (label := labels.get(cut.document.document_id)) is not None]
    n_on, n_off = (sum(label.on_topic is said for label in given) for said in (True, False))
    n_passages = sum(len(label.passages) for label in given)
    notes = []
    if n_on + n_off + n_passages and min(n_on, n_off) < relevance_labels.MIN_LABELS:
        also = f", and {n_passages:,} labelled passages were not learned from" if n_passages else ""
        notes.append(
            f"Relevance stays that of the starting model{also}: it is learned from {relevance_labels.MIN_LABELS} "
            f"labelled articles on the subject and as many off it; found {n_on:,} and {n_off:,}."
        )
    with_themes = [label for label in given if label.themes is not None]
    if with_themes:
        few = [theme for theme in themes if not theme_labels.is_enough(with_themes, theme)]
        if few:
            which = "All themes stay" if len(few) == len(themes) else f"{', '.join(few)} stay"
            notes.append(
                f"{which} as in the starting model: a theme is learned from {theme_labels.MIN_LABELS} labelled "
                "articles that have it and as many that have not."
            )
    return notes


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
        (j.cut.document.document_id, j.cut.date, signature(kept_text(j.cut)))
        for j in judged
        if j.document.on_topic == "on"
    )
    return [item for item in judged if item.cut.document.document_id not in copies]


def main_language(judged: Sequence[Judged]) -> str:
    """The language most on-topic documents are in; topics are found in that one, the vectors of others do not mix."""
    counts = Counter(item.cut.language for item in judged if item.document.on_topic == "on")
    del counts["und"]
    return min(counts, key=lambda language: (-counts[language], language), default="und")


def _fit_topics(
    judged: Sequence[Judged],
    themes: ThemeModel,
    config: Config,
    *,
    encoder: Encoder,
    language: str,
    seed: int,
    with_map: bool,
    base: Model | None,
    corpus_hash: str,
    date: str | None,
) -> tuple[TopicModel, int]:
    """The topics of on-topic segments in `language`, and how many segments in other languages were left out.

    Those that `base` has keep its ids.
    """
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
            if segment.role in TOPIC_ROLES and judgement.on_topic == "on":
                if not speaks(item.cut.language, language):
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
        embedder=encoder,
        config=config.topics,
        random_state=seed,
        themes=segment_themes,
        subject_words=sorted(_subject_words(config)),
        with_map=with_map,
        n_before=len(base.topics.topics) or None if base else None,
    )
    if base is None:
        return model.as_first(corpus_hash=corpus_hash, date=date), n_other
    carried = carry_identity(
        base.topics,
        model,
        texts,
        encoder,
        before_embedder=base.embedder,
        corpus_hash=corpus_hash,
        base_name=base.name,
        base_hash=base.manifest.sha256 if base.manifest else "",
        date=date,
    )
    return carried, n_other


def _drift_profile(
    judged: Sequence[Judged],
    themes: ThemeModel,
    topics: TopicModel,
    *,
    encoder: Encoder,
    language: str,
    no_relevance: bool,
) -> DriftProfile:
    """What batches are compared with: documents without copies, the same segments of each that topics are given to."""
    sampler = Sampler(N_REFERENCE, N_REFERENCE)
    all_texts: list[tuple[str, ...]] = []
    by_id: dict[str, Judged] = {}
    for item in judged:
        document_id = item.cut.document.document_id
        sampler.see(document_id, item.document.relevance, item.document.on_topic)
        if item.document.on_topic != "on" or not speaks(item.cut.language, language):
            continue
        rows = [
            segment
            for segment, judgement in zip(item.cut.segments, item.segments, strict=True)
            if segment.role in TOPIC_ROLES and judgement.on_topic != "off"
        ]
        texts = eligible_text(segment.text for segment in rows)
        if texts:
            all_texts.append(texts)
            by_id[document_id] = item
            keys = tuple(segment.index for segment in rows[: len(texts)])
            sampler.add(Article(document_id, None, (), keys, texts, ()))
    reference = []
    for article in sampler.articles():
        item = by_id[article.document_id]
        texts_of = [item.cut.texts[key] for key in article.keys]
        given = topics.assign(texts_of, encoder) if topics.topics else [(NO_TOPIC, 0.0)] * len(texts_of)
        found = themes.roll_up(item.cut, themes.score(item.cut), item.segments)
        reference.append(
            replace(article, topics=tuple(topic for topic, _ in given), themes=tuple(score.theme for score in found))
        )
    return learn_profile(
        reference,
        all_texts,
        verdicts=sampler.verdicts,
        scores=sampler.scores(),
        topic_ids=[topic.topic for topic in topics.shown()],
        theme_ids=list(themes.themes),
        no_relevance=no_relevance,
        encoder=encoder,
    )


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
