"""Inputs: what is found, what it is called, and what is said when it is not there."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from toolkit.errors import ToolkitError
from toolkit.files import expand_inputs, stdin_source


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(*inputs: Path | str, **options) -> list[str]:
    return [source.name for source in expand_inputs([str(given) for given in inputs], **options)]


def test_a_folder_means_the_files_of_known_kinds_under_it(tmp_path):
    put(tmp_path, "b.txt", "sub/a.HTML", "sub/c.jsonl.gz", ".hidden.txt", ".git/x.txt", "notes.docx", "y.parquet.gz")
    sources = expand_inputs([str(tmp_path)])
    assert [source.name for source in sources] == ["b.txt", "sub/a.HTML", "sub/c.jsonl.gz"]
    assert [source.format for source in sources] == ["text", "html", "jsonl"]
    assert [source.suffix for source in sources] == [".txt", ".html", ".jsonl.gz"]
    assert sources.skipped == ("notes.docx", "y.parquet.gz")


def test_a_single_file_is_called_by_its_name(tmp_path):
    put(tmp_path, "deep/down/a.txt")
    assert names(tmp_path / "deep/down/a.txt") == ["a.txt"]


def test_order_of_the_inputs_does_not_matter(tmp_path):
    put(tmp_path, "one/a.txt", "one/b.txt", "two/a.txt", "c.txt")
    given = [str(tmp_path / name) for name in ("one", "two", "c.txt")]
    found = {tuple(expand_inputs(list(order))) for order in itertools.permutations(given)}
    assert [[source.name for source in sources] for sources in found] == [["b.txt", "c.txt", "one/a.txt", "two/a.txt"]]


def test_names_that_collide_are_prefixed_until_they_differ(tmp_path):
    put(tmp_path, "x/in/a.txt", "y/in/a.txt", "y/in/b.txt")
    assert names(tmp_path / "x/in", tmp_path / "y/in") == ["b.txt", "x/in/a.txt", "y/in/a.txt"]
    assert names(tmp_path / "x/in/a.txt", tmp_path / "y/in/a.txt") == ["x/in/a.txt", "y/in/a.txt"]


def test_a_file_given_twice_counts_once(tmp_path):
    put(tmp_path, "in/sub/a.txt")
    (tmp_path / "in/link.txt").symlink_to(tmp_path / "in/sub/a.txt")
    assert names(tmp_path / "in/sub/a.txt", tmp_path / "in", tmp_path / "in") == ["sub/a.txt"]


def test_a_loop_of_links_ends(tmp_path):
    put(tmp_path, "in/a/x.txt", "outside/y.txt")
    (tmp_path / "in/a/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/0").symlink_to(tmp_path / "in/a")
    (tmp_path / "in/other").symlink_to(tmp_path / "outside")
    (tmp_path / "in/dead.txt").symlink_to(tmp_path / "nowhere")
    assert names(tmp_path / "in") == ["a/x.txt", "other/y.txt"]


def test_what_is_excluded_is_not_read(tmp_path):
    put(tmp_path, "a.txt", "out/b.txt", "c.txt")
    assert names(tmp_path, exclude=[tmp_path / "out", tmp_path / "c.txt"]) == ["a.txt"]


def test_a_glob_means_what_the_shell_would_make_of_it(tmp_path):
    put(tmp_path, "a1.txt", "a2.txt", "b.txt", "sub/a3.txt")
    assert names(f"{tmp_path}/a*.txt") == ["a1.txt", "a2.txt"]
    assert names(f"{tmp_path}/**/a*.txt") == ["a1.txt", "a2.txt", "a3.txt"]
    put(tmp_path, "odd[1].txt")
    assert names(tmp_path / "odd[1].txt") == ["odd[1].txt"]


def test_a_missing_input_is_answered_with_its_neighbours(tmp_path):
    put(tmp_path, "corpus.jsonl", "other.csv")
    with pytest.raises(ToolkitError, match=r"corpus\.jsnl: no such file.*Did you mean .*corpus\.jsonl\?") as caught:
        expand_inputs([str(tmp_path / "corpus.jsnl")])
    assert caught.value.exit_code == 2
    with pytest.raises(ToolkitError, match=r"holds corpus\.jsonl, other\.csv"):
        expand_inputs([str(tmp_path / "zzzzzz")])
    with pytest.raises(ToolkitError, match="no file matches"):
        expand_inputs([f"{tmp_path}/*.pdf"])
    with pytest.raises(ToolkitError, match="no such file"):
        expand_inputs([""])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"Plain words.\nMore.", "text"),
        (b"", "text"),
        (b'{"text": "a"}\n{"text": "b"}\n', "jsonl"),
        (b'\xef\xbb\xbf{"text": "a"}', "jsonl"),
        (b'{\n  "text": "a"\n}', "json"),
        (b'[\n {"text": "a"}]', "json"),
        (b"[1] A footnote is text.", "text"),
        (b" <!DOCTYPE html><p>a", "html"),
        (b"%PDF-1.7", "pdf"),
        (b"PAR1....", "parquet"),
    ],
)
def test_standard_input_is_told_by_its_first_bytes(tmp_path, content, expected):
    spooled = tmp_path / "spooled-0123"
    spooled.write_bytes(content)
    source = stdin_source(spooled)
    assert (source.name, source.format) == ("stdin", expected)
    assert expand_inputs(["-", "-"], stdin=spooled)[0] == source


def test_ids_without_an_id_name_the_place():
    source = stdin_source(Path("nowhere"))
    assert source.derived_id(1) == "stdin"


def test_file_names_that_are_not_utf8_do_no_harm(tmp_path):
    import os

    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("x")
    except OSError:
        return  # a file system that takes UTF-8 only
    assert names(tmp_path) == ["caf\ufffd.txt"]
