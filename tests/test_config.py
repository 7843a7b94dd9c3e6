"""The config file: what it refuses, how it says so, and that the shipped one is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.config import Config, load_config, parse_config
from toolkit.errors import ToolkitError

ROOT = Path(__file__).parent.parent
SMALL = (ROOT / "tests/cases/eu-mercosur.toml").read_text(encoding="utf-8")
THEMES = (
    "trade_investment connectivity_infrastructure tourism health security diplomacy culture_education "
    "technology_digital energy_environment agriculture_food finance_economy"
).split()


@pytest.fixture(scope="module")
def shipped() -> Config:
    return load_config(ROOT / "configs/china-asean.toml")


def refusal(text: str) -> str:
    with pytest.raises(ToolkitError) as caught:
        parse_config(text, where="my.toml")
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_shipped_config_has_the_two_sides_and_eleven_members(shipped: Config) -> None:
    assert list(shipped.places.sides) == ["china", "asean"]
    assert shipped.places.sides["china"].countries == ("CN", "HK", "MO")
    assert sorted(shipped.places.sides["asean"].countries) == "BN ID KH LA MM MY PH SG TH TL VN".split()


def test_the_shipped_config_has_the_themes_of_the_contract_in_their_order(shipped: Config) -> None:
    assert list(shipped.themes) == THEMES


def test_every_theme_has_a_label_one_sentence_and_enough_lower_case_seed_terms(shipped: Config) -> None:
    for key, theme in shipped.themes.items():
        assert theme.label, key
        assert theme.description.endswith("."), key
        assert len(theme.seed_terms) >= 25, key
        assert [term for term in theme.seed_terms if term != term.lower()] == [], key
        assert len(set(theme.seed_terms)) == len(theme.seed_terms), key


def test_the_words_of_the_shipped_config_are_written_once(shipped: Config) -> None:
    assert len(set(shipped.subject.seed_terms)) == len(shipped.subject.seed_terms)
    for name in ("ambiguous", "ignore", "not_places"):
        words = getattr(shipped.places, name)
        assert sorted({word for word in words if words.count(word) > 1}) == [], name


def test_a_second_subject_is_only_another_file() -> None:
    config = parse_config(SMALL, where="eu-mercosur.toml")
    assert list(config.places.sides) == ["eu", "mercosur"]
    assert list(config.themes) == ["trade", "farming"]


@pytest.mark.parametrize(
    ("old", "new", "unknown", "meant"),
    [
        ("ambiguous =", "ambigous =", "places.ambigous", "ambiguous"),
        ("seed_terms = [", "seedterms = [", "seedterms", "seed_terms"),
        ("[places.sides.eu.regions]", "[places.sides.eu.region]", "places.sides.eu.region", "regions"),
        ("[subject]", "[subjects]", "subjects", "subject"),
    ],
)
def test_an_unknown_key_is_refused_with_the_key_that_was_meant(old: str, new: str, unknown: str, meant: str) -> None:
    message = refusal(SMALL.replace(old, new))
    assert f"{unknown}`" in message
    assert f"Did you mean `{meant}`?" in message


def test_an_unknown_key_unlike_any_other_lists_the_known_ones() -> None:
    message = refusal(SMALL.replace("[subject]", "[subject]\nzzz = 1"))
    assert "unknown key `subject.zzz`" in message
    assert "Known here: name, description, seed_terms." in message


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("min_city_population = 300_000", 'min_city_population = "many"', "`places.min_city_population`"),
        ("min_city_population = 300_000", "min_city_population = -1", "`places.min_city_population`"),
        ('label = "Trade"', "label = 3", "`themes.trade.label`"),
        ('FR = ["Brittany", "Normandy"]', 'FR = "Brittany"', "`places.sides.eu.regions.FR`"),
        ("schema_version = 1", "schema_version = 9", "`schema_version`"),
        (
            'seed_terms = ["beef", "soy", "farmer", "cattle", "poultry"]',
            "seed_terms = []",
            "`themes.farming.seed_terms`",
        ),
    ],
)
def test_a_wrong_value_says_where(old: str, new: str, where: str) -> None:
    assert old in SMALL
    message = refusal(SMALL.replace(old, new))
    assert message.startswith("my.toml: ")
    assert where in message


def test_broken_toml_says_the_line() -> None:
    assert "line 2" in refusal("schema_version = 1\nsubject = [\n") or "not valid TOML" in refusal("a = [")


def test_every_fault_is_told_at_once() -> None:
    message = refusal(SMALL.replace("min_city_population = 300_000", 'min_city_population = "x"\nzzz = 1'))
    assert len(message.splitlines()) == 2


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match="toolkit config init"):
        load_config(tmp_path / "none.toml")
