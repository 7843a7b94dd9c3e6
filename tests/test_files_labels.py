"""Labels: what people said of documents, in the forms they say it."""

from __future__ import annotations

import gzip

import pytest

from toolkit.data import Label
from toolkit.errors import ToolkitError
from toolkit.files import read_labels

THEMES = ("trade_investment", "health", "tourism")


def labels(tmp_path, name: str, content: str) -> dict[str, Label]:
    path = tmp_path / name
    path.write_bytes(gzip.compress(content.encode()) if name.endswith(".gz") else content.encode())
    return read_labels(path, theme_ids=THEMES)


def test_a_table_of_relations_and_themes(tmp_path):
    table = (
        "id\trelation\tsure\tthemes\tthemes_maybe\n"
        "a\tcoop\ttrue\thealth, tourism\ttrade_investment\n"
        "b\tother_relation\ttrue\tother\t\n"
        "c\tmention\tfalse\t\t\n"
        "d\tnone\ttrue\thealth;other\tother\n"
        "e\tdisputed\t\t\t\n"
        "\n"
    )
    expected = {
        "a": Label("a", True, ("health", "tourism"), ("trade_investment",)),
        "b": Label("b", True, (), ()),
        "c": Label("c", False, None, ()),
        "d": Label("d", False, ("health",), ()),
        "e": Label("e", None, None, ()),
    }
    assert labels(tmp_path, "labels.tsv", table) == expected
    assert labels(tmp_path, "labels.tsv.gz", "\ufeff" + table) == expected
    assert labels(tmp_path, "semicolons.csv", table.replace("health;other", "health").replace("\t", ";")) == expected


@pytest.mark.parametrize(
    ("word", "verdict"),
    [("on", True), ("OFF", False), ("true", True), ("0", False), ("1", True), ("unsure", None), ("", None)],
)
def test_verdicts_are_said_in_several_words(tmp_path, word, verdict):
    assert labels(tmp_path, "a.csv", f"document_id,on_topic\nx,{word}\n")["x"].on_topic is verdict


def test_json_lines_with_lists_and_numbers(tmp_path):
    lines = '{"id": 5, "on_topic": true, "themes": ["health"]}\n{"id": 6.0, "on_topic": 0}\n{"id": "c", "themes": []}\n'
    assert labels(tmp_path, "a.jsonl", lines) == {
        "5": Label("5", True, ("health",)),
        "6": Label("6", False, None),
        "c": Label("c", None, ()),
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "id,themes\nx,helth\n", r"a\.csv, line 2: unknown theme `helth`\. Did you mean health\?"),
        ("a.csv", "id,themes\nx,zzz\n", r"Known: trade_investment, health, tourism, other"),
        ("a.csv", "id,on_topic\nx,perhaps\n", "`perhaps` is no verdict; known are on, true"),
        ("a.csv", "name,on_topic\nx,on\n", "no `id` or `document_id` column; found `name`, `on_topic`"),
        ("a.csv", "id,verdict\nx,on\n", "no `on_topic`, `relation` or `themes` column"),
        ("a.csv", "id,on_topic\n,on\n", "line 2: no `id`"),
        ("a.csv", "id,on_topic\nx,on\nx,off\n", "line 3: a second, different label for x"),
        ("a.csv", "id,on_topic\n", "no labels in it"),
        ("a.jsonl", '{"id": "x"\n', r"a\.jsonl: line 1, column"),
        ("a.jsonl", '{"id": "x", "themes": 5}\n', "`themes` is a number"),
        ("a.xlsx", "", r"labels are read from \.tsv, \.csv"),
    ],
)
def test_labels_that_cannot_be_understood_are_answered_with_the_place(tmp_path, name, content, message):
    with pytest.raises(ToolkitError, match=message):
        labels(tmp_path, name, content)


def test_a_missing_file_of_labels_is_a_usage_error(tmp_path):
    with pytest.raises(ToolkitError, match="no such file of labels") as caught:
        read_labels(tmp_path / "none.tsv", theme_ids=THEMES)
    assert caught.value.exit_code == 2
