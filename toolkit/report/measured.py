"""What a results folder says of the model behind it: figures measured on labelled documents, and how they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from toolkit.report.findings import wilson
from toolkit.report.rows import Row, items_of, number_of, text_of
from toolkit.report.wording import counted, interval_words, number, percent

HALF = 0.5  # a conformal limit below it leaves some sets empty, one above it fills some with both answers


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n` documents, with the Wilson interval; all that is said of it is said in words."""

    hits: int
    n: int

    @property
    def share(self) -> float:
        """In [0, 1]; 0 of none."""
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval."""
        return wilson(self.hits, self.n)

    @property
    def words(self) -> str:
        """The share with its interval: "70% (95% interval 63–76%)"."""
        return f"{percent(self.share)} (95% interval {interval_words(*self.interval)})"


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of a model card; `relevance` and `themes` are empty where no labels ever were learned from.

    `is_recorded` is False for folders that older toolkits wrote: they say nothing either way. `n_labels` counts the
    labelled documents of the training corpus, None where that is not known.
    """

    is_recorded: bool = False
    n_labels: int | None = None
    n_learned_from: int | None = None
    language: str = ""
    relevance: Row = field(default_factory=dict)
    themes: Row = field(default_factory=dict)
    topic_stability: Mapping[int, float] = field(default_factory=dict)

    def of(self, name: str) -> float | None:
        """A figure of relevance."""
        return number_of(self.relevance, name)

    @property
    def n_documents(self) -> int:
        """Labelled documents the figures of relevance are of."""
        return int(self.of("n_documents") or 0)

    @property
    def of_the_base(self) -> bool:
        """Whether the figures come with the model that this one started from."""
        return self.n_labels is not None and self.n_labels < self.n_documents

    @property
    def recall(self) -> Share | None:
        """Of the documents on the subject, those that got "on"."""
        share, n = self.of("recall_on"), self.of("n_on")
        return Share(round(share * n), int(n)) if share is not None and n else None

    @property
    def precision(self) -> Share | None:
        """Of the documents that got "on", those on the subject."""
        share, found = self.of("precision_on"), self.recall
        if not share or found is None or not found.hits:
            return None
        return Share(found.hits, max(found.hits, round(found.hits / share)))

    @property
    def coverage(self) -> Share | None:
        """Of all documents, those for which the promise was kept."""
        share = self.of("coverage")
        return Share(round(share * self.n_documents), self.n_documents) if share is not None else None


def read_measured(run: Row) -> Measured:
    """What run.json says of the model's figures."""
    model = run.get("model")
    model_row = model if isinstance(model, Mapping) else {}
    card, trained = model_row.get("card"), model_row.get("trained_on")
    n_labels = number_of(trained, "n_labels") if isinstance(trained, Mapping) else None
    labelled = None if n_labels is None else int(n_labels)
    if not isinstance(card, Mapping):
        return Measured(n_labels=labelled)
    stability = {}
    for item in items_of(card, "topics"):
        if isinstance(item, Mapping):
            topic, value = number_of(item, "topic"), number_of(item, "stability")
            if topic is not None and value is not None:
                stability[int(topic)] = value
    n_learned_from = number_of(card, "n_learned_from")
    relevance, themes = card.get("relevance"), card.get("themes")
    return Measured(
        is_recorded=True,
        n_labels=labelled,
        n_learned_from=None if n_learned_from is None else int(n_learned_from),
        language=text_of(card, "topics_language"),
        relevance=relevance if isinstance(relevance, Mapping) else {},
        themes=themes if isinstance(themes, Mapping) else {},
        topic_stability=stability,
    )


def not_measured(measured: Measured) -> str:
    """Why there are no figures, in a sentence; "" where there are."""
    if not measured.is_recorded:
        return (
            "How well the model tells on from off is not in this results folder: an older version of the toolkit "
            "wrote it. The model's own card (README.md in its folder) may say."
        )
    if not measured.n_documents:
        return (
            "How well the line separates on from off was not measured: the model learned from no labels. "
            "Judge the articles drawn at random below, or give labels to `toolkit train`."
        )
    return ""


def line_words(measured: Measured) -> list[str]:
    """Precision and recall at the line, and what was promised, in sentences; [] where nothing was measured."""
    recall, precision = measured.recall, measured.precision
    if recall is None:
        return []
    whose = " of the model this one started from" if measured.of_the_base else ""
    sentences = [
        f"Measured on {counted(measured.n_documents, 'labelled document')}{whose}, each scored by a model that had not "
        "learned from it: "
        + (
            f"of those called on-topic, {precision.words} were; "
            if precision
            else "none that was called on-topic was; "
        )
        + f"of the {number(recall.n)} that are on-topic, {recall.words} were found and the rest left unsure or missed."
    ]
    promise = promise_words(measured)
    return [*sentences, promise] if promise else sentences


def promise_words(measured: Measured) -> str:
    """What the thresholds were chosen to reach, and whether they did; "" where there is no such record."""
    for name in ("recall", "precision"):
        target = measured.of(f"target_{name}")
        if target is not None:
            return f"The line of on-topic was drawn to reach a {name} of {percent(target)} on those documents."
    promised, coverage, limit = measured.of("coverage_promised"), measured.coverage, measured.of("conformal_limit")
    if promised is None or coverage is None or limit is None:
        return ""
    says = "get an answer, and the right one" if limit < HALF else "are not answered wrongly"
    parts = [
        f"The lines were drawn with a promise (split-conformal prediction): of new documents like those, "
        f"{percent(promised)} {says}. Measured, it held for {coverage.words}"
    ]
    on, off = measured.of("coverage_on"), measured.of("coverage_off")
    if on is not None and off is not None:
        parts.append(f", for {percent(on)} of those on the subject and {percent(off)} of the others")
    return "".join(parts) + ". The promise is about all documents together, and for material like the labelled one."
