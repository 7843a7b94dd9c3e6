"""One gold, measured: every task its records are gold for, ours and the baselines on the same text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from toolkit.data import CutDocument, Record
from toolkit.duplicates import find_duplicates, signature
from toolkit.evaluate import baselines as others
from toolkit.evaluate import counts, measures
from toolkit.evaluate.figures import OURS, Figure, Measure, Tally
from toolkit.evaluate.gold import BadRow, Survey, records, survey, tasks_of
from toolkit.evaluate.protocol import protocol_of
from toolkit.evaluate.shapes import GoldRecord, GoldText, LabelledLines, Pair
from toolkit.html import HtmlTooDeep
from toolkit.model import Model
from toolkit.pipeline import Judged, cut_record, judge
from toolkit.progress import Progress, Silent

SEED = 0
RULE, RULE_KEPT = "two mentions", "two mentions, kept text"
_HAS_NO_RANKING = frozenset(("roc_auc", "average_precision", "ece", "brier"))
_T = TypeVar("_T")
_G = TypeVar("_G")
Groups = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured on one gold.

    `seconds` is processor time and megabytes by what was done; it is not reproducible and no part of the result.
    """

    name: str
    fingerprint: str
    sample: int | None
    protocol: Mapping[str, object]
    figures: tuple[Figure, ...]
    bad: tuple[BadRow, ...]
    n_bad: int
    seconds: Mapping[str, tuple[float, float]]


@dataclass
class _Run:
    """Everything at hand while one gold is gone through."""

    model: Model
    with_baselines: bool
    tallies: dict[str, Tally]
    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    signatures: dict[str, bytes] = field(default_factory=dict)
    pairs: list[tuple[str, Groups, str, str]] = field(default_factory=list)

    @contextmanager
    def timed(self, what: str, n_characters: int) -> Iterator[None]:
        """Adds processor time and size to what `what` took so far."""
        start = time.process_time()
        try:
            yield
        finally:
            seconds, size = self.seconds.get(what, (0.0, 0.0))
            self.seconds[what] = (seconds + time.process_time() - start, size + n_characters / 1e6)

    def cut(self, record: Record) -> CutDocument | None:
        """The page cut as `classify` cuts it; None where it is nested too deep to be read."""
        with self.timed("cut", len(record.content)):
            model = self.model
            try:
                return cut_record(record, line_model=model.line_model, repeats=model.repeats, config=model.config)
            except HtmlTooDeep:
                self.failures[OURS] = self.failures.get(OURS, 0) + 1
                return None

    def judge(self, found: CutDocument) -> Judged:
        """Both questions and the themes of a cut page."""
        with self.timed("judge", len(found.document.text)):
            return judge(found, self.model.gazetteer, self.model.relevance, self.model.themes)


def evaluate(
    gold: Path,
    *,
    model: Model,
    labels_file: Path | None = None,
    sample: int | None = None,
    with_baselines: bool = True,
    random_state: int = SEED,
    progress: Progress | None = None,
) -> Evaluation:
    """Measure `model` on a gold file or folder.

    `sample` takes so many records of each task, chosen by a hash of their ids. Figures carry 95 % bootstrap intervals
    by document (1,000 resamples, drawn from `random_state`). The same gold and model give the same figures, whatever
    the order of files and rows.

    Raises
    ------
    ToolkitError
        Exit code 2 for a missing path or gold of no known shape, 3 where nothing could be read.
    """
    progress = progress or Silent()
    progress.stage(f"read {gold.name}")
    found = survey(gold, labels_file=labels_file, theme_ids=tuple(model.config.themes), sample=sample)
    run = _Run(model, with_baselines, _tallies(model))
    progress.stage(f"measure {found.name}", sum(found.n_by_task.values()))
    with others.quiet():
        for digest, record in records(found):
            progress.advance(_count_record(run, found, digest, record))
    if run.pairs:
        _count_pairs(run)
    progress.stage("intervals")
    figures = tuple(f for tally in run.tallies.values() for f in tally.figures(random_state=random_state))
    return Evaluation(
        found.name,
        found.fingerprint,
        sample,
        protocol_of(found, model, run.tallies, run.failures, sample=sample, random_state=random_state),
        figures,
        tuple(found.bad),
        found.n_bad,
        run.seconds,
    )


