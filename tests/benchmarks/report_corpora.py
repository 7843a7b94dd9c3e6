"""Results folders of any size from made-up words, for the benchmark of the report; a script, not a test.

    python tests/benchmarks/report_corpora.py FOLDER [--articles 2000 20000 100000]

Words are syllables put together by chance and follow Zipf's law, so that search and compression meet what they meet in
text; nothing of any corpus is in them. Equal arguments give equal bytes.
"""

import argparse
import json
import sys
from collections import Counter
from itertools import accumulate
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from report_results import ASEAN, CHINA, THEMES, article, run_json, segment

from toolkit.data import Topic
from toolkit.files import write_shares
from toolkit.files.tables import write_map, write_tables
from toolkit.topic_map import MAX_SEGMENTS
from toolkit.topics.shares import TopicShares

N_TOPICS, N_OUTLETS, N_MONTHS = 40, 40, 36
N_WORDS = 60_000
BLOCK = 1_000  # articles made together
WORDS_OF_A_TOPIC = 60
N_PHRASES, WORDS_OF_A_PHRASE = 4_000, 12
IN_PHRASES = 0.15  # chance of a phrase to begin at a word: the text deflates to .39 of its size, that of news to .36
_CONSONANTS = "b c d f g h j k l m n p r s t v w z br ch cl dr fr gr pl pr sh sl st th tr".split()
_VOWELS = "a e i o u a e i o ai ea ou".split()
_ENDINGS = ["", "", "", "n", "r", "s", "t", "l", "nd", "ng", "st"]
_LANGUAGES = (["en"] * 80) + (["zh"] * 7) + (["id"] * 6) + (["th"] * 4) + (["vi"] * 3)
_CITIES = ("Kunming", "Nanning", "Beijing", "Shanghai", "Haikou", "Guangzhou", "Chengdu", "Xiamen")
_CUT = {
    "navigation": ["navigation: repeated on the source's pages, a short line", "navigation: a short line"],
    "teaser": ["teaser: a headline below a label of other stories", "teaser: doubled headline, cut off"],
    "advert": ["advert: a label of advertising", "advert: sign-up or sharing words"],
    "footer": ["footer: words of a page's foot", "footer: rights notice"],
    "byline": ["byline: names who wrote or sent it"],
    "date": ["date: a date standing alone"],
    "other": ["other: no words"],
    "duplicate": ["duplicate: a paragraph of this page again"],
}


def make_words(rng):
    """`N_WORDS` different made-up words, the frequent ones short, with how likely each is."""
    words, seen = [], set()
    while len(words) < N_WORDS:
        syllables = 1 if len(words) < 120 else 2 if len(words) < 6_000 else 3
        parts = rng.integers(0, 1 << 30, size=(4_096, syllables, 3))
        for row in parts.tolist():
            word = "".join(
                _CONSONANTS[a % len(_CONSONANTS)] + _VOWELS[b % len(_VOWELS)] + _ENDINGS[c % len(_ENDINGS)]
                for a, b, c in row
            )
            if word not in seen:
                seen.add(word)
                words.append(word)
    chances = 1.0 / (np.arange(N_WORDS) + 2.7) ** 1.15
    return words[:N_WORDS], np.cumsum(chances / chances.sum())


