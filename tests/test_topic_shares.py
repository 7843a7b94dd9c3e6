import csv
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from report_results import made_up, render_report
from scipy.stats import binomtest, hypergeom

from toolkit.data import Topic
from toolkit.files.tables import write_shares
from toolkit.topic_files import _largest_story
from toolkit.topics.shares import TopicShares, chance_of_more, period_of, time_unit, wilson

TOPICS = [Topic(4, "Railways", (("railway", 1.0),), 50, 20), Topic(9, "Fruit", (("durian", 1.0),), 40, 20)]


def counted(articles, topics=TOPICS, unit="month"):
    """Shares of (date, outlet, topics) and, fourth, what an article copies."""
    shares = TopicShares(topics, unit)
    for i, (date, outlet, held, *copy_of) in enumerate(articles):
        given = {"date": date, "outlet": outlet, "places": {"a": ["Here", "Here"]}}
        shares.add(f"d{i:04d}", held, **given, copy_of=copy_of[0] if copy_of else None)
    return shares


def row(shares, topic, by, key):
    found = [r for r in shares.rows(shares.candidates()) if (r["topic"], r["by"], r["key"]) == (topic, by, key)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(("n", "of"), [(0, 10), (3, 10), (10, 10), (41, 203)])
def test_the_interval_is_wilsons(n, of):
    reference = binomtest(n, of).proportion_ci(method="wilson")
    assert wilson(n, of) == pytest.approx((reference.low, reference.high), abs=1e-6)


def test_the_chance_is_that_of_fishers_exact_test():
    for n, of, n_all, of_all in [(0, 5, 3, 20), (3, 5, 8, 40), (5, 5, 5, 40), (12, 60, 30, 400), (9, 10, 30, 30)]:
        assert chance_of_more(n, of, n_all, of_all) == pytest.approx(hypergeom.sf(n - 1, of_all, n_all, of), abs=1e-9)


def test_shares_count_articles_once_and_say_undated_ones_apart():
    articles = [("2024-05-01", "x", {4}), ("2024-05-20", "y", {4, 9}), ("2024-06", "x", set()), ("--05-06", None, {9})]
    articles += [("2024-05-02", "z", {4}, "d0000")] * 3  # copies
    shares = counted(articles)
    assert [row(shares, 4, "all", "")[key] for key in ("n_articles", "of_articles", "share")] == [2, 4, 0.5]
    assert [row(shares, 4, "time", "2024-05")[key] for key in ("n_articles", "of_articles")] == [2, 2]
    assert [row(shares, 9, "time", "undated")[key] for key in ("n_articles", "of_articles")] == [1, 1]
    assert [row(shares, 9, "outlet", "unknown")[key] for key in ("n_articles", "of_articles")] == [1, 1]
    for found in shares.rows({}):
        assert 0 <= found["low"] <= found["share"] <= found["high"] <= 1


def test_a_place_is_counted_once_an_article():
    shares = counted([("2024-05-01", "x", {4})] * 6)
    assert row(shares, 4, "place:a", "Here")["n_articles"] == 6


def calm(n_months=12, each=20, every=10):
    """Two outlets that speak of railways in one article of ten, month after month."""
    return [
        (f"2024-{month:02d}-{i % 28 + 1:02d}", "xy"[i % 2], {4} if i % every < 2 and i < each // 2 else {9})
        for month in range(1, n_months + 1)
        for i in range(each)
    ]


def burst(outlets):
    return [("2024-07-10", outlets[i % len(outlets)], {4}) for i in range(16)]


def test_a_burst_of_two_outlets_is_flagged_and_one_of_one_outlet_is_not():
    assert list(counted(calm()).candidates()) == []
    assert [key for key in counted([*calm(), *burst("xy")]).candidates() if key[0] == 4] == [(4, "2024-07")]
    assert [key for key in counted([*calm(), *burst("x")]).candidates() if key[0] == 4] == []
    assert [key for key in counted([*calm(), *burst(["x", None])]).candidates() if key[0] == 4] == []
    assert row(counted([*calm(), *burst("xy")]), 4, "time", "2024-07")["burst"] is True


def test_a_burst_of_copies_is_none():
    copies = [(*article, "d0000") for article in burst("xy")]
    assert counted([*calm(), *copies]).candidates() == {}


def test_articles_that_retell_one_story_are_one_story():
    from toolkit.duplicates import signature

    said = [f"sentence {i} about the bridge over the river at the harbour of the town" for i in range(30)]
    retold = [" . ".join(said[k : k + 20]) for k in range(0, 8, 2)]
    other = ["a wholly different text about fruit and its price on the markets of the coast " * 3]
    known = {str(i): np.frombuffer(signature(text), dtype="<u4") for i, text in enumerate([*retold, *other])}
    assert _largest_story(list(known), known) == 0.8
    assert _largest_story(["0", "4"], known) == 0.5


def test_bursts_are_seldom_found_where_nothing_bursts():
    found = 0
    for seed in range(40):
        chance = np.random.default_rng(seed)
        topics = [Topic(k, str(k), (("t", 1.0),), 9, 9) for k in range(8)]
        articles = [
            (f"2024-{chance.integers(1, 13):02d}-05", "xyz"[chance.integers(3)], {int(chance.integers(8))})
            for _ in range(200)
        ]
        found += bool(counted(articles, topics).candidates())
    assert found <= 4


def flags(articles):
    return [(flag["flag"], flag["value"]) for flag in counted(articles).flags(4)]


def test_one_outlet_one_day_one_story_and_few_articles_are_flagged_and_a_mixed_topic_is_not():
    mixed = [(f"2024-05-{i + 1:02d}", "xyz"[i % 3], {4}) for i in range(12)]
    others = [(f"2024-05-{i + 1:02d}", "xyz"[i % 3], {9}) for i in range(12)]
    assert flags(mixed + others) == []
    assert flags([(date, "x", topics) for date, _, topics in mixed] + others) == [("one_outlet", "x")]
    assert flags([(date, "x", topics) for date, _, topics in mixed]) == []  # the corpus has no other outlet
    assert flags([("2024-05-01", outlet, topics) for _, outlet, topics in mixed]) == [("one_day", "2024-05-01")]
    assert flags(mixed + [("2024-05-02", "z", {4}, "d0003")] * 7) == [("one_story", "d0003")]
    assert flags(mixed[:3]) == [("few_articles", "")]
    assert flags(others) == []


def test_every_flag_carries_its_rule():
    shares = counted([("2024-05-01", "x", {4})] * 9 + [("2024-05-03", "y", {9})])
    assert [(flag["rule"].split(" of ")[0], flag["share"]) for flag in shares.flags(4)] == [
        ("at least 80%", 1.0),
        ("at least 50%", 1.0),
    ]


@pytest.mark.parametrize(
    ("dates", "unit"),
    [
        (["2024-05-01", "2024-05-20"] * 20, "day"),
        (["2023-01-01", "2024-05-20", "2024"] * 20, "month"),
        (["2012-01-01", "2024-05-20"] * 20, "year"),
        (["2012-01-01", *["2024-05-20"] * 60], "day"),
        (["", "--05-06"], "month"),
    ],
)
def test_the_unit_suits_the_span_and_stragglers_do_not_change_it(dates, unit):
    assert time_unit(Counter(dates)) == unit


def test_a_date_is_not_said_more_precisely_than_it_is():
    assert [period_of(date, "day") for date in ("2024-05-06T10:00", "2024-05", None)] == [
        "2024-05-06",
        "undated",
        "undated",
    ]


def test_the_table_is_safe_to_open(tmp_path):
    shares = counted([("2024-05-01", "=HYPERLINK(1)", {4})], [replace(TOPICS[0], name="=1+1")])
    write_shares(tmp_path, ["csv"], shares.rows({}))
    with (tmp_path / "topic_shares.csv").open(newline="") as lines:
        assert all(not cell.startswith("=") for line in csv.reader(lines) for cell in line)


def test_the_report_shows_what_the_files_say_and_does_without_them():
    results = made_up(120, n_topics=3)
    topic = results.topics[0]["topic"]
    document_id = next(article["document_id"] for article in results.articles)
    summary = {"text": "A made-up sentence.", "document_id": document_id, "index": 0, "start": 0, "end": 19}
    flag = {"flag": "one_day", "value": "2024-05-06", "share": 0.75, "n_articles": 6, "of_articles": 8, "rule": "r"}
    card = {"topic": topic, "name": "n", "summary": summary, "exemplars": [], "flags": [flag, "odd", {}]}
    share = {"topic": topic, "by": "all", "key": "", "share": 0.25, "low": 0.2, "high": 0.31, "burst": False}
    burst_row = {"topic": topic, "by": "time", "key": "2024-05", "share": 1.0, "low": 0.2, "high": 1, "burst": True}
    page = render_report(
        replace(results, topic_cards=(card,), topic_shares=(share, burst_row), topic_order=(topic,)), source_date=None
    )
    for words in ("A made-up sentence.", "25% of on-topic articles (20–31%)", "75% of its dated articles", "May 2024"):
        assert words in page
    assert "A made-up sentence." not in render_report(results, source_date=None)