def _tallies(model: Model) -> dict[str, Tally]:
    def ranks(system: str, measure: Measure) -> bool:
        return system not in (RULE, RULE_KEPT) or measure.id not in _HAS_NO_RANKING

    made = [
        Tally("documents", measures.document_measures(), applies=ranks),
        Tally("themes", measures.theme_measures(tuple(model.config.themes))),
        Tally("lines", measures.line_measures()),
        Tally("blocks", measures.line_measures()),
        Tally("boundaries", measures.boundary_measures()),
        Tally("pages", measures.page_measures()),
        Tally("pairs", measures.pair_measures()),
        Tally("roles", measures.role_measures()),
    ]
    return {tally.task: tally for tally in made}


def _count_record(run: _Run, found: Survey, digest: bytes, gold: GoldRecord) -> int:
    """Count one record for every task it is chosen for; how many those were."""
    text = found.texts_by_id.get(gold.id)
    waits = gold.record is not None and gold.record.is_html and gold.gold_text is None and text is not None
    tasks = [*tasks_of(gold), *(("pages",) if waits else ())]
    chosen = [task for task in tasks if (only := found.chosen.get(task)) is None or digest in only]
    mixed_in = found.chosen.get("mixed in")
    is_mixed_in = found.n_by_task["pairs"] > 0 and gold.record is not None and not gold.record.is_html
    is_mixed_in = is_mixed_in and (bool(chosen) or (not tasks and (mixed_in is None or digest in mixed_in)))
    cut_document = None
    if gold.record is not None and (is_mixed_in or {"documents", "pages", "roles"} & set(chosen)):
        cut_document = run.cut(gold.record)
    if "documents" in chosen and gold.label is not None:
        _count_document(run, gold, cut_document)
    for task, lines in (("lines", gold.lines), ("blocks", gold.blocks)):
        if task in chosen and lines is not None:
            same = cut_document if cut_document is not None and cut_document.document.text == lines.text else None
            _count_lines(run, task, gold, lines, same)
    if "boundaries" in chosen and gold.segments is not None:
        _count_boundaries(run, gold, gold.segments)
    if "pages" in chosen and gold.record is not None:
        wanted, groups = (gold.gold_text, gold.groups) if gold.gold_text else text or (None, ())
        if wanted is not None:
            _count_page(run, gold.id, tuple(sorted({*gold.groups, *groups})), wanted, gold.record, cut_document)
    if "roles" in chosen and gold.roles is not None and cut_document is not None:
        run.tallies["roles"].add(gold.id, gold.groups, {OURS: counts.role_counts(gold.roles, cut_document)})
    if "pairs" in chosen and gold.pair is not None:
        _cut_pair(run, gold, gold.pair)
    if is_mixed_in and cut_document is not None and gold.record is not None:
        run.signatures.setdefault(gold.id, signature(counts.kept_text(cut_document)))
    return len(chosen)


def _count_document(run: _Run, gold: GoldRecord, cut_document: CutDocument | None) -> None:
    label = gold.label
    if label is None or cut_document is None:
        return
    judged = run.judge(cut_document)
    if label.on_topic is not None:
        found = {OURS: counts.document_counts(label.on_topic, judged)}
        if run.with_baselines:
            sides = tuple(run.model.config.places.sides)
            found[RULE] = counts.rule_counts(label.on_topic, judged, sides, kept_only=False)
            found[RULE_KEPT] = counts.rule_counts(label.on_topic, judged, sides, kept_only=True)
        run.tallies["documents"].add(gold.id, gold.groups, found)
    if label.themes is not None and label.on_topic is not False:
        given = run.model.themes.roll_up(judged.cut, judged.themes, judged.segments)
        themes = tuple(run.model.config.themes)
        run.tallies["themes"].add(gold.id, gold.groups, {OURS: counts.theme_counts(label, given, themes)})