class Maker:
    """Makes blocks of articles; block b is the same whenever it is made."""

    def __init__(self, n, seed=5):
        self.n, self.seed = n, seed
        rng = np.random.default_rng(seed)
        words, self.chances = make_words(rng)
        self.words = words
        self.theme_ids = [theme["id"] for theme in THEMES]
        themes = [theme["description"].lower().strip(".").replace(",", "").split() for theme in THEMES]
        places = [*ASEAN, *CHINA, "China", "ASEAN", *_CITIES]
        width = N_WORDS
        self.phrases = np.searchsorted(self.chances, rng.random((N_PHRASES, WORDS_OF_A_PHRASE)))
        odds = 1.0 / (np.arange(N_PHRASES) + 20)
        self.phrase_odds = np.cumsum(odds / odds.sum())
        self.topic_words = rng.integers(200, 8_000, size=(N_TOPICS, WORDS_OF_A_TOPIC))
        self.theme_words, self.first_place = [], 0
        extra = []
        for found in themes:
            self.theme_words.append([width + len(extra) + i for i in range(len(found))])
            extra += found
        self.places = [width + len(extra) + i for i in range(len(places))]
        extra += places
        plain = words + extra
        self.n_forms = len(plain)
        capital = [word[0].upper() + word[1:] for word in plain]
        self.forms = np.array([*plain, *[f"{w}." for w in plain], *capital, *[f"{w}." for w in capital]], dtype=object)
        self.place_names = places
        self.outlets = [f"{words[5_000 + 7 * i]}.example" for i in range(N_OUTLETS)]
        odds = 1.0 / np.arange(1, N_OUTLETS + 1) ** 0.9
        self.outlet_odds = np.cumsum(odds / odds.sum())
        self.chrome = [
            {
                "navigation": [self.line(rng, 1, 6) for _ in range(40)],
                "teaser": [self.line(rng, 6, 16) for _ in range(300)],
                "advert": [self.line(rng, 3, 14) for _ in range(8)],
                "footer": [self.line(rng, 8, 30) for _ in range(3)],
            }
            for _ in range(N_OUTLETS)
        ]
        self.characters = [chr(0x4E00 + i) for i in rng.permutation(3_000)]

    def line(self, rng, low, high):
        """A short line of words, as around an article."""
        found = np.searchsorted(self.chances, rng.random(int(rng.integers(low, high))))
        return " ".join(self.forms[found + 2 * self.n_forms].tolist()) + "\n"

    def topics(self):
        """The terms of each topic."""
        return [
            Topic(
                topic,
                f"{self.words[row[0]]}, {self.words[row[1]]}",
                tuple((self.words[word], round(0.8 / (k + 1) ** 0.5, 6)) for k, word in enumerate(row[:10])),
                0,
                0,
                self.theme_ids[topic % (len(THEMES) - 1)] if topic % 7 else None,
            )
            for topic, row in enumerate(self.topic_words.tolist())
        ]

    def facts(self, b):
        """The rows of the articles of block b, without what is counted in their segments."""
        rng = np.random.default_rng([self.seed, b, 1])
        rows = []
        for i in range(b * BLOCK, min(self.n, (b + 1) * BLOCK)):
            verdict = ("on", "off", "unsure")[np.searchsorted([0.3, 0.92], rng.random())]
            score = {"on": rng.beta(6, 1.5), "off": rng.beta(1.2, 6), "unsure": rng.uniform(0.36, 0.59)}[verdict]
            month = min(N_MONTHS - 1, int(rng.triangular(0, N_MONTHS * 0.8, N_MONTHS)))
            date = f"{2022 + month // 12}-{month % 12 + 1:02d}-{rng.integers(1, 29):02d}"
            date = (date, None, "--" + date[5:], date[:7])[np.searchsorted([0.93, 0.96, 0.97], rng.random())]
            outlet = int(np.searchsorted(self.outlet_odds, rng.random()))
            themes = []
            if verdict == "on":
                shift = 3 * month // N_MONTHS
                themes = list(dict.fromkeys(((rng.geometric(0.3, size=3) - 1 + shift) % 10).tolist()))
                themes = themes[: int(rng.integers(1, 4))]
            topic = int(rng.geometric(0.06)) % N_TOPICS if verdict == "on" and rng.random() < 0.9 else -1
            second = [ASEAN[k % 11] for k in rng.geometric(0.25, size=int(rng.integers(0, 4))).tolist()]
            first = ["China"] * (verdict != "off") + [_CITIES[k] for k in rng.integers(0, 8, size=1)]
            title = self.line(rng, 5, 11)[:-1]
            if second:
                title = f"{title.capitalize()} in {second[0]}"
            rows.append(
                article(
                    f"art-{i:06d}",
                    file=f"part-{i // 5_000:03d}.jsonl.gz",
                    title=title if rng.random() > 0.02 else None,
                    outlet=self.outlets[outlet] if rng.random() > 0.02 else None,
                    date=date,
                    url=f"https://{self.outlets[outlet]}/{date or 'news'}/{title.lower().replace(' ', '-')}-{i}.html",
                    language=_LANGUAGES[int(rng.integers(0, 100))],
                    on_topic=verdict,
                    relevance=round(float(score), 6),
                    themes=[
                        {"theme": self.theme_ids[t], "score": round(float(s), 6)}
                        for t, s in zip(themes, sorted(rng.uniform(0.35, 0.95, size=len(themes)))[::-1], strict=True)
                    ],
                    topic=topic,
                    places_china=list(dict.fromkeys(first)),
                    places_asean=list(dict.fromkeys(second)),
                    duplicate_of=f"art-{int(rng.integers(0, i)):06d}" if i and rng.random() < 0.03 else None,
                )
                | {"_outlet": outlet}
            )
        return rows

    def make(self, b):
        """The articles of block b and their segments."""
        rows = self.facts(b)
        rng = np.random.default_rng([self.seed, b, 2])
        plans = [self.plan(rng, row) for row in rows]
        texts = iter(self.write(rng, [(row, piece) for row, plan in zip(rows, plans, strict=True) for piece in plan]))
        segments = []
        for row, plan in zip(rows, plans, strict=True):
            start, own = 0, []
            for index, (role, given, _) in enumerate(plan):
                text = given or next(texts)
                kept = role not in _CUT
                change = {"on_topic": "off", "relevance": 0.02, "story": None}
                if kept:
                    score = min(1.0, max(0.0, row["relevance"] + rng.normal(0, 0.15)))
                    verdict = row["on_topic"] if rng.random() < 0.7 else "off"
                    themes = row["themes"] if role == "body" and rng.random() < 0.6 else []
                    topic = row["topic"] if role == "body" and rng.random() < 0.6 else -1
                    change = {"relevance": round(float(score), 6), "on_topic": verdict, "topic": topic}
                    change["themes"] = [
                        {"theme": t["theme"], "score": round(t["score"] * 0.9, 6)}
                        for t in themes[: int(rng.integers(1, 3))]
                    ]
                else:
                    reasons = _CUT[role]
                    change |= {"kept": False, "reason": reasons[int(rng.integers(0, len(reasons)))], "themes": []}
                own.append(segment(row["document_id"], index, start, text, role=role, **change))
                start += len(text)
            segments += own
            n_kept = sum(one["kept"] for one in own)
            kept = sum(one["end"] - one["start"] for one in own if one["kept"])
            row |= {"n_segments": len(own), "n_kept": n_kept, "kept_ratio": round(kept / start, 6)}
            del row["_outlet"]
        return rows, segments

    def plan(self, rng, row):
        """(role, text or "" to be written, words) of each segment of an article."""
        chrome = self.chrome[row["_outlet"]]

        def some(role, low, high):
            found = rng.integers(0, len(chrome[role]), size=int(rng.integers(low, high)))
            return [(role, chrome[role][k], 0) for k in found.tolist()]

        plan = some("navigation", 2, 7)
        plan.append(("title", f"{row['title']}\n" if row["title"] else "", 8))
        plan += [("byline", "", 4)] * int(rng.random() < 0.6)
        plan += [("date", f"{row['date']}\n", 0)] * int(row["date"] is not None)
        for paragraph in range(int(rng.integers(7, 16))):
            role = ("body", "heading", "quote", "list", "caption")[
                np.searchsorted([0.86, 0.91, 0.94, 0.97], rng.random())
            ]
            plan.append((role, "", int(rng.integers(3, 9)) if role == "heading" else int(rng.integers(14, 80))))
            if paragraph == 4:
                plan += some("advert", 0, 3)
        return plan + some("teaser", 2, 6) + some("footer", 1, 2)

    def write(self, rng, pieces):
        """The texts of those pieces that have none."""
        wanted = [(row, n) for row, (_, given, n) in pieces if not given]
        lengths = np.array([n for _, n in wanted])
        total = int(lengths.sum())
        found = np.searchsorted(self.chances, rng.random(total))
        starts = np.flatnonzero(rng.random(total - WORDS_OF_A_PHRASE) < IN_PHRASES)
        chosen = self.phrases[np.searchsorted(self.phrase_odds, rng.random(len(starts)))]
        for k in range(WORDS_OF_A_PHRASE):
            found[starts + k] = chosen[:, k]
        topics = np.repeat([row["topic"] for row, _ in wanted], lengths)
        themes = np.repeat(
            [self.theme_ids.index(row["themes"][0]["theme"]) if row["themes"] else -1 for row, _ in wanted], lengths
        )
        chance, which = rng.random(total), rng.integers(0, 1 << 30, size=total)
        of_topic = (topics >= 0) & (chance < 0.12)
        found[of_topic] = self.topic_words[topics[of_topic], which[of_topic] % WORDS_OF_A_TOPIC]
        of_theme = np.flatnonzero((themes >= 0) & (chance > 0.97))
        for k in of_theme.tolist():
            words = self.theme_words[themes[k]]
            found[k] = words[which[k] % len(words)]
        placed = (chance > 0.95) & (chance < 0.965)
        found[placed] = np.array(self.places)[which[placed] % len(self.places)]
        ends = np.cumsum(lengths)
        last = rng.random(total) < 1 / 18
        last[ends - 1] = True
        first = np.concatenate([[True], last[:-1]]) | (rng.random(total) < 0.04)
        written = self.forms[found + self.n_forms * (last + 2 * first)].tolist()
        texts = []
        for (row, n), end in zip(wanted, ends.tolist(), strict=True):
            if row["language"] in ("zh", "th"):
                marks = [self.characters[(k * k) % 3_000] for k in found[end - n : end].tolist()]
                texts.append("".join(marks) + "。\n")
            else:
                texts.append(" ".join(written[end - n : end]) + "\n\n")
        return texts

    def blocks(self):
        """All blocks."""
        for b in range(-(-self.n // BLOCK)):
            yield self.make(b)


def write_results(folder, n):
    """A finished results folder of `n` articles; nothing is done where it is there."""
    if (folder / "run.json").is_file():
        return
    maker = Maker(n)
    folder.mkdir(parents=True, exist_ok=True)
    topics, verdicts, explanations, cards = maker.topics(), Counter(), [], {}
    n_of, articles_of = Counter(), Counter()
    shares = TopicShares(topics, "month")
    rng, dots = np.random.default_rng(0), []
    middles = rng.normal(0, 8, size=(N_TOPICS, 2))

    def articles():
        for rows, segments in maker.blocks():
            segment_ends = list(accumulate((row["n_segments"] for row in rows), initial=0))
            for i, row in enumerate(rows):
                own = segments[segment_ends[i] : segment_ends[i + 1]]
                take_in(row, own)
                yield row

    def take_in(row, own):
        verdicts[row["on_topic"]] += 1
        if row["on_topic"] == "unsure" or abs(row["relevance"] - 0.6) < 0.02:
            reasons = [{"name": f"says “{maker.words[300 + k]}”", "value": round(2 / (k + 1), 6)} for k in range(4)]
            explanations.append({"document_id": row["document_id"], "reasons": reasons})
        if row["on_topic"] != "on" or row["duplicate_of"]:
            return
        spoken = [one for one in own if one["kept"] and one["on_topic"] == "on" and one["topic"] >= 0]
        for one in spoken:
            n_of[one["topic"]] += 1
            if len(dots) < MAX_SEGMENTS:
                x, y = (middles[one["topic"]] + rng.normal(0, 1.5, size=2)).tolist()
                dots.append({key: one[key] for key in ("document_id", "index", "topic")} | {"x": x, "y": y})
            held = cards.setdefault(one["topic"], [])
            if len(held) < 4 and one["end"] - one["start"] > 150:
                held.append(one)
        found = {one["topic"] for one in spoken}
        articles_of.update(found)
        shares.add(
            row["document_id"],
            found,
            date=row["date"],
            outlet=row["outlet"],
            places={"china": row["places_china"], "asean": row["places_asean"]},
            copy_of=None,
        )

    def topic_rows():
        for topic in topics:
            terms = [{"term": term, "weight": weight} for term, weight in topic.terms]
            yield {
                "topic": topic.topic,
                "name": topic.name,
                "terms": terms,
                "n_segments": n_of[topic.topic],
                "n_articles": articles_of[topic.topic],
                "theme": topic.theme,
            }

    write_tables(
        folder,
        ["parquet"],
        articles=articles(),
        segments=(row for _, segments in maker.blocks() for row in segments),
        topics=topic_rows(),
        side_ids=["china", "asean"],
        extra_columns={},
        with_xpath=False,
    )
    write_shares(folder, ["parquet"], shares.rows({}))
    write_map(folder, ["parquet"], dots)
    lines = {"explanations": explanations, "topic_cards": [card(topic.topic, cards) for topic in topics]}
    for name, rows in lines.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (folder / "topic_tree.json").write_text(json.dumps({"order": list(range(N_TOPICS)), "nodes": []}) + "\n")
    (folder / "quarantine.jsonl").write_text("")
    run = run_json(
        inputs=["made_up"],
        counts={"read": n, "articles": n, "quarantined": 0, "repeats": 0},
        encodings={"utf-8": n},
        side_ids=["china", "asean"],
        on_topic=dict(verdicts),
        key={"command": "run"},
    )
    (folder / "run.json").write_text(json.dumps(run, sort_keys=True, ensure_ascii=False, indent=1) + "\n")


def card(topic, found):
    """The row of topic_cards of a topic: its sentence and its exemplars, true slices of segments."""
    held = found.get(topic, [])
    exemplars = [{key: one[key] for key in ("document_id", "index", "start", "end")} for one in held]
    summary = None
    if held:
        text = held[0]["text"].rstrip()
        text = text[: text.find(".") + 1] if "." in text else text
        summary = {**exemplars[0], "text": text, "end": held[0]["start"] + len(text)}
    return {"topic": topic, "summary": summary, "exemplars": exemplars, "flags": []}


def name_of(n):
    """The name of the folder of `n` articles: 2000 gives "2k"."""
    return f"{n // 1000}k" if n % 1000 == 0 else str(n)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, nargs="+", default=[2_000, 20_000, 100_000])
    given = parser.parse_args()
    for size in given.articles:
        write_results(given.folder / name_of(size), size)
