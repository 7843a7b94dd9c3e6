"""The map of passages for the page: where each lies, which topic it has, whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from toolkit.data import MIN_MAPPED, NO_TOPIC, Results
from toolkit.report.columns import Columns, deflated
from toolkit.report.rows import Article, count_of, number_of, text_of
from toolkit.report.sections import View
from toolkit.report.tally import Tally
from toolkit.report.wording import counted, listing, number, show

_SIDE = 0xFFFF  # coordinates are whole numbers from 0 to this, the longer way over
_NAMED = 3  # topics in the words for those who cannot see the map


def map_view(results: Results, tally: Tally) -> View:
    """What the page says of the map; `words` is empty where there is none, and `said` tells why."""
    n, known = len(results.topic_map), {topic.topic: topic for topic in tally.topics}
    if not tally.topics:
        return {"words": "", "said": "There is no map: no topics were found in this corpus."}
    if not n:
        said = "There is no map: the model of this run is from a version that kept none, or was too small for one."
        return {"words": "", "said": said + " Train it again to get one."}
    if n < MIN_MAPPED:
        segments = counted(n, "passage has a topic", "passages have a topic")
        return {"words": "", "said": f"There is no map: only {segments}, and the list below is read faster."}
    largest = [show(topic.name, limit=80) for topic in sorted(known.values(), key=lambda topic: -topic.n_segments)]
    return {
        "words": f"Map of {number(n)} passages in {counted(len(known), 'topic')}, of which the largest are "
        f"{listing(largest[:_NAMED])}. The list of articles below the map holds the same articles.",
        "said": f"Each dot is one on-topic passage; {number(n)} are drawn. Those that speak alike lie near each other; "
        "the axes mean nothing, nor do distances between far groups. The list below holds the same articles.",
    }


def pack_map(results: Results, tally: Tally, held: Sequence[Article], tables: dict[str, Any]) -> Mapping[str, str]:
    """The dots as one packed element, and their layout in `tables`; nothing where there are too few."""
    tables["map"] = []
    if len(results.topic_map) < MIN_MAPPED:
        return {}
    row_of = {article.document_id: row for row, article in enumerate(held)}
    topics = {topic.topic: i for i, topic in enumerate(tally.topics, 1)}
    dots = []
    for item in results.topic_map:
        row, topic = row_of.get(text_of(item, "document_id")), topics.get(count_of(item, "topic", NO_TOPIC))
        x, y = number_of(item, "x"), number_of(item, "y")
        if row is not None and topic is not None and x is not None and y is not None:
            dots.append((row, topic, min(count_of(item, "index"), 0xFFFF), x, y))
    if len(dots) < MIN_MAPPED:
        return {}
    places = np.array([dot[3:] for dot in dots])
    places -= places.min(axis=0)
    places *= _SIDE / max(float(places.max()), 1e-9)
    columns = Columns()
    columns.add("row", [dot[0] for dot in dots], most=len(held))
    columns.add("topic", [dot[1] for dot in dots], most=len(topics))
    columns.add("index", [dot[2] for dot in dots], most=0xFFFF)
    columns.add("x", np.round(places[:, 0]).astype(int).tolist(), most=_SIDE)
    columns.add("y", np.round(places[:, 1]).astype(int).tolist(), most=_SIDE)
    tables["map"] = columns.layout()
    return {"packed-map": deflated(columns.content())}
