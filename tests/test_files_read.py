"""Reading: good records of every format, and every kind of bad one."""

from __future__ import annotations

import csv
import gzip
import io
import json
import resource
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.config import Limits
from toolkit.data import Quarantined, Record
from toolkit.files import ReadStats, expand_inputs, read_records

LIMITS = Limits()
SMALL = Limits(max_characters=1000, max_json_depth=5)


def read(path: Path, limits: Limits = LIMITS, stats: ReadStats | None = None) -> list[Record | Quarantined]:
    (source,) = expand_inputs([str(path)])
    return list(read_records(source, limits, stats=stats))


def read_bytes(tmp_path: Path, name: str, content: bytes, limits: Limits = LIMITS) -> list[Record | Quarantined]:
    path = tmp_path / name
    path.write_bytes(content)
    return read(path, limits)


def texts(items: list[Record | Quarantined]) -> list[str]:
    """The content of records, the reason of others in brackets."""
    return [item.content if isinstance(item, Record) else f"[{item.reason}]" for item in items]


# Formats


def test_the_seeds_are_read_as_they_are():
    folder = Path(__file__).parent.parent / "seeds"
    sources = expand_inputs([str(folder)])
    records = [record for source in sources for record in read_records(source, LIMITS)]
    assert [record.document_id for record in records] == sorted(path.name for path in folder.glob("*.txt"))
    for record in records:
        assert record.content.encode() == (folder / record.document_id).read_bytes()


def test_every_format_gives_the_same_article(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = {"id": "7", "text": "Wěi said: “no”,\r\ntwice.", "title": "T", "site": "Daily", "n": "x"}
    table = io.StringIO(newline="")
    csv.writer(table).writerows([fields, fields.values()])
    line = json.dumps(fields, ensure_ascii=False)
    written = {
        "a.jsonl": line.encode(),
        "a.ndjson": line.encode(),
        "a.json": json.dumps([fields]).encode(),
        "one.json": json.dumps(fields, indent=2).encode(),
        "wrapped.json": json.dumps({"status": "ok", "articles": [fields]}).encode(),
        "lines.json": f"{line}\n".encode(),
        "a.csv": table.getvalue().encode(),
        "a.csv.gz": gzip.compress(table.getvalue().encode()),
        "wide.csv": table.getvalue().encode("utf-16"),
        "a.jsonl.gz": gzip.compress(line.encode()),
    }
    for name, content in written.items():
        (tmp_path / name).write_bytes(content)
    pq.write_table(pa.table({name: [value] for name, value in fields.items()}), tmp_path / "a.parquet")
    for name in [*written, "a.parquet"]:
        (record,) = read(tmp_path / name)
        assert record == Record("7", fields["text"], file=name, title="T", outlet="Daily", extra={"n": "x"}), name


def test_records_without_an_id_are_named_by_their_place(tmp_path):
    items = read_bytes(tmp_path, "a.jsonl", b'{"text": "x"}\n\nnonsense\n{"text": "y", "id": null}\n')
    assert [(item.document_id, item.row) for item in items] == [("a.jsonl#1", 1), (None, 2), ("a.jsonl#3", 3)]
    assert [item.document_id for item in read_bytes(tmp_path, "a.txt", b"x")] == ["a.txt"]


def test_html_is_content_unless_it_is_blank(tmp_path):
    both = read_bytes(tmp_path, "a.jsonl", b'{"text": "x", "html": "<p>y"}\n{"text": "x", "html": " "}\n')
    assert [(record.content, record.is_html) for record in both] == [("<p>y", True), ("x", False)]
    (page,) = read_bytes(tmp_path, "a.htm", b"<p>y")
    assert page.is_html


def test_other_fields_pass_through_under_names_of_their_own(tmp_path):
    fields = {
        "Text": "x",
        "topic": 3,
        "input_topic": 4,
        "places_x": [1],
        "when": None,
        "source": {"id": 1, "name": "BBC"},
    }
    (record,) = read_bytes(tmp_path, "a.jsonl", json.dumps(fields).encode())
    assert record.outlet == "BBC"
    assert record.extra == {"input_input_topic": 3, "input_topic": 4, "input_places_x": [1], "when": None}


def test_values_that_are_no_title_pass_through(tmp_path):
    (record,) = read_bytes(
        tmp_path, "a.jsonl", b'{"text": "x", "title": ["a"], "date": 2024, "outlet": " ", "url": NaN}'
    )
    assert (record.title, record.date, record.outlet, record.url) == (None, "2024", None, None)
    assert record.extra == {"input_title": ["a"], "input_outlet": " ", "input_url": None}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5", "5"),
        ("5.0", "5"),
        ("5.5", "5.5"),
        ("1e300", "1e+300"),
        ('" a "', " a "),
        ("-0.0", "0"),
        ("NaN", "a.jsonl#1"),
        ("null", "a.jsonl#1"),
    ],
)
def test_ids_become_strings(tmp_path, written, expected):
    (record,) = read_bytes(tmp_path, "a.jsonl", f'{{"text": "x", "id": {written}}}'.encode())
    assert record.document_id == expected


