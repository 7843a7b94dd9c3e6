"""Topics that stay what they are: ids for ever, names and colours over retraining, merges that can be taken back."""

from __future__ import annotations

import itertools
import json
import random
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, SEEDS, Command, rows
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from toolkit.card import model_card
from toolkit.cli import app
from toolkit.config import load_config, shipped_config
from toolkit.data import Topic
from toolkit.embed import load_embedder
from toolkit.errors import ToolkitError
from toolkit.lsa import Lsa
from toolkit.model import config_toml, load_model, save_registry
from toolkit.store import find_model, problems, read_manifest
from toolkit.topic_jobs import find_topics, list_topics, merge_topics, part_topics, rename_topic
from toolkit.topics import Registry, TopicModel, carry_identity
from toolkit.topics.colours import colours_of
from toolkit.topics.differences import difference, in_words
from toolkit.topics.identity import match_topics, overlap_table
from toolkit.topics.model import Space
from toolkit.topics.rule import Rule

WORDS = {
    "rail": "railway train locomotive station passengers track freight tunnel viaduct carriage",
    "fruit": "durian mango orchard farmers harvest exports customs growers ripeness cartons",
    "visa": "visa tourists travellers airline flights hotels passports holiday bookings beaches",
    "port": "harbour vessel cargo container dock crane shipping quay tonnage pilot",
    "school": "scholarship students university campus teachers lessons exchange degree tuition library",
    "power": "turbine solar grid electricity dam hydropower megawatt transmission voltage battery",
}
THEMES = sorted(WORDS)


def texts_of(themes: Any = THEMES, n: int = 12) -> list[str]:
    chance = random.Random(5)  # noqa: S311
    return [" ".join(chance.sample(WORDS[theme].split(), 6)) for theme in themes for _ in range(n)]


TEXTS = texts_of()


class Corner:
    """An encoder for tests: a text lies in the corner of the theme whose words it has most of."""

    n_dimensions = len(THEMES)

    def encode(self, texts: Any) -> Any:
        found = np.array(
            [
                [sum(word in WORDS[theme].split() for word in text.lower().split()) for theme in THEMES]
                for text in texts
            ],
            dtype=np.float64,
        ).reshape(len(texts), len(THEMES))
        lengths = np.sqrt((found**2).sum(axis=1, keepdims=True))
        return (found / np.where(lengths == 0, 1, lengths)).astype(np.float32)


EMBEDDER = Corner()


def model_of(*groups: tuple[str, ...], n_segments: int = 10) -> TopicModel:
    """A model with one topic for each group of themes; what is in no group has no topic."""
    nothing_latent = Lsa((), np.zeros(0, dtype=np.float32), np.zeros((0, 2), dtype=np.float16), mean_length=1.0)
    centres = np.array([[theme in group for theme in THEMES] for group in groups], dtype=np.float64)
    centres = centres.reshape(len(groups), len(THEMES))
    centres = np.hstack([centres, np.zeros((len(groups), nothing_latent.n_dimensions))])
    centres /= np.maximum(np.sqrt((centres**2).sum(axis=1, keepdims=True)), 1e-9)
    topics = tuple(
        Topic(i, f"{' and '.join(group)}", tuple((word, 1.0) for word in WORDS[group[0]].split()[:5]), n_segments, 3)
        for i, group in enumerate(groups)
    )
    space = Space(np.zeros(len(THEMES), dtype=np.float32), nothing_latent, 0.0)
    directions = centres.astype(np.float32)
    rule = Rule(directions, directions, np.zeros(len(groups), dtype=np.float32), threshold=0.3)
    return TopicModel(topics, "test", "", space, rule)


def first(*groups: tuple[str, ...]) -> TopicModel:
    return model_of(*groups).as_first(corpus_hash="one")


def carried(before: TopicModel, after: TopicModel, texts: Any = TEXTS) -> TopicModel:
    return carry_identity(before, after, texts, EMBEDDER, corpus_hash="two", base_name="b", base_hash="h")


