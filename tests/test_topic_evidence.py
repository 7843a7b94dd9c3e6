import json
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_topics import SUBJECTS, fit, planted

from toolkit.clean import normalise
from toolkit.config import load_config, shipped_config
from toolkit.data import Topic
from toolkit.embed import load_embedder
from toolkit.files import TOPIC_CARDS, TOPIC_EVIDENCE, TOPIC_SHARES, TOPIC_TREE
from toolkit.places import Gazetteer
from toolkit.topic_files import TopicFiles
from toolkit.topics.candidates import find_candidates
from toolkit.topics.evidence import TermFinder
from toolkit.topics.names import name_topic
from toolkit.topics.passages import choose_diverse, sentences, stands_alone
from toolkit.topics.tree import merge_tree, tree_order
from toolkit.topics.weights import choose_terms, weigh_terms

SYLLABLES = ["ka", "mo", "ti", "ru", "sel", "vun", "pax", "dor", "ni", "hal", "zeb", "qua"]


def invented(n_topics=4, n_segments=60, seed=0):
    """Segments of an invented language: Zipf function words that stand everywhere, and words of each topic.

    Some topics are told at greater length, so that function words are more frequent in them than chance has it, and
    one word of each mostly follows a function word, like a name its article.
    """
    chance = random.Random(seed)  # noqa: S311
    words = sorted({"".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(900)})
    chance.shuffle(words)
    function, rest = words[:40], words[40:]
    own = [rest[25 * k : 25 * (k + 1)] for k in range(n_topics)]
    shared = rest[25 * n_topics :]
    weights = [1 / (rank + 1) for rank in range(len(function))]
    texts, labels = [], []
    for k in range(n_topics):
        for _ in range(n_segments):
            said = chance.choices(function, weights, k=25 + 6 * k) + chance.choices(shared, k=5)
            said += chance.choices(own[k], [1 / (rank + 3) for rank in range(25)], k=8)
            chance.shuffle(said)
            if chance.random() < 0.9:
                said += [function[15], own[k][0]]
            texts.append(" ".join(said) + ".")
            labels.append(k)
    return texts, np.array(labels), function, own


@pytest.mark.parametrize("seed", range(5))
def test_function_words_reach_no_top_ten_and_no_name_without_any_list(seed):
    texts, labels, function, own = invented(seed=seed)
    candidates = find_candidates(texts, with_stop_list=False)
    weights, shares = weigh_terms(candidates, [str(i) for i in range(len(texts))], labels, 4)
    for k in range(4):
        terms = [candidates.keys[t] for t, _ in choose_terms(candidates, weights[k], shares[k], 10)]
        name = name_topic(candidates, weights[k], shares[k], subject=(), taken=())
        said = {word for term in [*terms, name.lower().replace(",", "")] for word in term.split()}
        assert not said & set(function)
        assert len(said & set(own[k])) >= 8


def test_no_term_begins_with_a_word_that_stands_in_every_topic():
    chance = random.Random(2)  # noqa: S311
    words = [f"{a}{b}" for a in SYLLABLES for b in SYLLABLES]
    rows = [(k, chance.sample(words, 6)) for k in range(3) for _ in range(30)]
    texts = [" ".join([*said, "xo", ["harbour", "orchard", "glacier"][k], "xo"]) for k, said in rows]
    candidates = find_candidates(texts, with_stop_list=False)
    weights, shares = weigh_terms(candidates, [str(i) for i in range(90)], np.array([k for k, _ in rows]), 3)
    chosen = choose_terms(candidates, weights[0], shares[0], 10)
    assert candidates.keys[chosen[0][0]] == "harbour"
    assert not any("xo" in candidates.keys[t].split() for t, _ in chosen)


WORDS = st.text("abcdefghijABCDEFGHIJé中", min_size=1, max_size=8)


@given(st.lists(WORDS, min_size=1, max_size=12), st.data())
def test_a_phrase_of_a_text_is_found_where_it_stands(words, data):
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, min(start + 4, len(words))))
    text = " ".join(words)
    at = len(" ".join(words[:start])) + (start > 0)
    assert (0, at, at + len(" ".join(words[start:end]))) in TermFinder([" ".join(words[start:end])]).find(text)


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("port", "Two Ports and a port's crane", ["Ports", "port"]),
        ("high-speed railway", "high-speed railways; a high speed railway", ["high-speed railways"]),
        ("speed", "a high-speed line", []),
        ("trade zone", "free trade, zone by zone", []),
        ("news", "a new port, new rules", []),
        ("city", "sister cities", ["cities"]),
        ("People's Bank", "the People's Bank said", ["People's Bank"]),
    ],
)
def test_forms_of_a_term(term, text, found):
    assert [text[i:j] for _, i, j in TermFinder([term]).find(text)] == found