@pytest.mark.parametrize("written", ["true", "{}", "[1]", '""', '" "', f'"{"x" * 501}"', "Infinity"])
def test_ids_that_cannot_be_are_set_aside(tmp_path, written):
    (item,) = read_bytes(tmp_path, "a.jsonl", f'{{"text": "x", "id": {written}}}'.encode())
    assert isinstance(item, Quarantined)
    assert (item.reason, item.row, item.document_id) == ("bad_id", 1, None)


def test_ids_of_a_table_with_gaps_stay_whole_numbers(tmp_path):
    import pandas as pd

    pd.DataFrame({"id": [1, None, 3], "text": ["a", "b", None], "n": [1.5, None, 2]}).to_parquet(tmp_path / "a.parquet")
    first, second, third = read(tmp_path / "a.parquet")
    assert (first.document_id, second.document_id, third.document_id) == ("1", "a.parquet#2", "3")
    assert second.extra == {"n": None}
    assert third.reason == "no_text"


def test_dates_and_decimals_of_a_table_become_text(tmp_path):
    import datetime
    from decimal import Decimal

    import pyarrow as pa
    import pyarrow.parquet as pq

    day = datetime.date(2024, 4, 16)
    table = {"id": [Decimal("5.00")], "text": ["x"], "date": [day], "raw": [b"\xffa"], "seen": [day]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    (record,) = read(tmp_path / "a.parquet")
    assert (record.document_id, record.date) == ("5", "2024-04-16")
    assert record.extra == {"raw": "\ufffda", "seen": "2024-04-16"}


def test_a_pdf_gives_its_text_layer(tmp_path):
    (record,) = read_bytes(tmp_path, "a.pdf", minimal_pdf("Ministers met in Hanoi"))
    assert record.content.strip() == "Ministers met in Hanoi"
    (scan,) = read_bytes(tmp_path, "scan.pdf", minimal_pdf(""))
    assert scan.reason == "empty_text"


def minimal_pdf(text: str) -> bytes:
    drawn = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(content)
    return content + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


def warc(*pages: tuple[str, bytes]) -> bytes:
    written = b""
    for kind, body in pages:
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode() + body
        head = (
            "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://example.org/\r\n"
            "WARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:0>\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
        )
        written += head.encode() + answer + b"\r\n\r\n"
    return written


def test_a_web_archive_gives_its_pages(tmp_path):
    pytest.importorskip("warcio")
    content = warc(("text/html; charset=gbk", "<p>东盟".encode("gbk")), ("image/png", b"\x89PNG"), ("text/plain", b"x"))
    for name, packed in (("a.warc", content), ("a.warc.gz", gzip.compress(content))):
        first, second = read_bytes(tmp_path, name, packed)
        assert (first.content, first.is_html, first.url) == ("<p>东盟", True, "http://example.org/")
        assert (second.content, second.is_html, second.document_id) == ("x", False, f"{name}#2")
    assert texts(read_bytes(tmp_path, "b.warc", b"nothing of the kind")) == ["[unreadable]"]


def test_without_its_extra_a_web_archive_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "warcio.archiveiterator", None)
    (item,) = read_bytes(tmp_path, "a.warc", b"WARC/1.0\r\n")
    assert item.reason == "missing_extra"
    assert "article-toolkit[warc]" in item.detail


# Encodings