def ids(model: TopicModel) -> list[int]:
    return [topic.topic for topic in model.topics]


def kinds(model: TopicModel) -> list[tuple[str, int | None, list[int]]]:
    assert model.registry.changes is not None
    return [
        (change.kind, change.before, [link.topic for link in change.after]) for change in model.registry.changes.rows
    ]


def edited(model: TopicModel, registry: Registry) -> TopicModel:
    return replace(model, registry=registry)


partitions = st.lists(st.integers(0, 4), min_size=len(THEMES), max_size=len(THEMES)).map(
    lambda labels: tuple(
        tuple(theme for theme, label in zip(THEMES, labels, strict=True) if label == wanted)
        for wanted in sorted(set(labels) - {4})
    )
)
"""Themes in up to four groups, some in none."""


# Laws


@given(partitions)
@settings(max_examples=25, deadline=None)
def test_a_model_carried_onto_itself_keeps_everything(groups: tuple[tuple[str, ...], ...]) -> None:
    model = first(*groups)
    again = carried(model, model)
    assert ids(again) == ids(model)
    assert {kind for kind, _, _ in kinds(again)} <= {"kept"}
    assert [replace(entry, birth=None) for entry in again.registry.entries] == [  # type: ignore[arg-type]
        replace(entry, birth=None)
        for entry in model.registry.entries  # type: ignore[arg-type]
    ]