def rows_of(document_id, paragraphs, topic, **change):
    rows, start = [], 0
    for index, text in enumerate(paragraphs):
        row = {"document_id": document_id, "index": index, "start": start, "end": start + len(text), "text": text}
        rows.append(row | {"role": "body", "on_topic": "on", "topic": topic} | change)
        start += len(text)
    return rows


def article_of(document_id, *, outlet="one", date="2024-05-06", on_topic="on"):
    return {"document_id": document_id, "outlet": outlet, "date": date, "on_topic": on_topic, "places_a": ["Here"]}


@pytest.fixture(scope="module")
def model():
    return fit(planted())


def dirtied(text, chance):
    """The same text as scrapes have it: no-break spaces, odd dashes, wrapped lines, words broken at their ends."""
    way = chance.randrange(4)
    if way == 0:
        return text.replace(" ", "\u00a0") + "\n"
    if way == 1:
        return text.replace(" ", "\n") + "\n\n"
    if way == 2:
        return text.replace(" ", "  ").replace("o", "o\u00ad") + " "
    return text + "\n"


@pytest.fixture(scope="module")
def published(model, tmp_path_factory):
    """A results folder of planted articles with dirty text, and what stands in their segments."""
    folder = tmp_path_factory.mktemp("results")
    chance = random.Random(4)  # noqa: S311
    articles = {}
    labels = model.assign([row[2] for row in planted()], load_embedder())
    for (document_id, _, text, _), (topic, _) in zip(planted(), labels, strict=True):
        articles.setdefault(document_id, []).append((dirtied(text, chance), topic))
    writer = TopicFiles(model, load_embedder(), dates=Counter(["2024-05-06"]), side_ids=["a"])
    segments = {}
    for number, document_id in enumerate(sorted(articles)):
        rows = rows_of(document_id, [text for text, _ in articles[document_id]], -1)
        rows = [row | {"topic": topic} for row, (_, topic) in zip(rows, articles[document_id], strict=True)]
        segments |= {(document_id, row["index"]): row for row in rows}
        outlet = f"outlet {number % 3}"
        writer.add(article_of(document_id, outlet=outlet), rows, copy_of=None, story_of=None)
        copy = [row | {"document_id": f"{document_id} copy"} for row in rows]
        writer.add(article_of(f"{document_id} copy"), copy, copy_of=document_id, story_of=document_id)
    writer.write(folder, ["jsonl", "csv"], [])
    assert lines(folder / TOPIC_EVIDENCE)
    assert lines(folder / TOPIC_CARDS)
    return folder, segments


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_printed_term_that_occurs_resolves_to_slices_that_contain_it(published, model):
    folder, segments = published
    rows = lines(folder / TOPIC_EVIDENCE)
    assert [(row["topic"], row["term"]) for row in rows] == [
        (t.topic, term) for t in model.topics for term, _ in t.terms
    ]
    for row in rows:
        finder = TermFinder([row["term"]])
        own = [segment for segment in segments.values() if segment["topic"] == row["topic"]]
        texts = [normalise(segment["text"], hard_wrapped=True).text for segment in own]
        assert row["n_occurrences"] == sum(len(finder.find(text)) for text in texts) > 0
        assert row["spans"]
        for span in row["spans"]:
            segment = segments[span["document_id"], span["index"]]
            assert segment["topic"] == row["topic"]
            slice_ = segment["text"][span["start"] - segment["start"] : span["end"] - segment["start"]]
            view = normalise(slice_, hard_wrapped=True).text
            assert [(i, j) for _, i, j in finder.find(view)] == [(0, len(view))]


def test_copies_add_no_evidence_and_the_weight_is_split_by_outlet(published):
    folder, _ = published
    for row in lines(folder / TOPIC_EVIDENCE):
        assert row["n_articles"] <= 20
        assert all("copy" not in span["document_id"] for span in row["spans"])
        assert sum(outlet["share"] for outlet in row["outlets"]) == pytest.approx(1, abs=1e-5)
        assert sum(outlet["n_articles"] for outlet in row["outlets"]) == row["n_articles"]


def test_spans_are_of_different_articles_while_there_are_any(published):
    folder, _ = published
    for row in lines(folder / TOPIC_EVIDENCE):
        articles = {span["document_id"] for span in row["spans"]}
        assert len(articles) == min(row["n_articles"], 5)


