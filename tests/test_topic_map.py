"""The places of a run's passages: beside the tables, whatever order the articles come in."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from report_results import segment
from test_topics import fit, planted

from toolkit import topic_map
from toolkit.embed import load_embedder
from toolkit.files.tables import write_map
from toolkit.topic_map import TopicMap
from toolkit.topics import TopicModel
from toolkit.topics.landmarks import Landmarks, choose_landmarks

Row = dict[str, Any]


@pytest.fixture(scope="module")
def model() -> TopicModel:
    """A model whose landmarks are segments of its own, each topic in a corner of the map."""
    model = fit(planted())
    texts = [row[2] for row in planted()]
    vectors = model.space.join(load_embedder().encode(texts), texts)
    labels = np.array([topic for topic, _ in model.assign(texts, load_embedder())])
    corners = np.array([(topic * 10.0, topic % 2 * 10.0) for topic in labels.tolist()], dtype=np.float32)
    return replace(model, landmarks=choose_landmarks(vectors, labels, corners))


def articles() -> list[list[Row]]:
    texts = [row[2] for row in planted()]
    return [
        [segment(f"d{i:03d}", 0, 0, text, topic=i % 3), segment(f"d{i:03d}", 1, len(text), text, topic=-1)]
        for i, text in enumerate(texts)
    ]


def rows_of(model: TopicModel, held: Sequence[list[Row]]) -> list[Row]:
    made = TopicMap(model, load_embedder())
    for rows in held:
        made.add(rows)
    return list(made.rows())


def shuffled(held: list[list[Row]]) -> Iterator[list[list[Row]]]:
    for seed in range(2):
        again = list(held)
        random.Random(seed).shuffle(again)  # noqa: S311 - an order, no secret
        yield again


def test_every_segment_with_a_topic_has_a_place_and_no_other(model: TopicModel) -> None:
    held = articles()
    held[0][0]["on_topic"] = "off"
    rows = rows_of(model, held)
    assert [(row["document_id"], row["index"]) for row in rows] == [(f"d{i:03d}", 0) for i in range(1, len(held))]
    assert [row["topic"] for row in rows] == [i % 3 for i in range(1, len(held))]


def test_a_text_stands_in_the_corner_of_its_like(model: TopicModel) -> None:
    found = {row["document_id"]: (row["x"], row["y"]) for row in rows_of(model, articles())}
    given = model.assign([row[2] for row in planted()], load_embedder())
    near = [
        found[f"d{i:03d}"] == pytest.approx((topic * 10.0, topic % 2 * 10.0), abs=2.5)
        for i, (topic, _) in enumerate(given)
        if topic >= 0
    ]
    assert sum(near) >= 0.95 * len(near)


def test_a_sample_does_not_depend_on_the_order_of_the_articles(
    model: TopicModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_map, "MAX_SEGMENTS", 20)
    held = articles()
    rows = rows_of(model, held)
    assert len(rows) == 20
    assert all(rows_of(model, again) == rows for again in shuffled(held))


def test_a_model_without_landmarks_gives_no_place(model: TopicModel, tmp_path: Path) -> None:
    rows = rows_of(replace(model, landmarks=None), articles())
    assert rows == []
    write_map(tmp_path, ["csv"], rows)
    assert (tmp_path / "topic_map.csv").read_text() == "document_id,index,x,y,topic\n"


def test_a_stray_landmark_does_not_pull_a_text_between_two_islands() -> None:
    vectors = np.tile(np.array([[127, 0]], dtype=np.int8), (5, 1))
    coordinates = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [90, 90]], dtype=np.float32)
    place = Landmarks(vectors, coordinates).place(np.array([[1, 0]], dtype=np.float32))
    assert (place < 1.01).all()