@given(st.lists(partitions, min_size=2, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_an_id_is_given_once_and_for_ever(line: list[tuple[tuple[str, ...], ...]], chance: random.Random) -> None:
    model = first(*line[0])
    known: dict[int, tuple[Any, Any]] = {}
    for groups in line[1:]:
        live = [entry.topic for entry in model.registry.entries if entry.status == "live"]
        if len(live) > 1 and chance.random() < 0.5:
            model = edited(model, model.registry.merged(*(lambda a, b: (a, [b]))(*chance.sample(live, 2))))
        for entry in model.registry.entries:
            known[entry.topic] = (entry.birth, entry.colours)
        n_known = model.registry.next_id
        model = carried(model, model_of(*groups))
        assert len(set(ids(model))) == len(ids(model))
        assert set(known) <= {entry.topic for entry in model.registry.entries}
        for entry in model.registry.entries:
            if entry.topic in known:
                assert (entry.birth, entry.colours) == known[entry.topic]
            else:
                assert entry.topic >= n_known
                assert entry.birth.generation == model.registry.generation
        by_status = {
            s: {e.topic for e in model.registry.entries if e.status == s} for s in ("live", "merged", "retired")
        }
        assert by_status["live"] == {topic.topic for topic in model.shown()}
        assert by_status["merged"] == set(model.registry.targets())
        changes = model.registry.changes
        assert changes is not None
        named = {link.topic for change in changes.rows for link in change.after}
        assert named == set(ids(model))  # every topic of the new model is accounted for


@given(partitions, partitions, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_and_copies_of_texts_change_nothing(one: Any, other: Any, chance: random.Random) -> None:
    before, after = first(*one), model_of(*other)
    mixed = TEXTS + [text.upper() for text in TEXTS[:20]]
    chance.shuffle(mixed)
    assert carried(before, after, mixed).registry == carried(before, after).registry


@given(partitions, partitions, st.data())
@settings(max_examples=40, deadline=None)
def test_merging_then_assigning_is_assigning_then_leading_ids_on(one: Any, other: Any, data: st.DataObject) -> None:
    model = carried(first(*one), model_of(*other))
    live = [topic.topic for topic in model.shown()]
    if len(live) < 2:
        return
    chosen = data.draw(st.lists(st.sampled_from(live), min_size=2, max_size=3, unique=True))
    joined = edited(model, model.registry.merged(chosen[0], chosen[1:]))
    plain = model.assign(TEXTS, EMBEDDER)
    leads = dict.fromkeys(chosen, chosen[0])
    assert joined.assign(TEXTS, EMBEDDER) == [(leads.get(topic, topic), score) for topic, score in plain]
    assert sum(topic.n_segments for topic in joined.shown()) == sum(topic.n_segments for topic in model.shown())
    assert edited(joined, joined.registry.parted(chosen[0], chosen[1:])) == model


@given(partitions, partitions, st.data())
@settings(max_examples=25, deadline=None)
def test_loaded_single_and_batch_give_the_id_of_the_carried_and_merged_model(one: Any, other: Any, data: Any) -> None:
    model = carried(first(*one), model_of(*other))
    live = [topic.topic for topic in model.shown()]
    if len(live) > 1:
        model = edited(model, model.registry.merged(live[1], [live[0]]))
    together = model.assign(TEXTS, EMBEDDER)
    values, arrays = json.loads(json.dumps(model.state()[0])), model.state()[1]
    registry = Registry.from_state(json.loads(json.dumps(model.registry.state()[0])))
    loaded = TopicModel.from_state(values, arrays, registry)
    assert loaded.registry == model.registry
    assert loaded.assign(TEXTS, EMBEDDER) == together
    some = data.draw(st.lists(st.sampled_from(range(len(TEXTS))), max_size=8))
    assert [loaded.assign([TEXTS[i]], EMBEDDER)[0] for i in some] == [together[i] for i in some]


@given(st.text(st.characters(max_codepoint=0x2100), max_size=90))
@settings(max_examples=60, deadline=None)
def test_a_name_is_taken_as_given_but_for_white_space_or_refused_in_a_sentence(name: str) -> None:
    registry = first(("rail",), ("fruit",)).registry
    try:
        renamed = registry.renamed(0, name)
    except ToolkitError as error:
        refused = error
    else:
        assert renamed.entry(0).shown_name.split() == name.split()
        assert Registry.from_state(json.loads(json.dumps(renamed.state()[0]))) == renamed
        assert renamed.fingerprint() == registry.fingerprint()
        return
    assert refused.exit_code == 2
    assert "\n" not in str(refused)


def test_a_merge_changes_the_fingerprint_and_a_name_does_not() -> None:
    registry = first(("rail",), ("fruit",)).registry
    assert registry.merged(0, [1]).fingerprint() != registry.fingerprint()
    assert registry.renamed(0, "Trains").fingerprint() == registry.fingerprint()


# What becomes of topics


def test_counts_on_paper_give_the_changes_worked_out_by_hand() -> None:
    #           new 0  1   2   3  none
    counts = [
        [9, 1, 0, 0, 0],  # 0: kept as 0
        [0, 6, 5, 0, 0],  # 1: more than half in 1, of which it is most; 2 is mostly of it too: split
        [6, 0, 0, 0, 2],  # 2: most of it is in 0, which is mostly old 0: merged
        [0, 0, 0, 0, 7],  # 3: retired
        [0, 1, 0, 8, 0],
    ]  # no topic before: 3 is born
    found = match_topics(np.array(counts, dtype=np.int64))
    assert found.kinds == ("kept", "split", "merged", "retired")
    assert found.went_to == ((0,), (1, 2), (0,), ())
    assert found.continues == (0, 1, None, None)


def test_exactly_half_is_no_majority() -> None:
    found = match_topics(np.array([[5, 5, 0], [5, 0, 0], [0, 5, 0]], dtype=np.int64))
    assert found.continues == (None, None)


def test_a_split_a_merge_a_birth_and_a_retirement_are_told_apart() -> None:
    before = first(("fruit", "port"), ("rail",), ("school",))
    after = model_of(("rail",), ("fruit",), ("port",), ("power", "visa"))
    model = carried(before, after)
    assert kinds(model) == [("split", 0, [3, 4]), ("kept", 1, [1]), ("retired", 2, []), ("born", None, [5])]
    assert ids(model) == [1, 3, 4, 5]
    assert model.registry.entry(3).parents == (0,)
    assert [model.registry.entry(topic).status for topic in (0, 2)] == ["retired", "retired"]
    changes = model.registry.changes
    assert changes is not None
    assert in_words(changes) == "1 kept, 1 split (0 into 3 and 4), 1 born (5), 1 retired (2)"
    back = carried(model, model_of(("fruit", "port"), ("school",)))
    assert ids(back) == [6, 7]  # neither 0 nor 2 comes back
    assert back.registry.targets() == {3: 6, 4: 6}


def test_a_kept_topic_keeps_its_names_and_colour_and_gets_its_new_terms() -> None:
    before = first(("rail",), ("fruit",))
    before = edited(before, before.registry.renamed(1, "Durian season"))
    after = model_of(("fruit",), ("rail",), ("visa",))
    renamed = tuple(replace(topic, name="Another", terms=(("word", 1.0),)) for topic in after.topics)
    model = carried(before, replace(after, topics=renamed))
    assert [(t.topic, t.name) for t in model.shown()] == [(1, "Durian season"), (0, "rail"), (2, "Another")]
    assert model.registry.entry(1).colours == before.registry.entry(1).colours
    assert model.registry.entry(1).terms == ("word",)
    assert model.registry.entry(1).name == "fruit"


def test_a_new_topic_with_the_automatic_name_of_a_kept_one_is_told_apart() -> None:
    before = first(("rail",))
    after = model_of(("rail",), ("fruit",))
    model = carried(before, replace(after, topics=tuple(replace(topic, name="Rail") for topic in after.topics)))
    assert [topic.name for topic in model.shown()] == ["rail", "Rail (1)"]


def test_a_new_topic_may_have_the_name_of_a_retired_one() -> None:
    before = carried(first(("rail",), ("fruit",)), model_of(("fruit",)))
    model = carried(before, model_of(("rail",), ("fruit",)))
    assert [(topic.topic, topic.name) for topic in model.topics] == [(2, "rail"), (1, "fruit")]


def test_a_topic_that_is_mostly_another_keeps_its_id_but_an_automatic_name_only_while_it_fits() -> None:
    texts = texts_of(["rail", "rail", "rail", "fruit", "visa"])  # old 36 in new 60: more than half of either
    before = first(("rail",), ("fruit",))
    after = model_of(("rail", "fruit", "visa"))
    grown = carried(before, after, texts)
    assert [(topic.topic, topic.name) for topic in grown.shown()] == [(0, "rail")]  # jaccard .6
    texts = [*texts_of(["rail"]), *texts_of(["fruit"], n=7), *texts_of(["visa"], n=4)]  # 12 of 23: .52, then .48
    assert carried(before, after, texts).topics[0].name == "rail"
    two = first(("rail", "school"), ("fruit",))
    texts = [*texts_of(["rail"]), *texts_of(["school"], n=9), *texts_of(["fruit"], n=9)]
    mostly_another = carried(two, model_of(("rail", "fruit")), texts)  # 12 of either's 21, 12 of all 30: .4
    assert [(topic.topic, topic.name) for topic in mostly_another.shown()] == [(0, "rail and fruit")]
    named = edited(two, two.registry.renamed(0, "Mine"))
    assert carried(named, model_of(("rail", "fruit")), texts).shown()[0].name == "Mine"


def test_a_comparison_by_ids_follows_topics_over_several_retrainings() -> None:
    one = first(("rail", "port"), ("fruit",), ("school",))
    two = carried(one, model_of(("rail",), ("port",), ("fruit",), ("school",)))
    three = carried(two, model_of(("rail", "port"), ("fruit",)))
    assert [(row.kind, row.before, row.after) for row in difference(one, three, before_hash="none").rows] == [
        ("split", 0, (5,)),
        ("kept", 1, (1,)),
        ("retired", 2, ()),
    ]
    with pytest.raises(ToolkitError, match="older one first"):
        difference(three, one, before_hash="none")


def test_a_persons_merge_outlives_retraining_whether_found_as_two_or_as_one() -> None:
    before = first(("rail",), ("fruit",), ("visa",))
    before = edited(before, before.registry.merged(2, [0]))
    as_two = carried(before, model_of(("rail",), ("fruit",), ("visa",)))
    assert ids(as_two) == [0, 1, 2]
    assert as_two.ids() == [2, 1, 2]
    as_one = carried(before, model_of(("rail", "visa"), ("fruit",)))
    assert ids(as_one) == [2, 1]
    assert as_one.registry.entry(0).status == "merged"
    only_the_alias = carried(before, model_of(("rail",), ("fruit",)))
    assert ids(only_the_alias) == [2, 1]
    assert kinds(only_the_alias) == [("kept", 0, [2]), ("kept", 1, [1]), ("kept", 2, [2])]
    assert only_the_alias.registry.entry(2).shown_name == "rail"


def test_a_merged_topic_has_the_terms_of_all_its_parts_and_the_theme_most_of_it_is_under() -> None:
    model = first(("rail",), ("fruit",), ("visa",))
    parts = [
        replace(model.topics[0], n_segments=10, theme="a", terms=(("train", 0.6), ("ports", 0.2))),
        replace(model.topics[1], n_segments=20, theme="b", terms=(("mango", 0.5), ("port", 0.1), ("durian", 0.01))),
        replace(model.topics[2], n_segments=20, theme=None),
    ]
    model = replace(model, topics=tuple(parts))
    merged = edited(model, model.registry.merged(0, [1])).shown()[0]
    assert [term for term, _ in merged.terms] == ["mango", "train", "ports"]
    assert [weight for _, weight in merged.terms] == pytest.approx([0.333333, 0.2, 0.133333], abs=1e-5)
    assert (merged.topic, merged.name, merged.theme) == (0, "rail", "b")


def test_without_any_topic_before_or_after_all_are_born_or_retired() -> None:
    assert kinds(carried(first(), model_of(("rail",)))) == [("born", None, [0])]
    assert kinds(carried(first(("rail",)), model_of())) == [("retired", 0, [])]


def test_the_overlap_counts_distinct_texts_and_those_without_a_topic() -> None:
    counts = overlap_table(first(("rail",)), first(("fruit",)), [*TEXTS, *TEXTS], EMBEDDER)
    assert counts.tolist() == [[0, 12], [12, 48]]


def test_ids_that_are_no_row_numbers_come_out_of_assign() -> None:
    model = carried(first(("rail",), ("fruit",)), model_of(("visa",), ("fruit",)))
    assert ids(model) == [2, 1]
    found = [topic for topic, _ in model.assign(texts_of(["visa", "fruit", "rail"], 1), EMBEDDER)]
    assert found == [2, 1, -1]


# Colours


def contrast(colour: str, paper: str) -> float:
    def luminance(text: str) -> float:
        linear = [int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in linear)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(colour), luminance(paper)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_are_legible_on_light_and_dark_and_no_two_ids_share_one() -> None:
    found = [colours_of(topic) for topic in range(300)]
    assert len({light for light, _ in found}) == len({dark for _, dark in found}) == 300
    for light, dark in found:
        assert contrast(light, "#ffffff") >= 3
        assert contrast(dark, "#1a2128") >= 3


# Two models side by side


def test_a_retrained_model_is_compared_by_the_stored_table_and_an_edited_one_by_ids() -> None:
    before = first(("rail",), ("fruit",))
    after = carried(before, model_of(("fruit",), ("visa",)))
    stored = difference(before, after, before_hash="h")
    assert stored.basis == "segments"
    assert [(row.kind, row.before, row.after) for row in stored.rows] == [
        ("retired", 0, ()),
        ("kept", 1, (1,)),
        ("born", None, (2,)),
    ]
    by_ids = difference(before, after, before_hash="of the base since edited")
    assert by_ids.basis == "ids"
    assert [(row.kind, row.before, row.after) for row in by_ids.rows] == [
        (row.kind, row.before, row.after) for row in stored.rows
    ]
    joined = edited(before, before.registry.merged(0, [1]))
    rows_of = difference(before, joined, before_hash="h").rows
    assert [(row.kind, row.before, row.after) for row in rows_of] == [("kept", 0, (0,)), ("merged", 1, (0,))]


@given(partitions)
@settings(max_examples=20, deadline=None)
def test_unrelated_models_of_the_same_topics_are_alike_in_all(groups: Any) -> None:
    one, other = first(*groups), model_of(*groups).as_first(corpus_hash="another")
    found = difference(one, other, before_hash="h")
    assert found.basis == "likeness"
    assert [(row.before, row.after) for row in found.rows] == [(i, (i,)) for i in range(len(groups))]


def test_unrelated_models_of_other_topics_have_none_alike() -> None:
    found = difference(first(("rail",)), model_of(("fruit",)).as_first(corpus_hash="another"), before_hash="h")
    assert [row.kind for row in found.rows] == ["only in the first", "only in the second"]


# In the folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "mine"
    shutil.copytree(find_model("china-asean"), folder)
    model = load_model(folder)
    save_registry(model, model.topics.registry, card=model_card(model))
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    shutil.copytree(saved, tmp_path / "models" / "mine")
    return tmp_path / "models" / "mine"


def test_a_name_of_marks_is_no_markdown_in_the_model_card(folder: Path) -> None:
    rename_topic(folder, 1, "<b>Fairs</b> [now](x) *a* | b")
    row = next(line for line in (folder / "README.md").read_text(encoding="utf-8").split("\n") if "Fairs" in line)
    assert "\\<b\\>Fairs\\</b\\> \\[now\\](x) \\*a\\* / b |" in row


def test_renaming_then_loading_shows_the_name_and_leaves_the_model_what_it_is(folder: Path) -> None:
    before = read_manifest(folder)
    rename_topic(folder, 1, "Fairs  and exports")
    after = read_manifest(folder)
    assert after.sha256 == before.sha256
    assert after.files["registry.json"] != before.files["registry.json"]
    assert problems(after) == []
    model = load_model(folder)
    assert "Fairs and exports" in {topic.name for topic in model.topics.shown()}
    assert "Fairs and exports" in (folder / "README.md").read_text(encoding="utf-8")
    assert {path.name for path in folder.parent.iterdir()} == {"mine"}


def test_a_merge_is_another_model_and_undoing_it_the_old_one(folder: Path) -> None:
    part_of = rename_topic(folder, 2, "Sea")
    assert part_of.manifest is not None
    joined = merge_topics(folder, [2, 5])
    assert joined.manifest is not None
    assert joined.manifest.sha256 != part_of.manifest.sha256
    assert 5 not in {topic.topic for topic in joined.topics.shown()}
    back = part_topics(folder, [2, 5])
    assert back.manifest is not None
    assert back.manifest.sha256 == part_of.manifest.sha256
    assert load_model(folder).topics.registry == part_of.topics.registry


@pytest.mark.parametrize("file", ["registry.json", "README.md"])
def test_a_register_changed_by_hand_is_refused_with_exit_code_4(folder: Path, file: str) -> None:
    rename_topic(folder, 2, "Sea")
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace("Sea", "Bay"), encoding="utf-8")
    assert problems(read_manifest(folder)) == [f"{file} was changed after the model was saved"]
    if file == "registry.json":
        with pytest.raises(ToolkitError, match=r"registry\.json") as error:
            load_model(folder)
        assert error.value.exit_code == 4


def test_an_edit_that_fails_leaves_the_folder_untouched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("toolkit.store._write_synced", full)
    with pytest.raises(OSError, match="No space"):
        rename_topic(folder, 2, "Sea")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["mine"]


def test_readers_never_see_half_an_edit_and_no_edit_is_lost(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from toolkit.topic_jobs import rename_topic\n"
        "from toolkit.model import load_model\n"
        "for n in range(3):\n"
        "    rename_topic(Path(sys.argv[1]), int(sys.argv[2]), f'Name {sys.argv[2]} {n}')\n"
        "    registry = load_model(Path(sys.argv[1])).topics.registry\n"
        "    assert registry.entry(int(sys.argv[2])).user_name == f'Name {sys.argv[2]} {n}'"
    )
    command = [sys.executable, "-c", code, str(folder)]
    writers = [subprocess.Popen([*command, str(topic)], env={"PYTHONPATH": str(ROOT)}) for topic in (2, 3)]
    n_read = 0
    while any(writer.poll() is None for writer in writers):
        topics = load_model(folder).topics
        n_read += 1
        assert len(topics.shown()) == len(topics.topics)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert n_read
    names = {row["topic"]: row["name"] for row in list_topics(load_model(folder))}
    assert (names[2], names[3]) == ("Name 2 2", "Name 3 2")


# The commands


@pytest.fixture(scope="module")
def results(seeds_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("topics") / "out"
    shutil.copytree(seeds_run, folder)
    return folder


def names_in(folder: Path) -> set[str]:
    return {row["name"] for row in rows(folder / "topics.jsonl")}


def test_a_new_name_reaches_the_report_and_the_tables(results: Path, toolkit: Command) -> None:
    topic = list_topics(load_model(find_topics(str(results))))[0]["topic"]
    done = toolkit("topics", "rename", results, topic, "A name of my own", cwd=results)
    assert done.returncode == 0, done.stderr
    assert f"next: toolkit report {results}" in done.stderr
    assert toolkit("report", results, cwd=results).returncode == 0
    assert "A name of my own" in (results / "report.html").read_text(encoding="utf-8")
    assert "A name of my own" in names_in(results)
    assert "A name of my own" in (results / "topics.csv").read_text(encoding="utf-8")


def test_classifying_again_after_a_rename_writes_the_name_and_judges_nothing_anew(
    folder: Path, toolkit: Command
) -> None:
    place = folder.parents[1]
    command = ("classify", SEEDS, "--model", "mine", "--out", "out", "--format", "jsonl", "--engine", "serial")
    assert toolkit(*command, cwd=place).returncode == 0
    before = (place / "out" / "articles.jsonl").read_bytes()
    rename_topic(folder, 0, "A name of my own")
    done = toolkit(*command, cwd=place)
    assert done.returncode == 0, done.stderr
    assert "A name of my own" in names_in(place / "out")
    assert (place / "out" / "articles.jsonl").read_bytes() == before
    assert "nothing was done" in toolkit(*command, cwd=place).stderr
    merge_topics(folder, [0, 1])
    done = toolkit(*command, cwd=place)
    assert done.returncode == 2
    assert "model differ" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rename", "mine", 55, "Sea"), "Did you mean 5"),
        (("rename", "mine", 3, "  "), "empty"),
        (("rename", "mine", 3, "x" * 81), "at most 80"),
        (("rename", "mine", 3, "a\x1b[31mb"), "control characters"),
        (("merge", "mine", 3), "two ids"),
        (("merge", "mine", 3, 3), "twice"),
        (("merge", "mine", 3, 5, "--undo"), "not merged into"),
        (("list", "mien"), "Did you mean mine"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_changes_nothing(
    arguments: tuple[Any, ...], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parents[1])
    before = (folder / "manifest.json").read_bytes()
    error = CliRunner().invoke(app, ["topics", *map(str, arguments)]).exception
    assert isinstance(error, ToolkitError)
    assert error.exit_code == 2
    assert said in str(error)
    assert not re.search("[\x00-\x1f]", str(error))
    assert str(error).count(". ") <= 1
    assert (folder / "manifest.json").read_bytes() == before


def test_list_and_diff_give_json_and_say_what_the_comparison_rests_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parents[1])
    shutil.copytree(folder, folder.parent / "other")

    def call(*arguments: object) -> Any:
        done = CliRunner().invoke(app, ["topics", *map(str, arguments), "--json"])
        assert done.exit_code == 0
        return json.loads(done.stdout)

    call("merge", "mine", 0, 1)
    listed = call("list", "mine")["topics"]
    assert [row["status"] for row in listed].count("merged") == 1
    assert next(row for row in listed if row["topic"] == 1)["merged_into"] == 0
    compared = call("diff", "other", "mine")
    assert compared["basis"] == "ids"
    assert {"kind": "merged", "before": 1, "after": [0]} in compared["rows"]


def test_list_and_diff_are_legible_and_send_no_control_bytes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parents[1])
    shutil.copytree(folder, folder.parent / "other")
    rename_topic(folder, 4, "Travel")
    listed = CliRunner().invoke(app, ["topics", "list", "mine"], color=False).output
    assert "4  Travel" in listed
    assert "next: toolkit topics rename mine" in listed
    compared = CliRunner().invoke(app, ["topics", "diff", "other", "mine"]).output
    assert re.search(r"kept +4 .* → 4 Travel", compared)
    assert not re.search("[\x00-\x08\x0b-\x1f]", listed + compared)
    model = load_model(merge_topics(folder, [4, 5]).manifest.folder)  # type: ignore[union-attr]
    gone = replace(model.topics.registry.entry(4), status="retired")
    save_registry(model, model.topics.registry._with(gone), card="")
    listed = CliRunner().invoke(app, ["topics", "list", "mine"], color=False).output
    assert "retired, with 5" in listed
    assert "live, with 5" not in listed


def test_a_model_inside_the_installed_package_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkit.__file__", str(folder.parents[1] / "__init__.py"))
    with pytest.raises(ToolkitError, match="Copy the folder"):
        rename_topic(folder, 4, "Travel")


def test_a_model_the_toolkit_comes_with_is_left_alone_from_elsewhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.topic_jobs.shipped_folder", lambda kind: folder.parent)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(ToolkitError, match="Copy the folder"):
        rename_topic(folder, 4, "Travel")


@pytest.mark.slow
def test_a_model_named_as_start_hands_its_ids_on_and_the_silent_one_does_not(tmp_path: Path) -> None:
    from toolkit import jobs

    (tmp_path / "in").mkdir()
    for n, (theme, _) in enumerate(itertools.product(THEMES, range(6))):
        words = random.Random(n).sample(WORDS[theme].split(), 6)  # noqa: S311
        (tmp_path / "in" / f"{n}.txt").write_text(f"China and Laos agreed on the {' and the '.join(words)}.\n")

    config = tmp_path / "nmf.toml"
    shipped = load_config(shipped_config())
    nmf = shipped.topics.model_copy(update={"engine": "nmf", "n_topics": 4})
    config.write_text(config_toml(shipped.model_copy(update={"topics": nmf})), encoding="utf-8")

    def trained(name: str, base: str | None) -> jobs.Trained:
        with jobs.opened([str(tmp_path / "in")]) as sources:
            return jobs.train_job(
                sources, tmp_path / name, name=name, config_path=config, base_name=base, no_relevance=True
            )

    one = trained("one", None)
    assert one.model.topics.registry.changes is None
    assert one.model.topics.registry.generation == 1
    topic = one.model.topics.topics[0].topic
    rename_topic(tmp_path / "one", topic, "Mine")
    two = trained("two", str(tmp_path / "one"))
    assert two.model.topics.registry.generation == 2
    assert two.model.topics.registry.entry(topic).user_name == "Mine"
    assert any("kept" in note for note in two.notes)
    found = difference(
        load_model(tmp_path / "one").topics, two.model.topics, before_hash=str(two.model.training["base"])
    )
    assert found.basis == "segments"
    assert {row.kind for row in found.rows} == {"kept"}


def test_a_model_without_a_register_gets_the_one_it_would_have_had(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if "registry.json" in manifest["files"]:
        (folder / "registry.json").unlink()
        del manifest["files"]["registry.json"]
        (folder / "manifest.json").write_text(json.dumps({**manifest, "standins": {}}), encoding="utf-8")
    model = load_model(folder)
    assert [entry.topic for entry in model.topics.registry.entries] == sorted(ids(model.topics))
    texts = ["The railway carries freight.", "Durian exports grew."]
    for text, found in zip(texts, model.topics.assign(texts, load_embedder()), strict=True):
        assert model.topics.assign([text], load_embedder()) == [found]
