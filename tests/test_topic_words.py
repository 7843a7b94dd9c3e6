"""Candidates, the choice of terms, and names."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.embed import load_embedder
from toolkit.topics.candidates import find_candidates
from toolkit.topics.names import name_topic
from toolkit.topics.passages import sentences, stands_alone
from toolkit.topics.weights import choose_terms, weigh_terms
from toolkit.topics.words import fold, is_junk, name_stop_list

# No plurals among them, so that a word is its own key.
SPOKEN = st.sampled_from("Port port harbour Crane crane's the of 2024 rail Belt and road -- , . \n".split(" "))
TEXTS = st.lists(st.lists(SPOKEN, max_size=14).map(" ".join), max_size=6)


def runs_of(text):
    """The folded tokens between marks, by the simplest reading of the rules."""
    for mark in ("--", ",", ".", "\n"):
        text = text.replace(mark, "|")
    return [[fold(token) for token in run.split()] for run in text.split("|")]


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_terms_stand_where_candidates_say(texts):
    found = find_candidates(texts, min_segments=1)
    content = {word: word not in name_stop_list() and not is_junk(word) for word in found.numbers}
    expected = []
    for number, text in enumerate(texts):
        place = 0
        for run in runs_of(text):
            for start, word in enumerate(run):
                for end in range(start + 1, min(start + 5, len(run)) + 1):
                    key = " ".join(run[start:end])
                    if key in found.numbers and not any(w in ("2024",) for w in run[start:end]):
                        expected.append((found.numbers[key], number, place))
                place += content.get(word, False)
        assert found.lengths[number] == place
    assert sorted(expected) == list(zip(found.terms.tolist(), found.texts.tolist(), found.places.tolist(), strict=True))


@given(TEXTS)
@settings(deadline=None)
def test_every_content_word_is_a_candidate_and_no_stop_word_is(texts):
    found = find_candidates(texts, min_segments=1)
    said = {word for text in texts for run in runs_of(text) for word in run}
    assert {key for key in found.keys if " " not in key} == {
        word for word in said if word not in name_stop_list() and not is_junk(word)
    }


def test_a_holder_is_a_text_however_often_it_has_the_term():
    found = find_candidates(["A port, a port and a harbour.", "The port."])
    terms, texts = found.holders()
    assert [(found.keys[term], text) for term, text in zip(terms, texts, strict=True)] == [("port", 0), ("port", 1)]


def test_capitals_of_headlines_and_starts_do_not_make_a_name():
    texts = ["Harbour Crane Falls Over", "Crane drivers met.", "a crane fell", "Quayside grew.", "Quayside shrank."]
    names = find_candidates([*texts, "The Lorne grew.", "near Lorne"]).names
    assert {"crane", "quayside", "Lorne"} <= set(names)


def chosen(texts, labels, topic=0, n_terms=2, embedder=None):
    candidates = find_candidates(texts)
    ids = [str(i) for i in range(len(texts))]
    weights, shares = weigh_terms(candidates, ids, np.array(labels), max(labels) + 1)
    return [candidates.keys[t] for t, _ in choose_terms(candidates, weights[topic], shares[topic], n_terms, embedder)]


def invented_words():
    """Endless words that no text has twice."""
    for i in range(10_000):
        yield "".join(chr(97 + i // 26**k % 26) for k in range(4)) + "x"


@pytest.mark.parametrize(("near", "far"), [("zinc", "velvet"), ("velvet", "zinc")])
def test_terms_said_close_together_go_before_those_of_one_text(near, far):
    words = invented_words()

    def filler(n):
        return " ".join(next(words) for _ in range(n))

    texts = [f"{filler(2)} alloy {filler(3)} {near} {filler(20)} {far} {filler(2)}" for _ in range(8)]
    texts += [f"{filler(5)} orchard {filler(5)}" for _ in range(8)]
    assert sorted(chosen(texts, [0] * 8 + [1] * 8)) == sorted(["alloy", near])


def test_with_an_embedder_terms_are_of_one_meaning():
    texts = [f"train {verb} spoon {verb}s railway" for verb in ("opens", "shuts", "carries", "builds")]
    texts += [f"spoon {verb} railway {verb}s train" for verb in ("cools", "keeps", "sees", "finds")]
    texts += [f"orchard {verb}" for verb in ("opens", "shuts", "carries", "builds", "cools", "keeps", "sees", "finds")]
    labels = [0] * 8 + [1] * 8
    assert sorted(chosen(texts, labels, embedder=load_embedder())) == ["railway", "train"]


def test_a_topic_of_one_long_phrase_still_has_terms():
    row = "zinc alloy velvet copper marble granite cotton walnut amber ivory"
    texts = [f"{verb} {row}" for verb in ("melt", "pour", "cast", "cool", "heat", "sell")] + ["orchard pear"] * 6
    assert chosen(texts, [0] * 6 + [1] * 6, n_terms=5)


def test_weights_of_terms_descend_and_lie_between_0_and_1():
    texts = [f"railway track {verb} bridge tunnel" for verb in ("opens", "shuts", "carries")] * 2
    texts += [f"durian orchard {verb} mango" for verb in ("opens", "shuts", "carries")] * 2
    candidates = find_candidates(texts)
    weights, shares = weigh_terms(candidates, [str(i) for i in range(12)], np.array([0] * 6 + [1] * 6), 2)
    found = [weight for _, weight in choose_terms(candidates, weights[0], shares[0], 10, load_embedder())]
    assert found == sorted(found, reverse=True)
    assert all(0 < weight <= 1 for weight in found)


def described(texts, labels, **options):
    candidates = find_candidates(texts)
    ids = [str(i) for i in range(len(texts))]
    weights, shares = weigh_terms(candidates, ids, np.array(labels), max(labels) + 1)
    terms = choose_terms(candidates, weights[0], shares[0], 10)
    name = name_topic(candidates, weights[0], shares[0], subject=(), taken=(), terms=[t for t, _ in terms], **options)
    return [candidates.names[t] for t, _ in terms], name


VERBS = ["opened", "extended", "closed", "mended", "insured", "praised", "sold", "fenced"]


def test_a_name_is_no_office_and_no_credit():
    texts = [
        f"They {verb} the harbour crane, said prime minister {name}, a Daily Ledger reporter {name} wrote."
        for verb, name in zip(VERBS, "Orrin Ulla Pim Tess Wade Yara Zeno Abel".split(), strict=True)
    ]
    texts += [f"Growers {verb} durian orchards." for verb in VERBS]
    _, name = described(texts, [0] * 8 + [1] * 8)
    assert "harbour crane" in name.lower()
    assert "minister" not in name.lower()
    assert "reporter" not in name.lower()


def test_no_term_and_no_name_is_cut_off_within_a_longer_phrase():
    texts = [f"They {verb} claims in the North Bay Sea again." for verb in VERBS[:4]]
    texts += [f"The North Bay Sea {verb}; it was {verb} by fishers." for verb in VERBS]
    texts += [f"Growers {verb} durian orchards." for verb in VERBS]
    terms, name = described(texts, [0] * 12 + [1] * 8)
    assert "North Bay Sea" in terms
    assert "North Bay Sea" in name
    assert not any(term.endswith(("the North", "North Bay")) for term in [*terms, *name.split(", ")])


@pytest.mark.parametrize(
    "sentence",
    [
        "A crane lifts the first steel girder of the bridge in Portville, Freedonia, May 3, 2021.",
        "A crane lifts the first steel girder of the bridge near Portville, Freedonia, on Sept. 3.",
        "A crane is pictured beside the first steel girder of the bridge in the port of Portville.",
        "A passenger walks past the new high-speed railway station of the port of Portville on May 3, 2021.",
        "Jo Bloggs, right, shakes hands with the ambassador of Freedonia at the opening of the railway bridge.",
        "Jo Bloggs (second from left) shakes hands with the ambassador of Freedonia at the railway bridge.",
        "IRON WORK Because of the strong wind some of the girders of the bridge are lifted by two cranes.",
        "Jo Bloggs has a PhD from the Harbour School of the Technical University of Portville in the north of Freedonia"
        " and is a fellow of the Crane Institute.",
        "Jo Bloggs is a senior fellow of the Crane Institute, where harbours and railways are studied.",
        "Undated handout image shows the first steel girder of the bridge in the port of Portville.",
    ],
)
def test_a_caption_sums_up_nothing(sentence):
    assert not stands_alone(sentence)


def test_a_day_at_the_end_alone_makes_no_caption():
    assert stands_alone("The two ministers agreed that the line will carry freight from May 3, 2021.")
    assert stands_alone("The port chief, who is a fellow of the Crane Institute, said the bridge would be paid for.")
    assert stands_alone("The first steel girder of the bridge was lifted by a crane on May 3, 2021.")


def test_sentences_do_not_end_after_short_months():
    text = "On Sept. 19, the line opened. It closed on Oct. 2 at night."
    assert [text[i:j] for i, j in sentences(text)] == ["On Sept. 19, the line opened.", "It closed on Oct. 2 at night."]


def test_what_one_article_alone_repeats_is_no_term_of_a_topic_that_several_share():
    harbour = "The {} crane lifts cargo from the vessel at the quay beside the dock and the pilot watches."
    texts = [harbour.format(word) for word in ["Zanzibar"] * 5 + ["tall", "slow", "new", "old", "late"]]
    texts += [f"The {word} orchard ripens mango and durian." for word in ("wide", "green", "young", "far")]
    ids = ["one article"] * 5 + [f"other {i}" for i in range(9)]
    labels = np.array([0] * 10 + [1] * 4)
    candidates = find_candidates(texts)
    weights, _ = weigh_terms(candidates, ids, labels, 2)
    assert weights[0, candidates.numbers["crane"]] > 0
    assert not any(weights[0, t] for key, t in candidates.numbers.items() if "zanzibar" in key)
    alone, _ = weigh_terms(candidates, ["one article"] * 14, labels, 2)
    assert alone[0, candidates.numbers["zanzibar"]] > 0  # an article that is the whole topic has its own words


def test_no_short_form_without_a_vowel_is_in_a_name():
    said = [f"Net profit rose {n} mln dlrs vs {n} mln dlrs, the brewery {verb}." for n, verb in enumerate(VERBS * 2)]
    texts = [*said, *(f"Growers {verb} durian orchards." for verb in VERBS * 2)]
    _, name = described(texts, [0] * len(said) + [1] * len(said))
    assert not {"mln", "dlrs", "vs", "mln dlrs", "mln dlrs vs"} & {part.lower() for part in name.split(", ")}