@pytest.mark.parametrize(
    ("content", "text", "encoding", "n_replaced"),
    [
        ("é—x".encode(), "é—x", "utf-8", 0),
        (b"\xef\xbb\xbfx\r\ny\r", "x\r\ny\r", "utf-8-sig", 0),
        ("ASEAN talks".encode("utf-16"), "ASEAN talks", "utf-16-le", 0),
        ("ASEAN talks, day two".encode("utf-16-be"), "ASEAN talks, day two", "utf-16-be", 0),
        (
            b"the caf\xe9 \x93opened\x94 in the old town of Malacca",
            "the café “opened” in the old town of Malacca",
            "cp1252",
            0,
        ),
        ("é — “x” à\n".encode() * 3 + b"\xff end", "é — “x” à\n" * 3 + "\ufffd end", "utf-8", 1),
        ("cut off é".encode()[:-1], "cut off \ufffd", "utf-8", 1),
        ("a \ufffd b".encode(), "a \ufffd b", "utf-8", 0),
        (b"one\x00NUL in a text", "one\x00NUL in a text", "utf-8", 0),
        (b"\xed\xa0\x80 " + "é—“”ñü ".encode() * 3, "\ufffd\ufffd\ufffd " + "é—“”ñü " * 3, "utf-8", 3),
    ],
)
def test_text_is_decoded_and_otherwise_left_alone(tmp_path, content, text, encoding, n_replaced):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    stats = ReadStats()
    assert texts(read(path, stats=stats)) == [text]
    assert stats == ReadStats(1, 0, n_replaced, stats.encodings)
    assert stats.encodings == {encoding: 1}


def test_chinese_text_of_an_old_page_is_read(tmp_path):
    page = '<meta charset="gb2312"><p>中国和东盟的合作关系'
    assert texts(read_bytes(tmp_path, "a.html", page.encode("gb18030"))) == [page]
    text = "中国与东盟国家的贸易额在今年上半年继续保持增长，双方的合作关系不断加强。" * 5
    assert texts(read_bytes(tmp_path, "a.txt", text.encode("gb18030"))) == [text]


def test_lines_of_different_encodings_in_one_file_are_each_read(tmp_path):
    content = '{"text": "é"}\n'.encode() + '{"text": "the café in the old town"}\n'.encode("cp1252")
    assert texts(read_bytes(tmp_path, "a.jsonl", content)) == ["é", "the café in the old town"]
    table = "text,n\né,1\n".encode() + "the café in the old town,2\n".encode("cp1252")
    assert texts(read_bytes(tmp_path, "a.csv", table)) == ["é", "the café in the old town"]
    records = b'[{"text": "the caf\xe9 in the old town"}, {"text": "\xc3\xa9"}]'
    assert texts(read_bytes(tmp_path, "a.json", records)) == ["the café in the old town", "é"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_lone_surrogates_are_replaced_and_counted(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(rb'{"id": "\udfff", "text": "a\ud800b \ud83d\ude00", "k\udc00": ["\ud800"]}')
    stats = ReadStats()
    (record,) = read(path, stats=stats)
    assert (record.document_id, record.content) == ("\ufffd", "a\ufffdb \U0001f600")
    assert record.extra == {"k\ufffd": ["\ufffd"]}
    assert stats.n_replaced == 4


# Bad input


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", b"", ["[empty_text]"]),
        ("a.html", b"", ["[empty_text]"]),
        ("a.txt", b" \n ", [" \n "]),
        ("a.txt", bytes(range(256)) * 20, ["[not_text]"]),
        ("a.md", b"PK\x03\x04rest", ["[not_text]"]),
        ("a.txt", gzip.compress(b"packed", mtime=0), ["[not_text]"]),
        ("a.txt.gz", b"not packed", ["[unreadable]"]),
        ("a.txt.gz", b"", ["[unreadable]"]),
        ("a.jsonl", b"", []),
        ("a.jsonl", b'{"text": "x"\n[1]\n"s"\n{"text": "y"}', ["[bad_json]", "[bad_json]", "[bad_json]", "y"]),
        ("a.jsonl", b'{"title": "x"}\n{"text": 5}\n{"text": ""}\n', ["[no_text]", "[no_text]", "[empty_text]"]),
        ("a.jsonl", b"\x89PNG\r\n\x1a\n\x00\x00", ["[not_text]"]),
        ("a.jsonl", b'{"text": ' + b"9" * 5000 + b"}\n", ["[bad_json]"]),
        ("a.json", b"", ["[bad_json]"]),
        ("a.json", b"[", ["[bad_json]"]),
        ("a.json", b"[]", []),
        ("a.json", b'[{"text": "x"}, 5, {"text": "y"}', ["x", "[bad_json]", "y", "[bad_json]"]),
        ("a.json", b'[{"text": "x"}, {"text": nonsense}, {"text": "y"}]', ["x", "[bad_json]"]),
        ("a.json", b'{"a": [{"text": "x"}], "b": [{"text": "y"}]}', ["[no_text]"]),
        ("a.json", b"\x00\x01\x02\x03" * 20, ["[not_text]"]),
        ("a.csv", b"", ["[no_text]"]),
        ("a.csv", b"title,body\na,b\n", ["[no_text]"]),
        ("a.csv", b"id;text\n1;a,b\n", ["a,b"]),
        ("a.csv", b"id\ttext\n1\ta,b\n", ["a,b"]),
        ("a.csv", b"text,id\na,1\nb\nc,2,3\nd,4,,\n\ne,5\n", ["a", "[ragged_row]", "[ragged_row]", "d", "e"]),
        ("a.csv", b'text,id\n"a\nb",1\n"c "d" e",2\nf,3\n"g,4\n', ["a\nb", "[bad_csv]", "f", "[bad_csv]"]),
        ("a.csv", b"text,id\ra,1\rb,2", ["a", "b"]),
        ("a.tsv", b'text\tid\n"Yes," he said\t1\nplain\t2\n', ['"Yes," he said', "plain"]),
        ("a.csv", b'text,id\n"",1\n', ["[empty_text]"]),
        ("a.csv", b"text,id\nx,\n", ["[bad_id]"]),
        ("a.parquet", b"PAR1 nonsense PAR1", ["[unreadable]"]),
        ("a.pdf", b"%PDF-1.4 nonsense", ["[unreadable]"]),
        ("a.pdf", b"nonsense", ["[unreadable]"]),
    ],
)
def test_bad_content_is_set_aside_and_the_rest_is_read(tmp_path, name, content, expected):
    items = read_bytes(tmp_path, name, content)
    assert texts(items) == expected
    for item in items:
        if isinstance(item, Quarantined):
            assert item.file == name
            assert len(item.detail) > 10
            assert str(tmp_path) not in item.detail


