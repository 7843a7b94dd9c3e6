"""Reasons: they add up to what is stored, and what was planted comes out on top."""

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import test_relevance, test_themes
from tests.test_relevance import ON, find, page
from toolkit.cli.show import show_segments
from toolkit.data import Document, Explanation, Votes
from toolkit.explain import explain_article, in_words
from toolkit.jobs import opened
from toolkit.logistic import sigmoid
from toolkit.model import load_model
from toolkit.pipeline import judge
from toolkit.relevance.explain import BASELINE, explain_relevance, strongest_parts
from toolkit.relevance.explain import readable_feature as readable_relevance
from toolkit.relevance.features import FEATURES
from toolkit.segment import cut, load_line_model
from toolkit.segment.explain import explain_cut, explain_states, explain_votes
from toolkit.segment.explain import readable_feature as readable_line
from toolkit.segment.features import look
from toolkit.segment.model import ARTICLE
from toolkit.segment.opinion import evidence
from toolkit.segment.page import NAMES
from toolkit.segment_jobs import segment_job
from toolkit.store import find_model
from toolkit.themes.explain import explain_themes
from toolkit.words import WordTable

OSTLAND = "Fans of Ostland sang for Ostland all night."
ROLES = ["title", "body", "navigation", "body", "body", "teaser", "teaser"]
STORIES = [0, 0, None, 0, 0, 1, 1]
LINES = [*ON[:2], "Home", OSTLAND, ON[3], "Ostland wins the cup", "Norland watched Sudland and Ostland play."]
PAGE_TEXT = (
    "Home > News > World\n\nThe bridge opens in May\n\nBy Ann Lee\n\n"
    "The bridge over the river opens in May, the ministry said on Monday, after six years of work and three delays.\n\n"
    "“We are glad that it is done,” the engineer said of the bridge, which is to carry trains and lorries.\n\n"
    "Read more\n\nShares fall again as the winter goes on and on…\n\nAll rights reserved."
)


def stored(logit):
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, logit)))), 6)


def adds_up(explanation):
    return explanation.logit == pytest.approx(math.fsum(p.value for p in explanation.contributions), abs=1e-9)


@pytest.mark.parametrize("model", [test_relevance.rule, test_relevance.learned])
@pytest.mark.parametrize("lines", [LINES, LINES[::-1], ["Norland"], ["", *LINES[1:]]])
def test_reasons_of_document_and_segments_add_up_to_the_stored_relevance(model, lines):
    document = page("x", lines, roles=ROLES[: len(lines)], stories=STORIES[: len(lines)])
    whole, parts = model().judge(document, find(document))
    reasons = explain_relevance(model(), document, find(document))
    assert stored(reasons.document.logit) == pytest.approx(whole.relevance, abs=1.1e-6)
    assert adds_up(reasons.document)
    for segment, found, judgement in zip(document.segments, reasons.segments, parts, strict=True):
        assert (found is None) == (not segment.text.strip())
        if found is not None:
            assert adds_up(found)
            assert stored(found.logit) == pytest.approx(judgement.relevance, abs=1.1e-6)


def test_the_segment_logit_is_that_of_the_model_to_the_ninth_decimal():
    from toolkit.relevance.model import article_unit, segment_scores, separate_units

    model, document = test_relevance.learned(), page("x", LINES, roles=ROLES, stories=STORIES)
    evidence = model.read(document, find(document))
    hits, article = model.find_terms(evidence), article_unit(evidence)
    unit, n_units = separate_units(evidence, np.zeros_like(article), 1)
    own = model.scores(evidence, hits, unit, int(n_units[0]))[unit]
    inside = article >= 0
    expected = segment_scores(evidence, inside, float(model.scores(evidence, hits, article, 1)[0]), own)
    reasons = explain_relevance(model, document, find(document))
    logits = [found.logit for found, kept in zip(reasons.segments, inside, strict=True) if kept]
    assert np.allclose(logits, model.slope * expected + model.offset, atol=1e-9, rtol=0)


def test_a_paragraph_that_names_only_others_is_told_so():
    reasons = explain_relevance(
        test_relevance.learned(),
        document := page("x", [*ON, OSTLAND]),
        find(document),
    )
    against = [part.name for part in reasons.segments[-1].strongest(3, sign=-1)]
    assert "it and its neighbours name only places of no side" in against