def test_a_card_has_exemplars_of_several_outlets_and_the_table_of_shares_is_whole(published):
    folder, _ = published
    for card in lines(folder / TOPIC_CARDS):
        assert len({span["document_id"] for span in card["exemplars"]}) == len(card["exemplars"]) >= 3
    assert (folder / f"{TOPIC_SHARES}.csv").read_text().count("\n") == len(lines(folder / f"{TOPIC_SHARES}.jsonl")) + 1
    assert json.loads((folder / TOPIC_TREE).read_text())["order"]


def test_a_run_without_topics_writes_empty_files(tmp_path):
    empty = fit(planted()[:1])
    writer = TopicFiles(empty, load_embedder(), dates=Counter(), side_ids=["a"])
    writer.add(article_of("d"), rows_of("d", ["A line."], -1), copy_of=None, story_of=None)
    writer.write(tmp_path, ["csv"], [])
    assert (tmp_path / TOPIC_EVIDENCE).read_text() == ""
    assert json.loads((tmp_path / TOPIC_TREE).read_text()) == {"order": [], "nodes": []}


def test_the_summary_is_a_whole_sentence_of_the_articles(model, tmp_path):
    rail = next(topic for topic in model.topics if topic.theme == "rail")
    said = "The railway now carries more freight and passengers over the viaduct than the old track did."
    leaning = "It carries freight and passengers on the track, through the tunnel and over the viaduct, he said."
    writer = TopicFiles(model, load_embedder(), dates=Counter(), side_ids=["a"])
    for i, text in enumerate(
        [f"{leaning} {said} Why not?", "RAILTOWN: The railway carries freight and passengers on a track."]
    ):
        writer.add(article_of(f"d{i}"), rows_of(f"d{i}", [f"  {text}\n"], rail.topic), copy_of=None, story_of=None)
    writer.write(tmp_path, ["csv"], [])
    card = next(card for card in lines(tmp_path / TOPIC_CARDS) if card["topic"] == rail.topic)
    summary = card["summary"]
    assert summary["text"] == said
    assert f"  {leaning} {said} Why not?\n"[summary["start"] : summary["end"]] == said


def test_exemplars_and_the_summary_come_from_articles_on_the_subject(model, tmp_path):
    rail = next(topic for topic in model.topics if topic.theme == "rail")
    said = "The railway of {0} carries more freight and passengers over the viaduct than the track of {0} did."
    writer = TopicFiles(model, load_embedder(), dates=Counter(), side_ids=["a"])
    for i in range(60):
        verdict = ("off", "unsure", "on")[i % 3] if i < 6 else "on" if i % 2 else "unsure"
        text = f"{said.format(f'town {i}')} {said.format(f'port {i}')}"
        article = article_of(f"d{i:02d}") | {"on_topic": verdict}
        writer.add(article, rows_of(f"d{i:02d}", [text], rail.topic), copy_of=None, story_of=None)
    writer.write(tmp_path, ["csv"], [])
    card = next(card for card in lines(tmp_path / TOPIC_CARDS) if card["topic"] == rail.topic)
    numbers = [int(span["document_id"][1:]) for span in [card["summary"], *card["exemplars"]]]
    assert all(i in (2, 5) or (i > 5 and i % 2) for i in numbers)


def test_shares_by_place_count_no_peoples_and_no_organisations(model, tmp_path):
    gazetteer = Gazetteer.from_config(load_config(shipped_config()).places)
    assert {"Thai", "Filipino", "Philippine Coast Guard"} <= gazetteer.no_places()
    assert not {"Thailand", "Bangkok", "Philippines", "ASEAN", "Yunnan"} & gazetteer.no_places()
    given = {"dates": Counter(), "side_ids": ["a"], "no_places": gazetteer.no_places()}
    writer = TopicFiles(model, load_embedder(), **given)
    for i in range(9):
        article = article_of(f"d{i}") | {"places_a": ["Thai", "Thailand", "Bangkok"]}
        writer.add(article, rows_of(f"d{i}", ["A train."], model.topics[0].topic), copy_of=None, story_of=None)
    writer.write(tmp_path, ["jsonl"], [])
    named = {row["key"] for row in lines(tmp_path / f"{TOPIC_SHARES}.jsonl") if row["by"] == "place:a"}
    assert named == {"Thailand", "Bangkok"}


def test_a_node_of_the_tree_is_named_after_what_most_of_its_topics_share():
    topics = [Topic(k, f"Name {k}", ((f"term {k}", 1.0), *([("port", 0.5)] * (k < 2))), 10 - k, 3) for k in range(4)]
    centres = np.array([[1, 0.1, 0], [1, 0, 0.1], [0, 1, 0.1], [0, 1, 0]], dtype=np.float32)
    nodes = merge_tree(topics, centres)
    assert [node["label"] for node in nodes if node["topics"] == [0, 1]] == ["Port"]
    assert nodes[-1]["topics"] == [0, 1, 2, 3]
    assert nodes[-1]["label"] == "Name 0 / Name 1 and 2 more"


