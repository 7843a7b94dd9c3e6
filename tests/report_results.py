"""Results for the report's tests: the five seeds cut by hand, and corpora of any size from made-up sentences."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import lxml.html

from toolkit.data import Results
from toolkit.report import Report, make_report
from toolkit.report.size import STANDARD, Size

SEEDS = Path(__file__).parent.parent / "seeds"

THEMES = [
    {
        "id": "trade_investment",
        "label": "Trade and investment",
        "description": "Goods, tariffs, firms and money that cross the border.",
    },
    {
        "id": "connectivity_infrastructure",
        "label": "Connectivity and infrastructure",
        "description": "Railways, ports, roads and power lines.",
    },
    {"id": "tourism", "label": "Tourism", "description": "Visitors, visas and flights."},
    {"id": "health", "label": "Health", "description": "Vaccines, hospitals and medicine."},
    {"id": "security", "label": "Security", "description": "Defence, borders and crime."},
    {"id": "diplomacy", "label": "Diplomacy", "description": "Visits, summits and statements."},
    {"id": "culture_education", "label": "Culture and education", "description": "Students, language and the arts."},
    {
        "id": "technology_digital",
        "label": "Technology and digital",
        "description": "Networks, software and the digital economy.",
    },
    {"id": "energy_environment", "label": "Energy and environment", "description": "Power, climate and rivers."},
    {"id": "agriculture_food", "label": "Agriculture and food", "description": "Crops, fish and food safety."},
    {"id": "finance_economy", "label": "Finance and economy", "description": "Banks, currencies and growth."},
]
ASEAN = [
    "Brunei",
    "Cambodia",
    "Indonesia",
    "Laos",
    "Malaysia",
    "Myanmar",
    "Philippines",
    "Singapore",
    "Thailand",
    "Timor-Leste",
    "Vietnam",
]
CHINA = ["China", "Hong Kong", "Macau"]

_SENTENCES = {
    "trade_investment": "Exports of durian to {first} grew, and traders in {second} asked for lower tariffs.",
    "connectivity_infrastructure": "The railway between {first} and {second} carried more freight this year.",
    "tourism": "Visa-free travel brought more visitors from {first} to {second}, and airlines added flights.",
    "health": "Hospitals in {second} will train nurses with partners from {first} and share data on diseases.",
    "security": "Coast guards of {first} and {second} met to speak about the strait after another collision of ships.",
    "diplomacy": "The foreign ministers of {first} and {second} met on Monday and promised to keep the channels open.",
    "culture_education": "Universities in {first} offered two hundred scholarships to students from {second}.",
    "technology_digital": "A cloud centre built by a firm from {first} opened in {second}, with courses for engineers.",
    "energy_environment": "Engineers from {first} finished a solar park in {second} for forty thousand homes.",
    "agriculture_food": "Rice growers in {second} signed a contract with mills in {first} and tested new seeds.",
    "finance_economy": "Banks in {first} and {second} agreed to settle part of their trade in local currencies.",
}
_CUT = [
    ("navigation", "navigation: link list", "Home | Business | World | Sport | Opinion | Sign in"),
    ("teaser", "teaser: doubled headline, cut off", "Ten things to do this weekend: Ten things to do this wee..."),
    ("footer", "footer: repeated on many pages", "Copyright 2024. All rights reserved. Terms of use."),
    ("advert", "advert: asks the reader to sign up", "Subscribe to our newsletter and never miss a story."),
    ("byline", "byline: name line under the title", "By our correspondent"),
]


def run_json(**changes: Any) -> dict[str, Any]:
    """A run.json as the pipeline writes it."""
    run: dict[str, Any] = {
        "schema_version": 1,
        "command": "run",
        "status": "finished",
        "toolkit_version": "0.1.0",
        "inputs": ["seeds"],
        "input_hash": "a3" * 32,
        "config_hash": "b4" * 32,
        "model": {"name": "china-asean", "hash": "c5" * 32, "trained_on": {"n_documents": 5, "corpus_hash": "d6" * 32}},
        "seed": 0,
        "counts": {"read": 5, "articles": 5, "quarantined": 0, "repeats": 0},
        "encodings": {"utf-8": 5},
        "versions": {"python": "3.11.7", "numpy": "2.4.6", "scikit-learn": "1.8.0"},
        "subject": {
            "name": "China–ASEAN relations",
            "description": "Cooperation, trade, visits and disputes between China and Southeast Asia.",
        },
        "sides": {"china": "China", "asean": "ASEAN"},
        "members": {"china": CHINA, "asean": ASEAN},
        "themes": THEMES,
        "thresholds": {"on_from": 0.6, "off_below": 0.35},
        "no_relevance": False,
        "topics_engine": "bertopic",
        "started": "2026-11-22T10:00:00Z",
        "finished": "2026-11-22T10:00:12Z",
        "seconds": 12.3,
        "config": {
            "schema_version": 1,
            "relevance": {"target_coverage": 0.9},
            "topics": {"engine": "bertopic", "n_topics": None, "min_topic_segments": 5},
            "themes": {
                t["id"]: {
                    "label": t["label"],
                    "description": t["description"],
                    "seed_terms": t["description"].lower().strip(".").split(),
                }
                for t in THEMES
            },
        },
    }
    return run | changes


def segment(document_id: str, index: int, start: int, text: str, **changes: Any) -> dict[str, Any]:
    """One row of segments.*; kept body text about the subject unless told otherwise."""
    row: dict[str, Any] = {
        "document_id": document_id,
        "index": index,
        "start": start,
        "end": start + len(text),
        "role": "body",
        "story": 0,
        "kept": True,
        "reason": None,
        "on_topic": "on",
        "relevance": 0.9,
        "themes": [],
        "topic": -1,
        "text": text,
    }
    return row | changes


def article(document_id: str, **changes: Any) -> dict[str, Any]:
    """One row of articles.*."""
    row: dict[str, Any] = {
        "document_id": document_id,
        "file": document_id,
        "outlet": None,
        "title": None,
        "date": None,
        "url": None,
        "language": "en",
        "on_topic": "on",
        "relevance": 0.9,
        "themes": [],
        "topic": -1,
        "places_china": ["China"],
        "places_asean": [],
        "n_segments": 1,
        "n_kept": 1,
        "kept_ratio": 1.0,
        "duplicate_of": None,
    }
    return row | changes


def seed_results() -> Results:
    """The five seeds, cut into lines; titles, dates, themes and cuts set by hand."""
    facts = [
        (
            'Boao sees Asia: China-ASEAN provincial and mayors "dialogue" for cooperation',
            "2021-04-20",
            ["health", "trade_investment"],
            ["Cambodia", "Malaysia", "Thailand"],
        ),
        (
            "China and ASEAN have vast space for high-quality cooperation",
            "2024-04-16T18:05",
            ["connectivity_infrastructure", "trade_investment"],
            ["Laos", "Malaysia", "Thailand"],
        ),
        ("China, ASEAN relations", None, ["diplomacy"], ["Indonesia"]),
        ("Report of a dialogue", "2019", ["technology_digital"], ["Malaysia"]),
        ("China-ASEAN year", "--05-06", ["culture_education", "diplomacy"], ["Vietnam"]),
    ]
    articles, segments = [], []
    for path, (title, date, themes, places) in zip(sorted(SEEDS.glob("*.txt")), facts, strict=True):
        start = 0
        rows = []
        for index, line in enumerate(path.read_text(encoding="utf-8").splitlines(keepends=True)):
            cut = index % 7 == 6
            change: dict[str, Any] = {"themes": [{"theme": t, "score": 0.8 - 0.1 * i} for i, t in enumerate(themes)]}
            if cut:
                change = {
                    "kept": False,
                    "role": "teaser",
                    "reason": "teaser: other story",
                    "on_topic": "off",
                    "story": 1,
                }
            rows.append(segment(path.name, index, start, line, **change))
            start += len(line)
        segments += rows
        articles.append(
            article(
                path.name,
                title=title,
                date=date,
                themes=[{"theme": t, "score": 0.6 - 0.2 * i} for i, t in enumerate(themes)],
                places_china=["China", "Hainan"],
                places_asean=["ASEAN", *places],
                n_segments=len(rows),
                n_kept=sum(row["kept"] for row in rows),
            )
        )
    return Results(run_json(), tuple(articles), tuple(segments), (), ())


def made_up(n: int, *, seed: int = 0, n_topics: int = 24, first_year: int = 2022, months: int = 28) -> Results:
    """`n` made-up articles: themes that move, a dominant outlet, off-topic, unsure, near-copies and quarantine."""
    rng = random.Random(seed)  # noqa: S311 - made-up articles need no secrecy
    ids = [theme["id"] for theme in THEMES[:-1]]  # the last theme stays at 0
    outlets = [
        ("bangkokpost.example", 9),
        ("inquirer.example", 5),
        ("jakartaglobe.example", 3),
        ("", 1),
        ("chinadaily.example", 2),
    ]
    languages = ["en"] * 12 + ["id", "zh", "th", "vi"]
    articles: list[dict[str, Any]] = []
    segments: list[dict[str, Any]] = []
    in_topic: dict[int, list[str]] = {topic: [] for topic in range(n_topics)}
    for i in range(n):
        document_id = f"a-{i:06d}"
        verdict = rng.choices(["on", "off", "unsure"], [40, 52, 8])[0]
        score = {"on": rng.betavariate(6, 1.5), "off": rng.betavariate(1.2, 6), "unsure": rng.uniform(0.36, 0.59)}[
            verdict
        ]
        month = min(months - 1, int(rng.triangular(0, months, months * 0.8)))
        date: str | None = (
            f"{first_year + month // 12}-{month % 12 + 1:02d}-{rng.randint(1, 17 if month == months - 1 else 28):02d}"
        )
        date = rng.choices([date, None, date[5:] and "--" + date[5:], date[:7]], [90, 4, 2, 4])[0]
        weights = [3 + 8 * month / months, 4, 2, 6 - 5 * month / months, 3, 5, 2, 2, 1, 1]
        themes = list(dict.fromkeys(rng.choices(ids, weights, k=rng.randint(1, 3)))) if verdict == "on" else []
        second = rng.choices(ASEAN, [0, 2, 4, 3, 5, 2, 6, 3, 7, 0, 8], k=rng.randint(1, 2))
        topic = rng.randrange(n_topics + 6) if verdict == "on" and n_topics else -1
        topic = topic if topic < n_topics else -1
        title = f"{second[0]} and China: {(themes or ['nothing much'])[0].replace('_', ' and ')}, report {i}"
        pieces = [(title + "\n", {"role": "title"})]
        for theme in themes or ["tourism"]:
            text = _SENTENCES[theme].format(first="Yunnan", second=second[0]) + f" It was report {i} of the year.\n"
            found = {
                "themes": [{"theme": theme, "score": round(rng.uniform(0.5, 0.99), 6)}] if themes else [],
                "topic": topic,
            }
            pieces.append((text * rng.randint(1, 3), found))
        for role, reason, text in rng.sample(_CUT, rng.randint(1, 3)):
            pieces.append(
                (text + "\n", {"role": role, "reason": reason, "kept": False, "on_topic": "off", "story": None})
            )
        start = 0
        for index, (text, changes) in enumerate(pieces):
            on_topic = verdict if changes.get("kept", True) else "off"
            segments.append(
                segment(
                    document_id, index, start, text, **{"on_topic": on_topic, "relevance": round(score, 6), **changes}
                )
            )
            start += len(text)
            if changes.get("topic", -1) >= 0:
                in_topic[topic].append(document_id)
        outlet = rng.choices([name for name, _ in outlets], [weight for _, weight in outlets])[0]
        articles.append(
            article(
                document_id,
                file="articles.jsonl",
                title=title if rng.random() > 0.02 else None,
                outlet=outlet or None,
                date=date,
                url=f"https://{outlet or 'news.example'}/{i}" if rng.random() > 0.1 else None,
                language=rng.choice(languages),
                on_topic=verdict,
                relevance=round(score, 6),
                topic=topic,
                themes=[{"theme": t, "score": round(0.9 / (k + 1), 6)} for k, t in enumerate(themes)],
                places_china=["China"] + (["Hong Kong"] if i % 9 == 0 else []),
                places_asean=(["ASEAN"] if i % 3 == 0 else []) + list(dict.fromkeys(second)),
                n_segments=len(pieces),
                n_kept=sum(c.get("kept", True) for _, c in pieces),
                duplicate_of=f"a-{i - 1:06d}" if i % 40 == 39 else None,
            )
        )
    topics = [
        {
            "topic": topic,
            "name": f"{ids[topic % len(ids)].split('_')[0]} and rail number {topic}",
            "n_segments": len(held),
            "n_articles": len(set(held)),
            "theme": ids[topic % len(ids)] if topic % 5 else None,
            "terms": [
                {"term": word, "weight": round(0.2 / (k + 1), 6)}
                for k, word in enumerate("railway durian visa coast guard scholarship solar bank rice cloud".split())
            ],
        }
        for topic, held in in_topic.items()
        if held
    ]
    quarantine = [
        {"file": "broken.pdf", "row": None, "document_id": None, "reason": "unreadable", "detail": "not a PDF"},
        {
            "file": "articles.jsonl",
            "row": 17,
            "document_id": "x",
            "reason": "id_conflict",
            "detail": "the id stands for another text in row 3",
        },
    ][: 2 if n > 1 else 0]
    counts = {
        "read": n + len(quarantine) + (n > 100) * 3,
        "articles": n,
        "quarantined": len(quarantine),
        "repeats": (n > 100) * 3,
    }
    run = run_json(counts=counts, inputs=["scrapes/articles.jsonl.gz"], encodings={"utf-8": n})
    return Results(run, tuple(articles), tuple(segments), tuple(topics), tuple(quarantine))


def small(n_on: int = 1, n_off: int = 0, **changes: object) -> Results:
    """`n_on` on-topic and `n_off` off-topic articles of one sentence each."""
    articles, segments = [], []
    for i in range(n_on + n_off):
        verdict = "on" if i < n_on else "off"
        themes = [{"theme": "health", "score": 0.5}] if i < n_on else []
        row = {"title": f"Report {i}", "on_topic": verdict, "themes": themes} | changes
        articles.append(article(f"d{i:05d}", **row))
        text = f"The hospital in the delta opened its {i}. ward with help from over the border.\n"
        segments.append(segment(f"d{i:05d}", 0, 0, text, on_topic=verdict, themes=themes))
    counts = {"read": n_on + n_off, "articles": n_on + n_off, "quarantined": 0, "repeats": 0}
    return Results(run_json(counts=counts), tuple(articles), tuple(segments), (), ())


def parse(html: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(html)


def words_of(html: str) -> str:
    page = parse(html)
    for unseen in page.xpath("//style | //script | //noscript"):
        unseen.drop_tree()
    return " ".join(page.text_content().split())


@cache
def report_on(n: int, *, size: Size = STANDARD) -> Report:
    """The report on `made_up(n)`, made once for all tests that only read it."""
    return make_report(made_up(n), size=size)


def render_report(results: Results, *, source_date: str | None = None) -> str:
    """The page alone."""
    return make_report(results, source_date=source_date).html