def test_masked_places_stand_in_brackets_under_the_names_of_the_config():
    model = replace(
        test_relevance.rule(),
        terms=("\ue000 and", "\ue001 sign"),
        idf=np.ones(2, dtype=np.float32),
        text_weights=np.array([5, 0], dtype=np.float32),
        lead_weights=np.array([0, -5], dtype=np.float32),
    )
    document = page("x", ON[:1])
    reasons = explain_relevance(model, document, find(document)).document
    assert "“[nord] and”" in [part.name for part in reasons.strongest(3, sign=1)]
    assert "“[sud] sign” in the lead" in [part.name for part in reasons.strongest(3, sign=-1)]


def test_every_relevance_feature_has_words():
    assert not [name for name in FEATURES if "_" in readable_relevance(name)]


def test_every_feature_of_a_line_has_words():
    assert not [name for name in NAMES if "_" in readable_line(name)]


@cache
def themes():
    return test_themes.train(*test_themes.many())


@pytest.mark.parametrize("model", [test_themes.train, themes])
def test_reasons_of_themes_add_up_to_the_stored_score(model):
    document = page(
        "x",
        ["Tariffs and nurses", test_themes.TRADE, test_themes.HEALTH, "Menu"],
        roles=["title", "body", "body", "navigation"],
    )
    reasons = explain_themes(model(), document)
    found = 0
    for given_themes, explained in zip(model().score(document), reasons.segments, strict=True):
        assert [item.theme for item in given_themes] == [item.answer for item in explained]
        for item, explanation in zip(given_themes, explained, strict=True):
            found += 1
            assert adds_up(explanation)
            assert stored(explanation.logit) == pytest.approx(item.score, abs=1.1e-6)
    assert found >= 2
    kept = np.array([0, 0, 0, -1])
    whole = model().logits(model().read(document), kept, 1)[0]
    assert np.allclose([explanation.logit for explanation in reasons.document], whole, atol=1e-9, rtol=0)
    assert [explanation.answer for explanation in reasons.document] == list(model().themes)


def test_a_planted_word_leads_the_reasons_for_its_theme_and_seed_terms_are_named():
    line = "The surgery is open and surgery goes on: a story of surgery follows."
    _, health, _ = explain_themes(themes(), page("x", ["Surgery", line])).document
    assert health.strongest(1, sign=1)[0].name == "“surgery”"
    trade, health, rail = explain_themes(
        themes(), page("x", ["Care", "The hospital has new nurses, the nurses say."])
    ).document
    assert health.strongest(1, sign=1)[0].name.startswith("its seed terms (nurse 2×, hospital 1×)")
    assert not any("nurse 2×" in part.name for part in (*trade.contributions, *rail.contributions))


def test_reasons_for_a_cut_add_up_to_the_log_odds_given_the_neighbours():
    model = load_line_model()
    page_ = look(Document("d", PAGE_TEXT))
    scores = model.scores(page_)
    states = model.best_states(scores)
    for i, named in enumerate(explain_states(page_, model, states, [[]] * len(states))):
        total = scores[i] + (model.transitions[states[i - 1]] if i else model.start)
        total = total + (model.transitions[:, states[i + 1]] if i + 1 < len(states) else model.end)
        expected = total[ARTICLE] - max(total[s] for s in range(3) if s != ARTICLE)
        assert math.fsum(value for _, value in named) == pytest.approx(expected, abs=1e-9)


def test_a_rule_that_overrode_the_line_model_is_named():
    document = Document("d", PAGE_TEXT)
    line_model = load_line_model()
    states = line_model.best_states(line_model.scores(look(document)))
    cut_document = cut(document, line_model)
    explained = explain_cut(cut_document, line_model)
    for segment, state, found in zip(cut_document.segments, states, explained, strict=True):
        assert ("a rule" in (found.note or "")) == (segment.kept != (state == ARTICLE))
        assert segment.kept or segment.reason in found.note


def test_the_votes_of_extractors_are_reasons_too_and_add_up():
    document = Document("d", PAGE_TEXT)
    page_ = look(document)
    n = len(page_.paragraphs)
    unsure = np.full((n, 3), 1 / 3)
    shares = np.column_stack((np.linspace(0, 1, n), np.full(n, np.nan)))
    votes = Votes(("trafilatura", "readability"), shares)
    explained = explain_votes(page_, unsure, lambda texts: votes)
    sums = [math.fsum(value for _, value in named) for named in explained]
    assert np.allclose(sums, evidence(page_, unsure, votes), atol=1e-9, rtol=0)
    assert sums[0] < 0 < sums[-1]
    assert dict(explained[-1])["trafilatura keeps it"] > 0 == dict(explained[-1])["readability leaves it out"]
    sure = np.tile([1.0, 0.0, 0.0], (n, 1))
    assert explain_votes(page_, sure, lambda texts: votes) == [[]] * n