def _count_lines(
    run: _Run, task: str, gold: GoldRecord, lines: LabelledLines, cut_document: CutDocument | None
) -> None:
    text = lines.text
    if cut_document is None:
        given = gold.record
        outlet = given.outlet if given else next((v for n, v in gold.groups if n in ("outlet", "source", "site")), None)
        cut_document = run.cut(
            Record(gold.id, text, gold.file, gold.row, url=given.url if given else None, outlet=outlet)
        )
    if cut_document is None:
        return
    found = {OURS: counts.line_counts(lines, counts.kept_by_ours(lines, cut_document))}
    for name, keep in others.LINE_BASELINES.items() if run.with_baselines else ():
        answers = _answer(run, name, len(text), keep, lines.texts, [False] * len(lines.texts))
        found[name] = counts.line_counts(lines, counts.kept_by_lines(lines, answers))
    run.tallies[task].add(gold.id, gold.groups, found)


def _answer(run: _Run, name: str, size: int, tool: Callable[[_G], _T], given: _G, nothing: _T) -> _T:
    """What a baseline answers; `nothing`, counted as a failure, where it fails on the page."""
    with run.timed(name, size):
        try:
            return tool(given)
        except Exception:  # another's code on hostile pages: whatever it raises is told of in the protocol
            run.failures[name] = run.failures.get(name, 0) + 1
            return nothing


def _count_boundaries(run: _Run, gold: GoldRecord, segments: Sequence[Sequence[str]]) -> None:
    from toolkit.segment.boundaries import find_boundaries

    texts = [text for segment in segments for text in segment]
    size = sum(map(len, texts))
    with run.timed("boundaries", size):
        found = {OURS: counts.boundary_counts(segments, find_boundaries(texts))}
    for name, split in counts.boundary_baselines().items() if run.with_baselines else ():
        if len(texts) > others.MAX_CLASSIC_ROWS:
            run.failures[name] = run.failures.get(name, 0) + 1
        with run.timed(name, size):
            answer = split(texts) if len(texts) <= others.MAX_CLASSIC_ROWS else []
            found[name] = counts.boundary_counts(segments, answer)
    run.tallies["boundaries"].add(gold.id, gold.groups, found)


def _count_page(
    run: _Run, key: str, groups: Groups, gold: GoldText, record: Record, cut_document: CutDocument | None
) -> None:
    ours = counts.article_text(cut_document) if cut_document is not None else ""
    found = {OURS: counts.page_counts(gold, ours)}
    for name, take in others.PAGE_BASELINES.items() if run.with_baselines else ():
        text = _answer(run, name, len(record.content), take, record.content, "")
        found[name] = counts.page_counts(gold, text)
    run.tallies["pages"].add(key, groups, found)


def _cut_pair(run: _Run, gold: GoldRecord, pair: Pair) -> None:
    ids = []
    for record in (pair.first, pair.second):
        cut_document = run.cut(record)
        identifier = record.document_id
        run.signatures[identifier] = signature(counts.kept_text(cut_document)) if cut_document is not None else b""
        ids.append(identifier)
    run.pairs.append((gold.id, gold.groups, ids[0], ids[1]))


def _count_pairs(run: _Run) -> None:
    """Find near-duplicates among the pairs and everything else given, and count what touches a pair.

    Pairs that share a scrape are of one page. Left out of the rest is what is the page of a pair once more: a record
    whose id is that of a scrape, or that id without its `#number`. A link belongs to the first pair of its page.
    """
    page_of = counts.pages_of([(first, second) for _, _, first, second in run.pairs])
    same = {identifier.rpartition("#")[0] for identifier in page_of if "#" in identifier}
    found = find_duplicates((i, None, s) for i, s in sorted(run.signatures.items()) if i in page_of or i not in same)
    pair_of_page: dict[str, int] = {}
    for number, (_, _, first, _) in enumerate(run.pairs):
        pair_of_page.setdefault(page_of[first], number)
    links = [[0, 0] for _ in run.pairs]
    for copy, first in found.items():
        page = page_of.get(copy, page_of.get(first))
        if page is not None:
            links[pair_of_page[page]][0] += 1
            links[pair_of_page[page]][1] += page_of.get(copy) == page_of.get(first)
    for (key, groups, first, second), (n_links, n_right) in zip(run.pairs, links, strict=True):
        is_found = float(found.get(first, first) == found.get(second, second))
        run.tallies["pairs"].add(key, groups, {OURS: [is_found, 1.0, n_links, n_right]})