def test_the_reason_says_where_and_what_was_found(tmp_path):
    (item,) = read_bytes(tmp_path, "a.jsonl", b'\n{"text" "x"}')
    assert item == Quarantined("a.jsonl", 1, None, "bad_json", item.detail)
    assert item.detail.startswith("line 2, column 9: ")
    (table,) = read_bytes(tmp_path, "a.csv", b"title,body\n")
    assert table.row is None
    assert "`title`, `body`" in table.detail


def test_a_truncated_gzip_file_keeps_the_records_before(tmp_path):
    lines = b"".join(b'{"text": "%d %s"}\n' % (number, b"word" * 50) for number in range(5000))
    packed = gzip.compress(lines)
    items = read_bytes(tmp_path, "a.jsonl.gz", packed[: len(packed) // 2])
    assert len(items) > 100
    assert all(isinstance(item, Record) for item in items[:-1])
    assert (items[-1].reason, items[-1].row) == ("truncated_gzip", len(items))
    damaged = bytearray(packed)
    damaged[len(damaged) // 2] ^= 0xFF
    assert read_bytes(tmp_path, "b.jsonl.gz", bytes(damaged))[-1].reason in ("bad_gzip", "bad_json")
    assert texts(read_bytes(tmp_path, "a.txt.gz", packed[:-4])) == ["[truncated_gzip]"]


def test_gzip_members_follow_each_other(tmp_path):
    content = gzip.compress(b'{"text": "a"}\n') + gzip.compress(b'{"text": "b"}\n') + b"\0\0\0"
    assert texts(read_bytes(tmp_path, "a.jsonl.gz", content)) == ["a", "b"]


def test_a_gzip_bomb_stops_early_in_flat_memory(tmp_path):
    bomb = gzip.compress(b" " * 100_000_000)
    limits = Limits(min_ratio_bytes=1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("a.jsonl.gz", "a.csv.gz", "a.json.gz"):
        assert texts(read_bytes(tmp_path, name, bomb, limits)) == ["[unpacked_too_large]"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
    assert texts(read_bytes(tmp_path, "a.txt.gz", bomb)) == ["[too_long]"]
    few = Limits(max_unpacked_bytes=1000)
    assert texts(read_bytes(tmp_path, "b.jsonl.gz", gzip.compress(b'{"text": "x"}\n' * 500), few)) == [
        "[unpacked_too_large]"
    ]


def test_a_line_without_end_does_not_fill_the_memory(tmp_path):
    long = b'{"text": "' + b"x" * 3_000_000 + b'"}'
    content = b'{"text": "a"}\n' + long + b'\n{"text": "b"}\n' + long
    expected = ["a", "[line_too_long]", "b", "[line_too_long]"]
    assert texts(read_bytes(tmp_path, "a.jsonl", content, SMALL)) == expected
    table = b"text\na\n" + b"x" * 3_000_000 + b'\nb\n"' + (b"c" * 900 + b"\n") * 2000
    items = texts(read_bytes(tmp_path, "a.csv", table, SMALL))
    assert items[:4] == ["a", "[line_too_long]", "b", "[line_too_long]"]


def test_texts_over_the_limit_are_set_aside(tmp_path):
    for name, content in (
        ("a.txt", b"x" * 1001),
        ("a.jsonl", b'{"text": "%s"}' % (b"x" * 1001)),
        ("a.txt", b"x" * 9999),
    ):
        assert texts(read_bytes(tmp_path, name, content, SMALL)) == ["[too_long]"]
    assert texts(read_bytes(tmp_path, "a.txt", "é".encode() * 1000, SMALL)) == ["é" * 1000]


@pytest.mark.parametrize("depth", [10, 100_000])
def test_deep_json_is_set_aside(tmp_path, depth):
    deep = b'{"text": "x", "d": ' + b"[" * depth + b"]" * depth + b"}"
    wide = b'{"text": "x", "d": [' + b"[]," * 100 + b"[]]}"
    assert texts(read_bytes(tmp_path, "a.jsonl", deep + b"\n" + wide, SMALL)) == ["[too_deep]", "x"]
    assert texts(read_bytes(tmp_path, "a.json", b"[" + wide + b"," + deep + b"]", SMALL)) == ["x", "[too_deep]"]


def test_a_record_of_thousands_of_fields_is_no_article(tmp_path):
    fields = {"text": "x", **{f"f{number}": 1 for number in range(300)}}
    assert texts(read_bytes(tmp_path, "a.jsonl", json.dumps(fields).encode())) == ["[too_many_fields]"]


def test_quotes_that_never_close_cost_bounded_time(tmp_path):
    content = b"text,id\n" + b'"a""b,1\n' * 30_000
    limits = Limits(max_characters=10_000)
    items = read_bytes(tmp_path, "a.csv", content, limits)
    assert items[-1].reason == "bad_csv"
    assert not any(isinstance(item, Record) for item in items)


def test_a_file_that_vanished_is_set_aside(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("{}")
    (source,) = expand_inputs([str(path)])
    path.unlink()
    (item,) = read_records(source, LIMITS)
    assert (item.reason, item.row) == ("unreadable", None)


NAMES = ["a.txt", "a.html", "a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt.gz", "a.jsonl.gz", "a.parquet", "a.pdf"]
PIECES = st.sampled_from(
    [
        b"text",
        b",",
        b'"',
        b"\n",
        b"\r",
        b"\t",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b'"text":',
        b"\x00",
        b"\xff",
        b"\\ud800",
        b";",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(NAMES),
    content=st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(b"".join)),
    start=st.sampled_from([b"", b"text,id\n", b'{"text": "', b"[", b"\x1f\x8b\x08\x00", b"\xff\xfe", b"\xef\xbb\xbf"]),
)
def test_no_content_raises_and_every_row_is_named_once(tmp_path, name, content, start):
    items = read_bytes(tmp_path, name, start + content, SMALL)
    rows = [item.row for item in items if item.row is not None]
    assert rows == list(range(1, len(rows) + 1))
    for item in items:
        if isinstance(item, Record):
            item.content.encode()
            json.dumps(item.extra, allow_nan=False, ensure_ascii=False).encode()


JSON_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False), JSON_TEXT
)
EXTRA = st.dictionaries(
    st.text(string.ascii_lowercase, min_size=1, max_size=5).map(lambda name: f"k_{name}"), VALUES, max_size=4
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(JSON_TEXT, EXTRA), min_size=1, max_size=5), ascii_only=st.booleans())
def test_json_lines_come_back_exactly(tmp_path, rows, ascii_only):
    lines = [json.dumps({"text": text, **extra}, ensure_ascii=ascii_only) for text, extra in rows]
    for name, content in (("a.jsonl", "\n".join(lines)), ("a.json", f"[{', '.join(lines)}]")):
        items = read_bytes(tmp_path, name, content.encode())
        assert [(item.content, dict(item.extra)) for item in items] == rows


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60), max_size=5)
)
def test_csv_texts_come_back_exactly(tmp_path, rows):
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "text"])
    writer.writerows([[number, text] for number, text in enumerate(rows)])
    assert texts(read_bytes(tmp_path, "a.csv", table.getvalue().encode())) == rows
