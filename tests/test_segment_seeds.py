"""The five seed articles, cut exactly as a careful editor would."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from toolkit.data import CutDocument, Document, Segment
from toolkit.segment import cut, load_line_model

SEEDS = Path(__file__).resolve().parents[1] / "seeds"


@lru_cache(maxsize=5)
def seed(number: str) -> CutDocument:
    path = next(SEEDS.glob(f"{number}_*.txt"))
    return cut(Document(number, path.read_bytes().decode("utf-8")), load_line_model())


def having(found: CutDocument, *roles: str) -> list[str]:
    return [text for segment, text in zip(found.segments, found.texts, strict=True) if segment.role in roles]


def runs(segments: tuple[Segment, ...]) -> list[tuple[str, int]]:
    counted: list[tuple[str, int]] = []
    for segment in segments:
        if counted and counted[-1][0] == segment.role:
            counted[-1] = (segment.role, counted[-1][1] + 1)
        else:
            counted.append((segment.role, 1))
    return counted


def test_seed_000_credits_are_bylines_and_indents_make_paragraphs() -> None:
    found = seed("000")
    assert found.title is not None
    assert found.title.startswith("(Focus on Boao) Boao sees Asia")
    assert found.date == "--04-20"
    assert runs(found.segments)[:2] == [("title", 1), ("byline", 2)]
    assert having(found, "heading") == [
        "Anti-epidemic: help each other",
        "Promote development: focus on cohesion",
        "Promoting linkage: open and inclusive",
    ]
    assert len(having(found, "body")) == 13
    assert [s.role for s in found.segments if not s.kept] == ["byline", "byline"]


def test_seed_001_ends_where_the_article_ends() -> None:
    found = seed("001")
    assert found.title == "China and ASEAN have vast space for high-quality cooperation"
    assert found.date == "2024-04-16T18:05"
    assert runs(found.segments)[:3] == [("title", 1), ("date", 1), ("caption", 3)]
    assert having(found, "heading") == [
        "Share more development dividends",
        "Mutual benefit and win-win, resisting anti globalization",
        "Deepen comprehensive strategic partnership",
    ]
    assert having(found, "duplicate") == ["China and ASEAN have vast space for high-quality cooperation"]
    assert having(found, "body")[-1].endswith("jointly create a better future.")
    teasers = [s for s in found.segments if s.role == "teaser"]
    assert [s.story for s in teasers] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]
    assert found.segments[-15:] == tuple(teasers)
    assert len(found.segments) == 45


def test_seed_002_loses_its_frame_and_nothing_else() -> None:
    found = seed("002")
    assert runs(found.segments) == [
        ("navigation", 2), ("title", 1), ("date", 1), ("body", 7), ("navigation", 2), ("footer", 3),
    ]  # fmt: skip
    assert found.title == "Dezhou-ASEAN Economic & Trade Cooperation Conference Held in Beijing"
    assert found.date == "2018-02-24T16:48:42"


def test_seed_003_is_reflowed_and_kept_whole() -> None:
    found = seed("003")
    assert all(s.kept for s in found.segments)
    assert runs(found.segments)[:4] == [("list", 15), ("heading", 1), ("list", 4), ("heading", 1)]
    assert having(found, "heading") == [
        "Key Points:",
        "Synopsis:",
        "China and ASEAN Need to Strengthen Multi-area and Multi-channel Cooperation",
        "Policy Environment and Capacity Advantages of Provinces and Cities in China and ASEAN",
        "Governors and Mayors from China and ASEAN Signed the Joint Statement",
    ]
    points = [s for s in found.segments if s.role == "list"][-4:]
    assert [s.text.split()[-1] for s in points] == ["ASEAN.", "cooperation.", "exchanges.", "ASEAN."]
    bodies = having(found, "body")
    assert len(bodies) == 23
    assert all(text.endswith((".", "”")) for text in bodies)


def test_seed_004_keeps_its_partial_date() -> None:
    found = seed("004")
    assert found.date == "--05-06"
    assert all(s.kept for s in found.segments)
    assert runs(found.segments)[:2] == [("title", 1), ("body", 5)]
    assert having(found, "heading") == [
        "The Boao Forum for Asia",
        "Cooperation amid cononavirus pandemic and natural disasters",
    ]
