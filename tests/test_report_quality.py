"""The checks with their rules, the data card, the model card, the config in full and the glossary."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any

import pycountry
import pytest
from report_results import (
    article,
    made_up,
    parse,
    render_report,
    report_on,
    run_json,
    seed_results,
    small,
    words_of,
)
from test_report_boundary import FIGURES, sheet, with_card, words_in

from toolkit.config import load_config, shipped_config
from toolkit.data import CUT_ROLES, KEPT_ROLES, Results
from toolkit.report import make_report
from toolkit.report.datasheets import formats_words, known_gaps, language_name, model_card
from toolkit.report.glossary import glossary
from toolkit.report.measured import read_measured
from toolkit.report.quality import GOOD, NOT_MEASURED, POOR, TOO_FEW, WATCH, Check, Rule, find_checks
from toolkit.report.size import BRIEF
from toolkit.report.tally import count_results


def checks_of(results: Results) -> dict[str, Check]:
    return {check.name: check for check in find_checks(count_results(results))}


def hundred(**changes: Any) -> Results:
    """A hundred on-topic articles with every field there."""
    facts = {"title": "T", "date": "2024-03-02", "outlet": "a.example", "themes": [{"theme": "health", "score": 0.5}]}
    articles = [article(f"d{i:03d}", **facts) for i in range(100)]
    counts = {"read": 100, "articles": 100, "quarantined": 0, "repeats": 0}
    return Results(run_json(counts=counts, **changes), tuple(articles), (), (), ())


def first(results: Results, n: int, **changes: Any) -> Results:
    """With these cells in the first `n` articles."""
    rows = [{**row, **changes} if i < n else row for i, row in enumerate(results.articles)]
    return replace(results, articles=tuple(rows))


def test_bounds_belong_to_the_better_word_whichever_way_is_better() -> None:
    low, high = Rule(0.1, 0.25), Rule(0.8, 0.6, low_is_good=False)
    assert [low.judge(x) for x in (0.1, 0.11, 0.25, 0.26)] == [GOOD, WATCH, WATCH, POOR]
    assert [high.judge(x) for x in (0.8, 0.79, 0.6, 0.59)] == [GOOD, WATCH, WATCH, POOR]
    assert low.words == "good up to 10%, watch up to 25%, poor above"
    assert high.words == "good from 80%, watch from 60%, poor below"


@pytest.mark.parametrize(
    ("name", "changes", "watched", "poor"),
    [
        ("Unsure", {"on_topic": "unsure"}, 11, 26),
        ("Without a title", {"title": None}, 3, 11),
        ("Without a date or its year", {"date": "--03-02"}, 6, 21),
        ("Without an outlet", {"outlet": None}, 6, 21),
        ("Near-copies of another article", {"duplicate_of": "d099"}, 11, 31),
        ("Pages without article text", {"n_kept": 0}, 2, 6),
        ("On-topic without any theme", {"themes": []}, 6, 21),
    ],
)
def test_each_share_is_judged_by_its_rule(name: str, changes: dict[str, Any], watched: int, poor: int) -> None:
    assert checks_of(hundred())[name].word == GOOD
    assert checks_of(first(hundred(), watched, **changes))[name].word == WATCH
    assert checks_of(first(hundred(), poor, **changes))[name].word == POOR


def test_what_needs_a_look_comes_first_and_the_rule_stands_beside_it() -> None:
    results = first(hundred(), 30, title=None)
    assert [check.word for check in find_checks(count_results(results))][:2] == [POOR, POOR]  # the one outlet too
    rows = parse(render_report(results)).xpath("//section[@id='quality']//tbody/tr")
    titles = [row for row in rows if "Without a title" in row.text_content()]
    assert "30 of 100 articles (30%)" in titles[0].text_content()
    assert "good up to 2%, watch up to 10%, poor above" in titles[0].text_content()


def test_of_few_articles_no_share_is_judged() -> None:
    few = checks_of(seed_results())
    assert few["Without an outlet"].word == TOO_FEW
    assert not [check for check in few.values() if check.word in (WATCH, POOR)]


def test_what_was_not_measured_is_said_and_not_invented() -> None:
    without = checks_of(hundred(**with_card(0)))["The line between on and off"]
    assert without.word == NOT_MEASURED
    assert without.found == "not measured: no labels were given"
    assert without.value is None
    assert not [name for name in checks_of(hundred()) if "Precision" in name or "Stability" in name]


def test_measured_figures_are_judged_with_their_intervals() -> None:
    found = checks_of(hundred(**with_card(1284, **FIGURES)))
    assert (found["Precision of on-topic"].word, found["Recall of on-topic"].word) == (GOOD, WATCH)
    assert found["Recall of on-topic"].found.startswith("70% (95% interval 63–76%) of 203 labelled documents")
    assert found["The promise kept"].word == GOOD
    missed = FIGURES | {"coverage": 0.8}
    assert checks_of(hundred(**with_card(1284, **missed)))["The promise kept"].word == POOR


def test_stability_of_topics_is_read_from_the_number_that_was_chosen() -> None:
    curve = [{"n_topics": 6, "mean": 0.9, "deviation": 0.1}, {"n_topics": 12, "mean": 0.57, "deviation": 0.1}]
    results = made_up(200)
    run = {**results.run, "topics_selection": {"by": "stability", "n_topics": 12, "curve": curve}}
    found = checks_of(replace(results, run=run))["Stability of the topics"]
    assert (found.value, found.word) == (0.57, POOR)
    assert "Stability of the topics" not in checks_of(results)


def test_topics_that_dissolve_are_counted_from_the_models_card() -> None:
    results = made_up(200, n_topics=4)
    changes = with_card(0)
    changes["model"]["card"]["topics"] = [{"topic": t, "stability": s} for t, s in enumerate((0.9, 0.49, 0.5, None))]
    found = checks_of(replace(results, run={**results.run, **changes}))["Topics that dissolve"]
    assert found.found.startswith("1 of 3 topics")


@pytest.mark.parametrize(
    ("verdict", "word"),
    [
        ("like the training corpus", GOOD),
        ("other mixture", WATCH),
        ("new topic", POOR),
        ("too few to say", NOT_MEASURED),
    ],
)
def test_drift_is_said_in_its_own_words(verdict: str, word: str) -> None:
    drift = {"verdict": verdict, "words": ["The batch is as it is."]}
    found = checks_of(hundred(drift=drift))["Likeness to the training corpus"]
    assert (found.word, found.found) == (word, "The batch is as it is.")
    assert "Likeness to the training corpus" not in checks_of(hundred())


def test_every_language_has_the_name_that_the_standard_gives_it() -> None:
    for language in pycountry.languages:
        for key in ("alpha_2", "alpha_3"):
            if hasattr(language, key):
                assert language_name(getattr(language, key).upper()) == language.name.split(" (")[0]


def test_articles_in_a_language_the_model_did_not_learn_from_are_counted_by_name_of_language() -> None:
    results = first(hundred(**with_card(0)), 7, language="vi")
    found = checks_of(results)["In other languages than the model learned from (en)"]
    assert (found.word, found.found) == (WATCH, "7 of 100 articles (7%): vi")
    assert "English 93 and Vietnamese 7" in words_in(render_report(results), "method")


def test_lost_characters_are_counted_by_the_character() -> None:
    results = made_up(100)
    few, many = (checks_of(replace(results, run={**results.run, "n_replaced_characters": n})) for n in (0, 900))
    assert few["Characters lost in decoding"].word == GOOD
    assert many["Characters lost in decoding"].word == POOR


def test_the_checks_are_a_table_beside_the_page() -> None:
    rows = sheet(first(hundred(), 30, title=None), "quality")
    row = next(row for row in rows if row["check"] == "Without a title")
    assert (row["value"], row["word"]) == ("0.3", "poor")


def test_the_data_card_names_formats_outlets_period_and_gaps() -> None:
    assert formats_words(["a.txt", "B.HTML", "c.jsonl.gz#4", "page"]) == (
        "HTML 1, JSON lines (packed) 1, other 1 and plain text 1"
    )
    tally = count_results(first(hundred(), 4, date=None, outlet=None))
    gaps = known_gaps(tally)
    assert "4 of 100 articles cannot be placed in time." in gaps
    assert "4 of 100 articles name no outlet." in gaps
    no_year = known_gaps(count_results(first(hundred(), 2, date="--03-02")))
    assert no_year == ["2 of 100 articles cannot be placed in time (2 of them state a day without a year)."]
    said = words_in(report_on(300).html, "method")
    assert "JSON lines" in said
    assert "bangkokpost.example" in said


def test_the_model_card_says_what_the_model_learned_from_and_its_figures() -> None:
    card = model_card(count_results(hundred(**with_card(0, **FIGURES))))
    rows = dict(card["rows"])
    assert rows["Learned from"] == "1,285 documents, 153 of them on the subject"
    assert rows["Labels"].startswith("none of its own")
    assert rows["Started from"] == "the configuration alone"
    figures = {row["label"]: row["value"] for row in card["figures"]}
    assert figures["Promise kept"] == "90% (95% interval 88–92%)"
    assert dict(model_card(count_results(hundred(**with_card(0))))["rows"])["Labels"].startswith("none: on and off")


def test_the_config_is_there_in_full_and_reads_as_the_config_it_was() -> None:
    config = load_config(shipped_config()).model_dump(mode="json")
    results = replace(small(), run=run_json(config=config))
    [pre] = parse(render_report(results)).xpath("//section[@id='method']//pre")
    stated = tomllib.loads(pre.text)
    assert stated["themes"] == config["themes"]
    assert stated["places"]["sides"]["asean"]["cities"] == config["places"]["sides"]["asean"]["cities"]
    assert not parse(make_report(results, size=BRIEF).html).xpath("//pre")
    values = {row["setting"]: row["value"] for row in sheet(results, "config")}
    assert values["topics.n_topics"] == "not set"
    assert values["themes.health.label"] == config["themes"]["health"]["label"]


def test_hostile_settings_stay_text() -> None:
    config = {"themes": {"<script>alert(1)</script>": {"label": "\x1b[31m\u202e", "seed_terms": ["</pre><b>"]}}}
    page = render_report(replace(small(), run=run_json(config=config)))
    assert "<script>alert(1)" not in page
    assert "</pre><b>" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_every_role_is_explained() -> None:
    words = glossary()
    assert (len(words["kept"]), len(words["cut"])) == (len(KEPT_ROLES), len(CUT_ROLES))
    assert "breadcrumbs" in words_of(render_report(small()))


def test_a_card_that_is_no_card_is_as_good_as_none() -> None:
    for model in (None, "m", {"card": []}, {"card": {"relevance": 3, "themes": None, "topics": "x"}}):
        measured = read_measured({"model": model})
        assert measured.recall is None
        assert measured.precision is None
