"""The order of things: one record in, one judged article out."""

from __future__ import annotations

import gc
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from toolkit.config import Config
from toolkit.data import NO_TOPIC, CutDocument, Judgement, Mention, Quarantined, Record, ThemeScore
from toolkit.html import HtmlTooDeep, render
from toolkit.model import Model, load_model
from toolkit.places import Gazetteer
from toolkit.relevance import RelevanceModel
from toolkit.segment import LineModel, RepeatedLines, SecondOpinion, cut_each
from toolkit.themes import ThemeModel
from toolkit.voters import vote
from toolkit.words import WordTable

Outcome = dict[str, Any]
"""`{"article": row, "segments": rows, "signature": bytes}`, with `"reasons"` where the verdict was near the line and
`"explanation"` where asked for; or `{"quarantined": Quarantined}`."""

TOPIC_ROLES = frozenset({"body", "list", "quote", "caption"})
NEAR_THE_LINE = 1.0  # logits from a threshold within which a verdict is explained in the results: a reader may doubt it
_MAX_REASONS = 6  # for and as many against
MAX_TOGETHER = 200_000  # characters; thirty pages leave little of the cost of calling numpy, and more gain nothing
_DEFECTS = (ArithmeticError, LookupError, TypeError, ValueError, RecursionError)


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
            return judge_records(records, model, no_relevance=self.no_relevance)

        return judge_batch


def judge_record(record: Record, model: Model, *, no_relevance: bool = False, explain: bool = False) -> Outcome:
    """Everything the results say of one record. One bad article is quarantined and never stops a run.

    With `explain`, `"explanation"` holds the article's reasons and every segment's row its own.
    """
    try:
        with _collector_paused():
            [outcome] = _outcomes([record], model, no_relevance=no_relevance, explain=explain)
            return outcome
    except HtmlTooDeep as error:
        return {"quarantined": refusal(record, "html_too_deep", str(error))}
    except _DEFECTS as error:
        return {"quarantined": refusal(record, "internal_error", f"{type(error).__name__}: {error}")}


def judge_records(records: Sequence[Record], model: Model, *, no_relevance: bool = False) -> list[Outcome]:
    """What `judge_record` says of each record, sooner: several articles share each array pass."""
    outcomes: list[Outcome] = []
    for group in groups(records):
        try:
            with _collector_paused():
                outcomes += _outcomes(group, model, no_relevance=no_relevance)
        except (HtmlTooDeep, *_DEFECTS):  # one of them is to be quarantined
            outcomes += [judge_record(record, model, no_relevance=no_relevance) for record in group]
    return outcomes


def groups(records: Sequence[Record]) -> Iterator[list[Record]]:
    """The records in order, at most MAX_TOGETHER characters at a time but for records that are longer alone."""
    group: list[Record] = []
    n_characters = 0
    for record in records:
        if group and n_characters + len(record.content) > MAX_TOGETHER:
            yield group
            group, n_characters = [], 0
        group.append(record)
        n_characters += len(record.content)
    if group:
        yield group


def _outcomes(records: Sequence[Record], model: Model, *, no_relevance: bool, explain: bool = False) -> list[Outcome]:
    """The outcomes of `records`, judged together."""
    cuts = cut_records(records, line_model=model.line_model, repeats=model.repeats, config=model.config)
    together = list(_judge_together(cuts, model.gazetteer, model.relevance, model.themes, no_relevance=no_relevance))
    outcomes = _rows_of_each([judged for judged, _ in together], model)
    if not no_relevance:
        near = [i for i, (judged, _) in enumerate(together) if _is_near_the_line(judged.document, model.relevance)]
        for i, reasons in zip(near, _reasons([together[i] for i in near], model), strict=True):
            outcomes[i]["reasons"] = reasons
    if explain:
        of_all = zip(outcomes, together, records, strict=True)
        outcomes = [_with_reasons(o, judged, model, _second_opinion(record)) for o, (judged, _), record in of_all]
    return outcomes


def cut_record(record: Record, *, line_model: LineModel, repeats: RepeatedLines | None, config: Config) -> CutDocument:
    """A record cut into segments: rendered, and where it is HTML and the line model is unsure, with the voters asked.

    Raises
    ------
    HtmlTooDeep
        When its elements are nested deeper than `limits.max_html_depth`.
    """
    return cut_records([record], line_model=line_model, repeats=repeats, config=config)[0]


def cut_records(
    records: Sequence[Record], *, line_model: LineModel, repeats: RepeatedLines | None, config: Config
) -> list[CutDocument]:
    """What `cut_record` makes of each record, sooner: several pages share each array pass."""
    documents = [render(record, max_depth=config.limits.max_html_depth) for record in records]
    return cut_each(documents, line_model, repeats, second_opinions=list(map(_second_opinion, records)))


