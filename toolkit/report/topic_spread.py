"""When, in which outlets and with which places a topic is most frequent: shares with intervals."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.report.rows import Row, Side, count_of, number_of, text_of
from toolkit.report.sheets import Sheet
from toolkit.report.tally import TopicTally
from toolkit.report.wording import counted, date_words, interval_words, percent, show

N_NAMED = 3  # of each kind on a card; the sheet has them all
_NO_KEYS = ("undated", "unknown")


def spread(topic: TopicTally, sides: Sequence[Side]) -> list[str]:
    """A line for time, one for outlets and one for the places of each side: where the topic is most frequent.

    First comes what the interval puts highest at least, so that a share of few articles does not lead. Where there is
    one period, outlet or place only there is nothing to compare.
    """
    labels = {"time": "By time", "outlet": "By outlet"}
    labels |= {f"place:{side.id}": f"With places of {show(side.label, limit=60)}" for side in sides}
    lines = []
    for by, label in labels.items():
        rows = [row for row in topic.shares if text_of(row, "by") == by and text_of(row, "key") not in _NO_KEYS]
        held = [row for row in rows if count_of(row, "n_articles", 0)]
        if len(rows) < 2 or not held:
            continue
        held.sort(key=lambda row: (-(number_of(row, "low") or 0.0), text_of(row, "key")))
        named = [_words(row, is_time=by == "time") for row in held[:N_NAMED]]
        lines.append(f"{label}: {'; '.join(named)}")
    return lines


def has_one_voice(topics: Sequence[TopicTally]) -> bool:
    """Whether the articles have several periods, but one outlet or none: then no topic is said to be in a burst."""
    keys = {(text_of(row, "by"), text_of(row, "key")) for topic in topics for row in topic.shares}
    known = [by for by, key in keys if key not in _NO_KEYS]
    return known.count("time") > 1 and known.count("outlet") < 2


def _words(row: Row, *, is_time: bool) -> str:
    key, of = text_of(row, "key"), count_of(row, "of_articles", 0)
    name = date_words(key) if is_time else show(key, limit=60)
    share, low, high = (number_of(row, column) or 0.0 for column in ("share", "low", "high"))
    return f"{name} {percent(share)} of {counted(of, 'article')} ({interval_words(low, high)})"


def spread_sheet(topics: Sequence[TopicTally]) -> Sheet:
    """Every share of every topic, as the run's own table has them."""
    columns = ("by", "key", "n_articles", "of_articles", "share", "low", "high", "burst", "burst_p")
    rows = [(topic.topic, topic.name, *map(row.get, columns)) for topic in topics for row in topic.shares]
    return Sheet("topic_shares", ("topic", "name", *columns), rows)