def test_an_empty_page_has_an_explanation_too():
    document = cut(Document("d", "  \n "), load_line_model())
    assert [found.contributions for found in explain_cut(document, load_line_model())] == [()]
    halved = replace(page("x", ["one line", "another"]), document=Document("x", "one line only"))
    with pytest.raises(ValueError, match="by other means"):
        explain_cut(halved, load_line_model())


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_explained(text):
    document = cut(Document("d", text), load_line_model())
    assert len(explain_cut(document, load_line_model())) == len(document.segments)
    mentions = find(document)
    assert len(explain_relevance(test_relevance.rule(), document, mentions).segments) == len(document.segments)
    assert len(explain_themes(test_themes.train(), document).segments) == len(document.segments)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-9, 9)), max_size=9))
def test_equal_names_are_one_contribution_and_the_strongest_come_first(named):
    found = Explanation.of("on", named)
    assert found.logit == pytest.approx(sum(value for _, value in named), abs=1e-9)
    assert len({part.name for part in found.contributions}) == len(found.contributions)
    sizes = [abs(part.value) for part in found.contributions]
    assert sizes == sorted(sizes, reverse=True)


def test_reasons_are_shown_below_each_segment_without_control_characters(tmp_path, capsys):
    file = tmp_path / "page.txt"
    file.write_text(
        "Norland\x1b[2J\n\nChina and Laos open a railway; \x07railway exports grow.\n\nHome > News", encoding="utf-8"
    )
    with opened([str(file)], out=None) as sources:
        show_segments(segment_job(sources, explain=True))
    shown = capsys.readouterr().out
    assert "the whole article: on" in shown
    assert "theme: connectivity_infrastructure" in shown
    assert "its seed terms (railway 2×" in shown
    assert not {"\x1b", "\x07"} & set(shown)


def test_numbers_too_small_to_write_are_not_shown():
    parts = [{"name": name, "value": value} for name, value in (("a", 2.0), ("b", 0.04), ("c", -0.04), ("d", -1.0))]
    line = in_words({"answer": "on", "logit": 1.0, "contributions": parts, "note": "a rule"})
    assert line == "on +1.0: a +2.0; against: d −1.0 (a rule)"


def test_what_the_report_lists_is_the_strongest_of_the_document_part_of_the_whole():
    model = load_model(find_model("china-asean"))
    documents = [Document("d", "\n\n".join(ON)), Document("e", "Snow fell in Oslo.\n\nTrains to Bergen were late.")]
    cuts = [cut(document, model.line_model, model.repeats) for document in documents]
    judged = [judge(one, model.gazetteer, model.relevance, model.themes) for one in cuts]
    words = WordTable.join([WordTable.of(one.cut.texts, one.mentions) for one in judged])
    for n in (2, 6, 1_000):
        found = strongest_parts(model.relevance, cuts, words, n=n)
        for one, parts in zip(judged, found, strict=True):
            whole = explain_article(one, model).relevance
            named = [part for part in whole.contributions if part.name != BASELINE]
            for_it, against = ([part for part in named if part.value * sign > 0][:n] for sign in (1, -1))
            expected = sorted([*for_it, *against], key=lambda part: -abs(part.value))
            assert parts == [(part.name, part.value) for part in expected]


def test_segment_explain_gives_every_row_its_reasons_and_the_numbers_fit_the_row(tmp_path):
    file = tmp_path / "page.txt"
    file.write_text(Path("seeds/002_2bf4370c2129fc70.txt").read_text(encoding="utf-8"), encoding="utf-8")
    with opened([str(file)], out=None) as sources:
        rows = list(segment_job(sources, explain=True))
    assert "article" in rows[0]["explanation"]
    for row in rows:
        reasons = row["explanation"]
        if reasons["relevance"] is not None:
            assert stored(reasons["relevance"]["logit"]) == pytest.approx(row["relevance"], abs=2e-6)
        assert [theme["answer"] for theme in reasons["themes"]] == [theme["theme"] for theme in row["themes"]]
        for theme, given_theme in zip(reasons["themes"], row["themes"], strict=True):
            assert float(sigmoid(np.array(theme["logit"]))) == pytest.approx(given_theme["score"], abs=2e-6)
        assert in_words(reasons["cut"])
        assert json.loads(json.dumps(reasons)) == reasons