@pytest.mark.parametrize(
    ("sentence", "alone"),
    [
        ("The two ministers agreed that the line will carry freight from May onwards.", True),
        ("However, the two ministers agreed that the line will carry freight from May.", False),
        ("The port handled more than the ministers had said they would allow in the", False),
        ("The new port (Photo: the ministry) handled more freight than it did last year.", False),
        ("PORTVILLE, Freedonia – The two ministers agreed that the line will carry freight.", False),
        ("Too short.", False),
    ],
)
def test_which_sentences_stand_alone(sentence, alone):
    assert stands_alone(sentence) is alone


def test_sentences_do_not_end_after_initials_and_titles():
    text = "Dr. Wen met J. Smith in town. They spoke. The U.S. Embassy was told."
    assert [text[i:j] for i, j in sentences(text)] == [
        "Dr. Wen met J. Smith in town.",
        "They spoke.",
        "The U.S. Embassy was told.",
    ]


def test_exemplars_are_no_copies_and_come_from_other_articles_and_outlets():
    first = "The railway carried more freight over the viaduct this year than ever before, and the ministry said that "
    texts = [first + f"the new depot would open in {place} before the end of the year." for place in ("May", "June")]
    texts.append(
        "Durian growers packed more cartons for the wholesalers, and the price of the fruit fell below that of " * 2
        + "rice."
    )
    texts.append(
        "Visa waivers brought more travellers to the beaches, and hotels there were booked out for the whole of " * 2
        + "May."
    )
    keys = [("a", 0), ("b", 0), ("a", 1), ("c", 0)]
    assert choose_diverse(texts, [0.9, 0.89, 0.8, 0.1], keys, n=2) == [0, 3]
    assert set(choose_diverse(texts, [0.9, 0.89, 0.8, 0.1], keys)) == {0, 2, 3}


def test_a_name_has_no_fragment_no_twin_and_not_the_subject_alone():
    verbs = ["opened", "extended", "closed", "mended", "insured", "praised", "sold", "fenced"]
    texts = [f"Freedonia {verb} the Northern Bay Railway, and trains ran; a train {verb} it." for verb in verbs]
    texts += [f"Freedonia {verb} durian orchards; the durian ripened." for verb in verbs]
    labels = np.array([0] * 8 + [1] * 8)
    candidates = find_candidates(texts)
    weights, shares = weigh_terms(candidates, [str(i) for i in range(16)], labels, 2)
    given = {"subject": {"freedonia"}, "taken": (), "embedder": load_embedder()}
    parts = name_topic(candidates, weights[0], shares[0], **given).split(", ")
    assert "Northern Bay Railway" in parts
    assert not {"Freedonia", "Railway", "Bay Railway", "Northern Bay"} & set(parts)
    assert any(not part[0].isupper() for part in parts[1:]) or not parts[0].istitle()


def topics_at(ids):
    return [Topic(k, f"Name {k}", ((f"term {k}", 1.0), ("port", 0.5)), 10 - i, 3) for i, k in enumerate(ids)]


def test_the_tree_joins_kin_first_whatever_the_order_and_the_ids():
    ids = [7, 2, 30, 11]
    centres = np.array([[1, 0.1, 0], [0, 1, 0.1], [1, 0, 0.1], [0, 1, 0]], dtype=np.float32)
    nodes = merge_tree(topics_at(ids), centres)
    assert [node["topics"] for node in nodes] == [[2, 11], [7, 30], [2, 7, 11, 30]]
    assert nodes[0]["label"] == "Port"
    across = [1 - float(centres[i] @ centres[j]) for i in (0, 2) for j in (1, 3)]
    assert nodes[-1]["distance"] == pytest.approx(np.mean(across), abs=1e-4)
    topics, shuffled = topics_at(ids), [2, 0, 3, 1]
    assert merge_tree([topics[i] for i in shuffled], centres[shuffled]) == nodes
    order = tree_order(topics, nodes)
    assert abs(order.index(2) - order.index(11)) == abs(order.index(7) - order.index(30)) == 1
    assert merge_tree([], np.zeros((0, 3), dtype=np.float32)) == []


def test_planted_names_hold_the_words_of_their_subject(model):
    for topic in model.topics:
        assert {word.lower() for word in topic.name.replace(",", "").split()} & set(SUBJECTS[topic.theme])
