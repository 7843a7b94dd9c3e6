"""Why a paragraph was kept or cut: exact contributions to the line model's score, and the rule that overrode it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from toolkit.data import CutDocument, Explanation, Votes
from toolkit.segment.features import look
from toolkit.segment.model import ARTICLE, STATES, FloatArray, LineModel, word_entries
from toolkit.segment.opinion import KEPT_WEIGHTS, LEFT_OUT_WEIGHTS, SCALE, is_unsure, terms
from toolkit.segment.page import NAMES, Page
from toolkit.segment.repeats import RepeatedLines

BASELINE = "the usual paragraph"
AFTER = "what stands before it"
BEFORE = "what stands after it"

READABLE = {
    "log_words": "number of words", "log_chars": "number of characters", "stops": "share of function words",
    "upper": "share of capital letters", "digits": "share of digits", "punctuation": "punctuation marks",
    "separators": "separators (| > ·)", "capitals": "share of words with a capital", "word_length": "length of words",
    "commas": "commas", "stop_marks": "full stops", "ends_sentence": "ends like a sentence",
    "ends_colon": "ends with a colon", "ends_ellipsis": "ends with dots", "ends_open": "breaks off",
    "starts_low": "starts with a small letter", "starts_digit": "starts with a digit",
    "starts_quote": "starts with a quotation mark", "bullet": "starts with a bullet", "all_caps": "all in capitals",
    "date": "holds a date", "time": "holds a time of day", "address": "holds an address (e-mail, web)",
    "rights": "holds a rights notice", "credit": "holds words of credits", "money": "holds an amount of money",
    "by": "starts like a byline", "question": "ends with a question mark", "prose": "is running text",
    "truncated": "is cut off", "log_lines": "number of lines", "title_overlap": "shares words with the title",
    "is_title": "is the title", "doubled": "stands twice in a row", "seen_before": "stood on the page before",
    "seen_after": "comes again on the page", "repeated": "stands on other pages of the source",
    "link_ratio": "share of links", "position": "place on the page", "from_start": "distance from the top",
    "from_end": "distance from the end", "from_first_prose": "distance from the first running text",
    "from_last_prose": "distance from the last running text", "inside_prose": "between running text",
    "log_paragraphs": "number of paragraphs on the page", "prose_share": "share of running text on the page",
    "since_doubled": "distance from the last doubled line", "lead_cohesion": "shares words with title and lead",
    "before_cohesion": "shares words with the text before", "after_cohesion": "shares words with the text after",
    "window_cohesion": "shares words with the text around", "cohesion_drop": "the words change here",
    "has_html": "the page is HTML", "knows_repeats": "the source's other pages are known",
    "is_wrapped": "the text is hard-wrapped", "title_known": "the title is known",
    "prose_before_3": "running text just before", "prose_after_3": "running text just after",
    "prose_before_8": "running text further before", "prose_after_8": "running text further after",
    "page_sentences": "share of finished sentences on the page", "page_short": "share of short lines on the page",
    "page_dated": "share of dated lines on the page", "page_returns": "share of lines that return on the page",
    "from_title": "distance from the title", "prose_gap": "distance from the running text on the farther side",
    "prose_gap_before": "distance from the running text above",
    "prose_gap_after": "distance from the running text below",
    "since_label": "distance from a label of other stories", "since_comments": "distance from the head of comments",
    "comment_marks": "marks of readers' comments near", "since_rights": "distance from a rights notice",
    "words_x_prose_share": "its length on a page of this kind", "words_x_gap": "its length so far from running text",
    "words_x_end": "its length and how it ends",
    "words_near": "number of words near", "links_near": "links near", "short_run": "in a run of short lines",
}  # fmt: skip
_OFTEN_NONE = frozenset(
    {"repeated", "link_ratio", "seen_before", "seen_after", "separators", "digits", "links_near", "short_run"}
)
"""Features of several bins that most paragraphs have none of: they count from none, not from the mean."""
_CROSSES = frozenset({"words_x_prose_share", "words_x_gap", "words_x_end"})
"""Classes of two measures together: they have no low and high."""
_LEVELS = ("low", "middling", "high")
_NEIGHBOUR = {"-2": "two before", "-1": "the one before", "+1": "the one after", "+2": "two after"}


def readable_feature(name: str) -> str:
    """The feature in words.

    Examples
    --------
    >>> readable_feature("log_words@-1"), readable_feature("tag_4")
    ('the one before: number of words', 'the kind of HTML element')
    """
    if name.startswith("tag_"):
        return "the kind of HTML element"
    own, _, offset = name.partition("@")
    words = READABLE[own]
    return f"{_NEIGHBOUR.get(offset, offset)}: {words}" if offset else words


def explain_cut(
    cut: CutDocument,
    model: LineModel,
    repeats: RepeatedLines | None = None,
    *,
    second_opinion: Callable[[Sequence[str]], Votes] | None = None,
) -> list[Explanation]:
    """Why each segment of `cut` is, or is not, part of the article.

    The contributions add up to the log-odds of "article" against the likelier other state, given the states the
    model found for the paragraphs beside it. Where what was done with the segment is not what the model found, a
    rule overrode it, and `note` says so with the rule's reason.

    Parameters
    ----------
    cut : a document cut by `model`, `repeats` and `second_opinion`

    Raises
    ------
    ValueError
        Where `cut` has other segments than the model's paragraphs.
    """
    page = look(cut.document, repeats)
    if not page.paragraphs:
        return [Explanation("furniture", 0.0, (), segment.reason) for segment in cut.segments]
    if len(page.paragraphs) != len(cut.segments):
        raise ValueError("the document was cut by other means: its segments are not the model's paragraphs")
    scores = model.scores(page)
    votes = explain_votes(page, model.posteriors(scores), second_opinion)
    scores[:, ARTICLE] += [sum(value for _, value in named) for named in votes]
    states = model.best_states(scores)
    found = []
    for i, (segment, named) in enumerate(zip(cut.segments, explain_states(page, model, states, votes), strict=True)):
        note = segment.reason
        if segment.kept and states[i] != ARTICLE:
            note = f"a rule kept it as {segment.role}; the line model found {STATES[states[i]]}"
        elif not segment.kept and states[i] == ARTICLE:
            note = f"a rule cut it ({segment.reason}); the line model found article"
        found.append(Explanation.of("article", named, note=note))
    return found


def explain_votes(
    page: Page, posteriors: FloatArray, second_opinion: Callable[[Sequence[str]], Votes] | None
) -> list[list[tuple[str, float]]]:
    """Per paragraph what each voter adds to the log-odds of article; nothing where none was asked.

    The parts of `toolkit.segment.opinion.evidence`, voter by voter.
    """
    if second_opinion is None or not is_unsure(page, posteriors):
        return [[] for _ in page.paragraphs]
    votes = second_opinion([page.document.text[p.start : p.end] for p in page.paragraphs])
    kept, left_out = terms(page, posteriors, votes)
    parts: list[list[tuple[str, float]]] = [[] for _ in page.paragraphs]
    for k, name in enumerate(votes.names):
        for i, named in enumerate(parts):
            named.append((f"{name} keeps it", SCALE * KEPT_WEIGHTS[name] * float(kept[i, k])))
            named.append((f"{name} leaves it out", -SCALE * LEFT_OUT_WEIGHTS[name] * float(left_out[i, k])))
    return parts


def explain_states(
    page: Page, model: LineModel, states: Sequence[int], votes: Sequence[Sequence[tuple[str, float]]]
) -> list[list[tuple[str, float]]]:
    """Per paragraph what adds up to the log-odds of article against the likelier other state, given its neighbours.

    What a paragraph has or has not counts from having it not; a measure counts from the mean over its bins, and is
    named with its level. What they count from and the bias make the baseline.
    """
    n = len(page.paragraphs)
    centre, is_measure = _references(model)
    constant = model.bias + centre.sum(axis=0)
    bins = np.stack([(model.edges < row[:, None]).sum(axis=1) for row in page.dense])
    deviations = model.weights[np.arange(len(NAMES)), bins] - centre  # (n, n_features, 3)
    words: list[list[tuple[str, FloatArray]]] = [[] for _ in range(n)]
    spelled = {i: word for word, i in model.words.items()}
    rows, ids, scale, header_rows, header_ids, header_scale = word_entries(page, model.words)
    for i, k, value in zip(rows.tolist(), ids.tolist(), scale.tolist(), strict=True):
        words[i].append((f"“{spelled[k]}”", model.word_weights[k] * value))
    for i, k, value in zip(header_rows.tolist(), header_ids.tolist(), header_scale.tolist(), strict=True):
        words[i].append((f"“{spelled[k]}” on the line before", model.header_weights[k] * value))
    plain = [readable_feature(name) for name in NAMES]
    is_graded = [measured and name not in _CROSSES for name, measured in zip(NAMES, is_measure.tolist(), strict=True)]
    top = np.isfinite(model.edges).sum(axis=1)
    level = np.round(bins / np.maximum(top, 1) * (len(_LEVELS) - 1)).astype(int)
    explained = []
    for i in range(n):
        names = [
            f"{name} ({_LEVELS[found]})" if graded else name
            for name, found, graded in zip(plain, level[i].tolist(), is_graded, strict=True)
        ]
        parts = [(BASELINE, constant), *zip(names, deviations[i], strict=True), *words[i]]
        parts.append((AFTER, model.transitions[states[i - 1]] if i else model.start))
        parts.append((BEFORE, model.transitions[:, states[i + 1]] if i + 1 < n else model.end))
        total = np.sum([weights for _, weights in parts], axis=0)  # the votes speak for or against the article alone
        other = max((s for s in range(len(STATES)) if s != ARTICLE), key=lambda s: float(total[s]))
        named = [(name, float(weights[ARTICLE] - weights[other])) for name, weights in parts]
        explained.append([*named, *votes[i]])
    return explained


def _references(model: LineModel) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """What each feature's weight counts from, shape (n_features, 3), and whether the feature is a measure."""
    n_edges = np.isfinite(model.edges).sum(axis=1)
    own = [name.partition("@")[0] for name in NAMES]
    is_measure = (n_edges > 1) & np.array([name not in _OFTEN_NONE for name in own])
    used = np.arange(model.weights.shape[1]) < (n_edges + 1)[:, None]
    means = (model.weights * used[:, :, None]).sum(axis=1) / (n_edges + 1)[:, None]
    none = model.weights[np.arange(len(own)), (model.edges < 0).sum(axis=1)]
    return np.where(is_measure[:, None], means, none), is_measure
