"""The ledger forgets nothing that was finished, and everything that changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from toolkit.data import Quarantined
from toolkit.errors import ToolkitError
from toolkit.ledger import Entry, open_ledger


def test_outcomes_come_back_sorted_by_id(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.begin_pass()
        ledger.claim([("b", b"1", b"1", "f"), ("a", b"2", b"2", "f")])
        ledger.finish([Entry("b", {"n": 1}), Entry("a", {"n": 2})])
        assert list(ledger.outcomes()) == [("a", {"n": 2}), ("b", {"n": 1})]


def test_rows_of_segments_come_back_sorted_by_id_of_their_document(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.begin_pass()
        ledger.claim([(name, b"1", b"1", "f") for name in "cab"])
        rows = {"c": [{"n": 3}], "b": [], "a": [{"n": 1}, {"n": None}]}
        ledger.finish([Entry(name, {}, segments=of_document) for name, of_document in rows.items()])
        assert list(ledger.segments()) == [("a", [{"n": 1}, {"n": None}]), ("c", [{"n": 3}])]
        ledger.begin_pass()
        ledger.claim([("a", b"2", b"2", "f"), ("c", b"1", b"1", "f")])
        assert list(ledger.segments()) == [("c", [{"n": 3}])]  # a changed record loses its rows


def test_outcomes_of_an_older_layout_are_judged_again(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.begin_pass()
        ledger.claim([("a", b"1", b"1", "f")])
        ledger.finish([Entry("a", {})])
    connection = sqlite3.connect(tmp_path / "ledger.sqlite")
    connection.executescript("PRAGMA user_version = 0; ALTER TABLE documents DROP COLUMN segments")
    connection.close()
    with open_ledger(tmp_path) as ledger:
        assert ledger.known(["a"]) == {}
        ledger.begin_pass()
        ledger.claim([("a", b"1", b"1", "f")])
        ledger.finish([Entry("a", {}, segments=[{"n": 1}])])
        assert list(ledger.segments()) == [("a", [{"n": 1}])]


def test_rows_of_segments_that_differ_in_their_columns_are_refused(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger, pytest.raises(ValueError, match="same columns"):
        ledger.finish([Entry("a", {}, segments=[{"n": 1}, {"m": 2}])])


def test_a_finished_outcome_outlives_the_process_and_the_pass(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.begin_pass()
        ledger.claim([("a", b"1", b"1", "f")])
        ledger.finish([Entry("a", {"n": 1})])
    with open_ledger(tmp_path) as ledger:
        ledger.begin_pass()
        assert ledger.known(["a"])["a"].is_done
        assert list(ledger.outcomes()) == []  # not seen in this pass yet
        ledger.claim([("a", b"1", b"1", "f")])
        assert list(ledger.outcomes()) == [("a", {"n": 1})]


def test_a_changed_record_loses_its_outcome(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.begin_pass()
        ledger.claim([("a", b"1", b"1", "f")])
        ledger.finish([Entry("a", {"n": 1})])
        ledger.begin_pass()
        ledger.claim([("a", b"2", b"2", "f")])
        assert not ledger.known(["a"])["a"].is_done


def test_what_is_gone_from_the_input_is_gone_from_the_results(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.begin_pass()
        ledger.claim([("a", b"1", b"1", "f"), ("b", b"1", b"1", "f")])
        ledger.finish([Entry("a", {}), Entry("b", {})])
        ledger.begin_pass()
        ledger.claim([("b", b"1", b"1", "f")])
        ledger.forget_unseen()
        assert [document_id for document_id, _ in ledger.outcomes()] == ["b"]
        assert ledger.known(["a"]) == {}


def test_outcomes_of_another_model_are_forgotten(tmp_path: Path) -> None:
    with open_ledger(tmp_path) as ledger:
        ledger.bind("model one")
        ledger.begin_pass()
        ledger.claim([("a", b"1", b"1", "f")])
        ledger.finish([Entry("a", {})])
        ledger.bind("model one")
        assert ledger.known(["a"])["a"].is_done
        ledger.bind("model two")
        assert ledger.known(["a"]) == {}


def test_the_quarantine_is_sorted_and_belongs_to_one_pass(tmp_path: Path) -> None:
    late, early = Quarantined("b", 2, None, "bad_json", ""), Quarantined("a", None, None, "unreadable", "")
    with open_ledger(tmp_path) as ledger:
        ledger.begin_pass()
        ledger.quarantine([late, early])
        assert ledger.quarantined() == [early, late]
        ledger.begin_pass()
        assert ledger.quarantined() == []


def test_two_commands_cannot_write_to_one_folder(tmp_path: Path) -> None:
    with open_ledger(tmp_path), pytest.raises(ToolkitError, match="another toolkit command"), open_ledger(tmp_path):
        pass


def test_a_damaged_ledger_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"not a database at all, but long enough to look at" * 20)
    with pytest.raises(ToolkitError, match="--force"), open_ledger(tmp_path):
        pass