def _is_near_the_line(judgement: Judgement, relevance: RelevanceModel) -> bool:
    if judgement.on_topic == "unsure":
        return True
    threshold = relevance.on_from if judgement.on_topic == "on" else relevance.off_below
    return abs(_logit(judgement.relevance) - _logit(threshold)) <= NEAR_THE_LINE


def _logit(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _reasons(together: Sequence[tuple[Judged, WordTable]], model: Model) -> list[list[list[object]]]:
    """What spoke most for and against each article beside an average one, as `[name, logits]`, strongest first."""
    if not together:
        return []
    from toolkit.relevance.explain import strongest_parts

    words = WordTable.join([table for _, table in together])
    of_each = strongest_parts(model.relevance, [judged.cut for judged, _ in together], words, n=_MAX_REASONS)
    return [[[name, round(value, 6)] for name, value in parts] for parts in of_each]


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
    [(judged, _)] = _judge_together([cut_document], gazetteer, relevance, themes, no_relevance=no_relevance)
    return judged


def _judge_together(
    cuts: Sequence[CutDocument],
    gazetteer: Gazetteer,
    relevance: RelevanceModel,
    themes: ThemeModel | None,
    *,
    no_relevance: bool,
) -> Iterator[tuple[Judged, WordTable]]:
    """The answers of `judge` for each document, and its words for whoever goes on with it."""
    mentions = [gazetteer.find_each(document.texts) for document in cuts]
    tables = [WordTable.of(document.texts, found) for document, found in zip(cuts, mentions, strict=True)]
    words = WordTable.join(tables)
    judgements = list(map(_all_on, cuts)) if no_relevance else relevance.judge_each(cuts, words)
    none: list[tuple[ThemeScore, ...]] = [()]
    scored = themes.score_each(cuts, words) if themes is not None else [none * len(c.segments) for c in cuts]
    for document, found, table, (whole, parts), given in zip(cuts, mentions, tables, judgements, scored, strict=True):
        yield Judged(document, tuple(map(tuple, found)), whole, tuple(parts), tuple(given)), table


def _all_on(cut_document: CutDocument) -> tuple[Judgement, list[Judgement]]:
    on, off = Judgement(1.0, "on"), Judgement(0.0, "off")
    parts = [on if segment.kept else off for segment in cut_document.segments]
    return (on if on in parts else off), parts


def _rows_of_each(together: Sequence[Judged], model: Model) -> list[Outcome]:
    """The rows of several documents; all their texts are embedded together."""
    topics = _topics_of_segments(together, model)
    return [_rows(judged, of_segments, model) for judged, of_segments in zip(together, topics, strict=True)]


def _rows(judged: Judged, topics: Sequence[int], model: Model) -> Outcome:
    cut_document = judged.cut
    document = cut_document.document
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
    kept = [row for row in segments if row["kept"]]
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
        "kept_ratio": round(sum(row["end"] - row["start"] for row in kept) / max(len(document.text), 1), 6),
        "duplicate_of": None,
        "extra": dict(document.extra),
    }
    from toolkit.duplicates import signature

    return {"article": article, "segments": segments, "signature": signature(kept_text(cut_document))}


def _topics_of_segments(together: Sequence[Judged], model: Model) -> list[list[int]]:
    """The topic of each segment of each document, -1 for none."""
    topics = [[NO_TOPIC] * len(judged.segments) for judged in together]
    wanted = [
        (d, s)
        for d, judged in enumerate(together)
        if model.topics.topics and speaks(judged.cut.language, model.training.get("topics_language"))
        for s, (segment, judgement) in enumerate(zip(judged.cut.segments, judged.segments, strict=True))
        if segment.role in TOPIC_ROLES and judgement.on_topic != "off"
    ]
    texts = [together[d].cut.texts[s] for d, s in wanted]
    assigned = model.topics.assign(texts, model.embedder) if texts else []
    for (d, s), (topic, _) in zip(wanted, assigned, strict=True):
        topics[d][s] = topic
    return topics


def speaks(language: str, topics_language: object) -> bool:
    """Whether topics found in `topics_language` are for a text in `language`."""
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
                    name, member = mention.name, mention.member
                    counts[name] += 1
                    if member != name:
                        counts[member] += 1
    del counts[""]
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


def kept_text(cut_document: CutDocument) -> str:
    """The article's own text, a paragraph a line: what copies are told by."""
    return "\n".join(text for text, s in zip(cut_document.texts, cut_document.segments, strict=True) if s.kept)
