"""Result tables: exact in Parquet and JSON lines, harmless in CSV, equal bytes, and back into memory."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from toolkit.errors import ToolkitError
from toolkit.files import atomic_write_bytes, merge_extra_columns, read_results, write_tables
from toolkit.files.arrow import NAMES, THEMES, flags, make_table, numbers, present, table_type, text_bytes
from toolkit.files.tables import TABLES

ARTICLE = {
    "document_id": "a",
    "file": "a.txt",
    "title": "=HYPERLINK(1)",
    "on_topic": "on",
    "relevance": 1,
    "themes": ({"theme": "health", "score": 0.5},),
    "topic": -1,
    "places_china": ["China", "Yunnan"],
    "n_segments": 1,
    "score": -5,
    "tags": ["x", {"y": None}],
}
SEGMENT = {
    "document_id": "a",
    "index": 0,
    "start": 0,
    "end": 3,
    "kept": True,
    "story": None,
    "themes": [],
    "text": "-a\x1b\r\n",
}
TOPIC = {"topic": 0, "name": "talks", "terms": [{"term": "asean", "weight": 0.25}], "n_segments": 1, "n_articles": 1}
EXTRA = {"score": "int64", "tags": "json"}


def write(folder: Path, *formats: str, articles=(ARTICLE,), segments=(SEGMENT,), topics=(TOPIC,), extra=EXTRA) -> dict:
    return write_tables(
        folder,
        formats,
        articles=iter(articles),
        segments=iter(segments),
        topics=iter(topics),
        side_ids=("china", "asean"),
        extra_columns=extra,
        with_xpath=False,
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_columns_stand_in_the_order_of_the_contract(tmp_path):
    assert write(tmp_path, "csv") == {"articles": 1, "segments": 1, "topics": 1}
    header = (tmp_path / "articles.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == (
        "document_id,file,outlet,title,date,url,language,on_topic,relevance,themes,topic,places_china,places_asean,"
        "n_segments,n_kept,kept_ratio,duplicate_of,score,tags"
    )
    header = (tmp_path / "segments.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "document_id,index,start,end,role,story,kept,reason,on_topic,relevance,themes,topic,text"
    header = (tmp_path / "topics.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "topic,name,terms,n_segments,n_articles,theme"


def test_parquet_and_json_lines_give_the_same_results_back(tmp_path):
    found = []
    for name in ("parquet", "jsonl"):
        write(tmp_path / name, name)
        atomic_write_bytes(tmp_path / name / "run.json", b'{"command": "run"}')
        atomic_write_bytes(tmp_path / name / "quarantine.jsonl", b'{"reason": "bad_id"}\n')
        found.append(read_results(tmp_path / name))
    assert [list(getattr(found[0], table)) for table in TABLES] == [list(getattr(found[1], table)) for table in TABLES]
    assert found[0].quarantine == found[1].quarantine
    (article,) = found[0].articles
    assert article["themes"] == [{"theme": "health", "score": 0.5}]
    assert (article["title"], article["score"], article["tags"]) == ("=HYPERLINK(1)", -5, ["x", {"y": None}])
    assert article["places_asean"] is None
    (segment,) = found[0].segments
    assert segment["text"] == "-a\x1b\r\n"
    assert found[0].topics[0]["terms"] == [{"term": "asean", "weight": 0.25}]
    assert (found[0].run, found[0].quarantine) == ({"command": "run"}, ({"reason": "bad_id"},))


def test_csv_cells_do_not_run_and_numbers_stay_numbers(tmp_path):
    write(tmp_path, "csv")
    (article,) = rows_of(tmp_path / "articles.csv")
    assert (article["title"], article["score"], article["topic"]) == ("'=HYPERLINK(1)", "-5", "-1")
    assert json.loads(article["themes"]) == [{"theme": "health", "score": 0.5}]
    assert json.loads(article["tags"]) == ["x", {"y": None}]
    (segment,) = rows_of(tmp_path / "segments.csv")
    assert (segment["text"], segment["kept"], segment["story"]) == ("'-a\ufffd\n", "true", "")


HOSTILE = st.text(
    st.one_of(st.sampled_from("=+-@＝＋－＠\t\r\n\x00\x1b\x85\ufeff '\","), st.characters(codec="utf-8")), max_size=20
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(HOSTILE, min_size=1, max_size=5))
def test_hostile_text_is_exact_in_two_formats_and_harmless_in_the_third(tmp_path, texts):
    segments = [{"document_id": text, "reason": text, "text": text} for text in texts]
    articles = [{"document_id": "a", "x": [text], "=n": text} for text in texts]
    extra = {"x": "json", "=n": "string"}
    write(tmp_path, "parquet", "csv", "jsonl", articles=articles, segments=segments, topics=(), extra=extra)
    atomic_write_bytes(tmp_path / "run.json", b"{}")
    exact = read_results(tmp_path)
    assert [row["text"] for row in exact.segments] == texts
    assert [row["x"] for row in exact.articles] == [[text] for text in texts]
    lines = (tmp_path / "segments.jsonl").read_bytes().split(b"\n")[:-1]
    assert [json.loads(line)["text"] for line in lines] == texts
    for table in ("segments", "articles"):
        content = (tmp_path / f"{table}.csv").read_bytes().decode()
        assert not any((ord(c) < 32 and c not in "\t\n") or 127 <= ord(c) < 160 for c in content)
        for row in rows_of(tmp_path / f"{table}.csv"):
            for cell in (*row, *row.values()):
                assert cell[:1] not in tuple("=+-@＝＋－＠\t\r\n")
    cells = [row["text"] for row in rows_of(tmp_path / "segments.csv")]
    plain = [(text, cell) for text, cell in zip(texts, cells, strict=True) if text.isalnum()]
    assert all(text == cell for text, cell in plain)


def test_equal_rows_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        write(tmp_path / name, "parquet", "csv", "jsonl")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 9
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_many_rows_go_into_several_row_groups(tmp_path):
    import pyarrow.parquet as pq

    segments = [{"document_id": str(number), "index": number, "text": "x" * 1000} for number in range(45_000)]
    write(tmp_path, "parquet", segments=segments)
    with pq.ParquetFile(tmp_path / "segments.parquet") as table:
        assert table.num_row_groups == 3
        assert [row for batch in table.iter_batches(columns=["index"]) for row in batch["index"].to_pylist()] == [
            *range(45_000)
        ]


def test_nothing_appears_when_a_stage_fails(tmp_path):
    def broken():
        yield SEGMENT
        raise ValueError("stage")

    with pytest.raises(ValueError, match="stage"):
        write(tmp_path, "parquet", "csv", "jsonl", segments=broken())
    assert list(tmp_path.iterdir()) == []


def test_unknown_formats_are_refused_with_the_known_ones(tmp_path):
    with pytest.raises(ToolkitError, match="xlsx: known are parquet, csv, jsonl"):
        write(tmp_path, "csv", "xlsx")


def test_kinds_of_pass_through_columns_do_not_depend_on_the_order():
    values = [None, 1, 2.5, 3]
    for order in (values, values[::-1]):
        columns: dict[str, str] = {}
        for value in order:
            merge_extra_columns(columns, {"a": value, "b": None, "c": str(value) if value == 1 else value})
        assert columns == {"a": "double", "b": "", "c": "json"}
    big: dict[str, str] = {}
    merge_extra_columns(big, {"a": 2**64, "b": True, "c": "x", "d": [1]})
    assert big == {"a": "json", "b": "bool", "c": "string", "d": "json"}


def test_columns_of_every_kind_take_their_values_and_none(tmp_path):
    extra = {"s": "string", "i": "int64", "d": "double", "b": "bool", "j": "json", "n": ""}
    articles = [
        {"document_id": "a", "s": "x", "i": 2**62, "d": 5, "b": False, "j": 2**70, "n": None},
        {"document_id": "b", "s": None, "i": None, "d": None, "b": None, "j": None},
    ]
    write(tmp_path, "parquet", "jsonl", "csv", articles=articles, extra=extra)
    atomic_write_bytes(tmp_path / "run.json", b"{}")
    first, second = read_results(tmp_path).articles
    assert [first[name] for name in extra] == ["x", 2**62, 5.0, False, 2**70, None]
    assert [second[name] for name in extra] == [None] * 6


def test_folders_without_results_say_what_to_do(tmp_path):
    with pytest.raises(ToolkitError, match="no such folder") as caught:
        read_results(tmp_path / "none")
    assert caught.value.exit_code == 2
    with pytest.raises(ToolkitError, match=r"run\.json is missing"):
        read_results(tmp_path)
    atomic_write_bytes(tmp_path / "run.json", b"{}")
    with pytest.raises(ToolkitError, match="are missing"):
        read_results(tmp_path)
    write(tmp_path, "csv")
    with pytest.raises(ToolkitError, match="as CSV only"):
        read_results(tmp_path)
    (tmp_path / "articles.parquet").write_bytes(b"PAR1")
    with pytest.raises(ToolkitError, match="cannot be read as results"):
        read_results(tmp_path)
    (tmp_path / "run.json").write_text("[1")
    with pytest.raises(ToolkitError, match="not the manifest"):
        read_results(tmp_path)


values = {
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    THEMES: st.lists(st.fixed_dictionaries({"theme": st.text("ab"), "score": st.floats(0, 1)}), max_size=3),
    NAMES: st.lists(st.text("ab\u4e2d", max_size=3), max_size=3),
}


@settings(deadline=None)
@given(st.data(), st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=4), st.integers(1, 20))
def test_an_arrow_table_holds_what_it_was_made_of(data, kinds, n_rows):
    schema = table_type({str(number): kind for number, kind in enumerate(kinds)})
    columns = [
        data.draw(st.lists(st.none() | values[kind], min_size=n_rows, max_size=n_rows), label=kind) for kind in kinds
    ]
    table = make_table(schema, columns)
    table.validate(full=True)
    assert [column.to_pylist() for column in table.columns] == columns


@settings(deadline=None)
@given(st.data(), st.sampled_from(["string", "int64", "double", "bool"]), st.integers(1, 20))
def test_any_part_of_an_arrow_column_is_read_as_it_reads_itself(data, kind, n_rows):
    cells = data.draw(st.lists(st.none() | values[kind], min_size=n_rows, max_size=n_rows))
    start, stop = sorted(data.draw(st.tuples(st.integers(0, n_rows), st.integers(0, n_rows))))
    column = make_table(table_type({"x": kind}), [cells]).column("x").chunk(0).slice(start, stop - start)
    part = cells[start:stop]
    assert present(column).tolist() == [cell is not None for cell in part]
    if kind == "string":
        bounds, content = text_bytes(column)
        found = [bytes(content[a:b]).decode() for a, b in pairwise(bounds.tolist())]
        assert found == [cell or "" for cell in part]
    elif kind == "bool":
        assert flags(column).tolist() == [bool(cell) for cell in part]
    else:
        assert numbers(column, missing=-1).tolist() == [-1 if cell is None else cell for cell in part]


def test_an_infinite_number_is_refused():
    with pytest.raises(ValueError, match="infinite"):
        make_table(table_type({"x": "double"}), [[1.0, float("inf")]])


@pytest.mark.parametrize("n_rows", [999, 1000, 1001, 20_001])
def test_rows_pass_through_in_order_however_many_there_are(tmp_path, n_rows):
    rows = [{**SEGMENT, "index": number, "text": "=x" if number == n_rows - 1 else "y\n"} for number in range(n_rows)]
    assert write(tmp_path, "parquet", "csv", segments=rows)["segments"] == n_rows
    cells = [(int(row["index"]), row["text"]) for row in rows_of(tmp_path / "segments.csv")]
    assert cells == [(number, "'=x" if number == n_rows - 1 else "y\n") for number in range(n_rows)]
    groups = parquet.ParquetFile(tmp_path / "segments.parquet")
    assert groups.read(["index"]).column("index").to_pylist() == list(range(n_rows))
    assert groups.num_row_groups == 1 + (n_rows > 20_000)
