"""Articles judged together are judged as each alone, whatever stands beside them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit import pipeline
from toolkit.data import Record
from toolkit.model import Model, load_model
from toolkit.pipeline import judge_record, judge_records
from toolkit.store import find_model

ROOT = Path(__file__).parent.parent
SEEDS = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "seeds").glob("*.txt"))]
PIECES = [
    "Harbour opens\n\nHarbour opens\n\n",
    "China and Malaysia signed a port agreement on Monday, the transport ministry said, after talks in Kuala Lumpur.\n",
    "Chinese investors build a railway in Laos and Thailand; trade with the European Union fell.\n\n",
    "The mayor of the town opened a hospital for two thousand patients on the island.\n",
    "Related stories\nTourists return to Phuket as flights resume\nRice exports grow for the third year\n",
    "中国东盟自由贸易区。",
    "\u03a3\u03a3 China\u0301 \ue000 \x00 İstanbul's ",
    "Home | News | Contact us\n",
]
texts = st.one_of(st.sampled_from(SEEDS), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@cache
def model() -> Model:
    return load_model(find_model("china-asean"))


def as_records(texts: list[str]) -> list[Record]:
    return [Record(str(number), text, "f", number + 1) for number, text in enumerate(texts)]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(texts, min_size=1, max_size=8), st.booleans())
def test_a_record_is_judged_the_same_whatever_stands_beside_it(texts, no_relevance):
    records = as_records(texts)
    alone = [judge_record(record, model(), no_relevance=no_relevance) for record in records]
    assert judge_records(records, model(), no_relevance=no_relevance) == alone


def test_long_records_are_judged_in_more_than_one_group(monkeypatch):
    records = as_records([SEEDS[0], "", SEEDS[1], SEEDS[2]])
    together = judge_records(records, model())
    monkeypatch.setattr(pipeline, "MAX_TOGETHER", 10)
    assert [len(group) for group in pipeline.groups(records)] == [1, 1, 1, 1]
    assert judge_records(records, model()) == together


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_article_is_quarantined_and_those_beside_it_are_judged(place):
    records = as_records([SEEDS[0], SEEDS[1]])
    records.insert(place, Record("bad", "<div>" * 5_000 + "x" + "</div>" * 5_000, "f", 9, is_html=True))
    outcomes = judge_records(records, model())
    assert outcomes.pop(place)["quarantined"].reason == "html_too_deep"
    assert outcomes == judge_records([record for record in records if not record.is_html], model())
