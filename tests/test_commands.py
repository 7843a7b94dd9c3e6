"""Commands on good and bad input: the right exit code and a sentence, never a traceback."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from conftest import ROOT, SEEDS, Command, rows

from toolkit import jobs
from toolkit.files.results import read_results
from toolkit.runs import Finished

COMMANDS = ("run", "train", "classify", "report", "segment", "evaluate")
GROUPS = {
    "models": ("list", "show", "verify"),
    "topics": ("list", "rename", "merge", "diff"),
    "config": ("show", "check", "init"),
    "embedder": ("build",),
}


def sentence(stderr: str) -> str:
    assert "Traceback" not in stderr
    return stderr


@pytest.mark.parametrize("command", [*((c,) for c in COMMANDS), *((g, c) for g, cs in GROUPS.items() for c in cs)])
def test_the_help_of_each_command_has_an_example_and_the_readme_names_it(
    command: tuple[str, ...], toolkit: Command, tmp_path: Path
) -> None:
    done = toolkit(*command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"Example: toolkit {' '.join(command)}" in done.stdout
    assert f"toolkit {' '.join(command)}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, atexit; sys.argv = ['toolkit', '--help'];"
        "heavy = {'numpy', 'pydantic', 'pyarrow', 'lxml', 'pandas'};"
        "atexit.register(lambda: print(*(heavy & set(sys.modules)), file=sys.stderr));"
        "from toolkit.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""


def test_a_mistyped_command_is_answered_with_the_right_one(toolkit: Command, tmp_path: Path) -> None:
    done = toolkit("clasify", SEEDS, cwd=tmp_path)
    assert done.returncode == 2
    assert "classify" in sentence(done.stderr)


def test_a_missing_input_ends_with_2_and_names_its_neighbour(toolkit: Command, tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    done = toolkit("classify", "artcles", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "articles" in sentence(done.stderr)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_nothing_readable_ends_with_3(toolkit: Command, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert toolkit("run", "in", cwd=tmp_path).returncode == 3
    (tmp_path / "in" / "broken.jsonl").write_text("{not json\n")
    for command in (["run", "in"], ["classify", "in", "--out", "out"]):
        done = toolkit(*command, cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert "quarantine" in sentence(done.stderr)
    assert rows(tmp_path / "out" / "quarantine.jsonl")[0]["reason"] == "bad_json"
    assert rows(tmp_path / "reports" / "in" / "quarantine.jsonl")[0]["reason"] == "bad_json"


def test_an_unknown_config_key_ends_with_2_and_is_answered_with_the_right_one(toolkit: Command, tmp_path: Path) -> None:
    text = (ROOT / "configs" / "china-asean.toml").read_text(encoding="utf-8")
    (tmp_path / "my.toml").write_text(text.replace("[subject]", "[subject]\nseed_term = ['x']", 1), encoding="utf-8")
    done = toolkit("run", SEEDS, "--config", "my.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "Did you mean `seed_terms`" in sentence(done.stderr)


def test_a_changed_model_ends_with_4(seeds_run: Path, toolkit: Command, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(seeds_run / "model", tmp_path / "m")
    with (tmp_path / "m" / "themes.json").open("a") as stream:
        stream.write(" ")
    for command in (["classify", SEEDS, "--model", "m", "--out", "out"], ["models", "verify", "m"]):
        done = toolkit(*command, cwd=tmp_path)
        assert done.returncode == 4, done.stderr
        assert "themes.json" in sentence(done.stderr)


def test_quarantined_beyond_the_limit_ends_with_6_and_the_rest_is_done(toolkit: Command, tmp_path: Path) -> None:
    good = {"id": "a", "text": "China and Vietnam signed a railway agreement in Hanoi."}
    lines = [json.dumps(good), "{broken", json.dumps({"id": ["x"], "text": "y"}), json.dumps({**good, "text": "other"})]
    (tmp_path / "in.jsonl").write_text("\n".join([*lines, json.dumps(good)]) + "\n")
    command = ("classify", "in.jsonl", "--out", "out", "--format", "jsonl", "--json")
    done = toolkit(*command, "--max-quarantined", 2, cwd=tmp_path)
    assert done.returncode == 6
    summary = json.loads(done.stdout)
    assert summary["counts"] == {"read": 5, "articles": 1, "quarantined": 3, "repeats": 1}
    reasons = [row["reason"] for row in rows(tmp_path / "out" / "quarantine.jsonl")]
    assert sorted(reasons) == ["bad_id", "bad_json", "id_conflict"]
    assert [row["document_id"] for row in rows(tmp_path / "out" / "articles.jsonl")] == ["a"]


def test_standard_input_is_read_and_named_stdin(toolkit: Command, tmp_path: Path) -> None:
    text = "China and Vietnam signed a railway agreement in Hanoi on Monday, the two governments said."
    done = toolkit("classify", "-", "--out", "out", "--format", "jsonl", cwd=tmp_path, stdin=text)
    assert done.returncode == 0, done.stderr
    assert [row["document_id"] for row in rows(tmp_path / "out" / "articles.jsonl")] == ["stdin"]


def test_every_format_of_record_gives_the_same_article(toolkit: Command, tmp_path: Path) -> None:
    record = {
        "id": "7",
        "title": "Rail",
        "text": "China and Laos opened the railway, a line to Vientiane.",
        "note": "n",
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    (tmp_path / "b.json").write_text(json.dumps([record]))
    (tmp_path / "c.csv").write_text(f"{','.join(record)}\n" + ",".join(f'"{v}"' for v in record.values()) + "\n")
    with gzip.open(tmp_path / "d.jsonl.gz", "wt") as stream:
        stream.write(json.dumps(record))
    found = []
    for name in ("a.jsonl", "b.json", "c.csv", "d.jsonl.gz"):
        done = toolkit("classify", name, "--out", f"out-{name}", "--format", "jsonl", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        (row,) = rows(tmp_path / f"out-{name}" / "articles.jsonl")
        found.append({**row, "file": ""})
    assert all(row == found[0] for row in found)
    assert found[0]["note"] == "n"


def test_segment_writes_json_lines_into_a_pipe(toolkit: Command, tmp_path: Path) -> None:
    done = toolkit("segment", SEEDS / next(SEEDS.glob("002*")).name, "--out", "-", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"document_id", "start", "end", "role", "kept", "reason", "text"} <= set(
        json.loads(done.stdout.splitlines()[0])
    )


def test_train_then_classify_then_report(toolkit: Command, tmp_path: Path) -> None:
    done = toolkit("train", SEEDS, "--name", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert toolkit("train", SEEDS, "--name", "mine", cwd=tmp_path).returncode == 2  # not replaced in silence
    assert toolkit("classify", SEEDS, "--model", "mine", "--out", "out", cwd=tmp_path).returncode == 0
    assert toolkit("report", "out", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
    assert "mine" in toolkit("models", "list", cwd=tmp_path).stdout
    assert toolkit("models", "verify", "mine", cwd=tmp_path).returncode == 0


def test_no_relevance_counts_every_kept_segment_as_on(toolkit: Command, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The village band played until the rain came, and nobody went home.\n")
    done = toolkit("classify", "a.txt", "--no-relevance", "--out", "out", "--format", "jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path / "out" / "articles.jsonl")[0]["on_topic"] == "on"
    assert {row["on_topic"] for row in rows(tmp_path / "out" / "segments.jsonl") if row["kept"]} == {"on"}


def test_control_characters_of_a_file_name_do_not_reach_the_terminal(toolkit: Command, tmp_path: Path) -> None:
    done = toolkit("classify", "a\x1b[31m.txt", "--out", "out", cwd=tmp_path)  # which is not there, and that is said
    assert "a\\x1b[31m.txt" in done.stderr
    assert "\x1b" not in done.stderr + done.stdout


def in_ledger(folder: Path) -> tuple[int, int]:
    """How many records a results folder's ledger claims, and how many it holds the outcome of."""
    try:
        with closing(sqlite3.connect(f"file:{folder / 'ledger.sqlite'}?mode=ro", uri=True)) as connection:
            found: tuple[int, int] = connection.execute("SELECT count(*), count(outcome) FROM documents").fetchone()
            return found
    except sqlite3.OperationalError:
        return 0, 0


def stopped(command: list[str], folder: Path, when: Callable[[int, int], bool], by: signal.Signals) -> tuple[int, str]:
    """Start the command, stop it when the ledger stands so; its exit code and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "toolkit", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background inherits "ignore"
    )
    while not when(*in_ledger(folder / "out")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(by)
    _, stderr = process.communicate(timeout=60)
    return process.returncode, sentence(stderr)


def test_a_run_killed_or_interrupted_at_any_moment_is_resumed_and_loses_nothing(
    toolkit: Command, tmp_path: Path
) -> None:
    text = "China and Malaysia agreed on durian exports, officials in Kuala Lumpur said. " * 20
    lines = [json.dumps({"id": f"{n:05}", "text": f"{text} Number {n}."}) for n in range(700)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))

    def command(out: str) -> list[str]:
        return ["classify", "in.jsonl", "--out", out, "--format", "jsonl", "--engine", "serial"]

    for n_claimed in (1, 257):  # while the first, and the second of three batches is judged
        code, said = stopped(command("out"), tmp_path, lambda n, _, most=n_claimed: n >= most, signal.SIGKILL)
        assert code == -signal.SIGKILL, said
        claimed, n_judged = in_ledger(tmp_path / "out")
        assert n_judged <= claimed < 700
    code, said = stopped(command("out"), tmp_path, lambda _, n: n > n_judged, signal.SIGINT)
    assert code == 130, said
    assert "same command" in said
    assert not (tmp_path / "out" / "articles.jsonl").exists()
    for out in ("out", "unbroken"):
        done = toolkit(*command(out), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for name in ("articles.jsonl", "segments.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "unbroken" / name).read_bytes()
    assert len(rows(tmp_path / "out" / "articles.jsonl")) == 700
    assert not [path.name for path in (tmp_path / "out").iterdir() if "tmp" in path.name]


def run_here(inputs: Path, out: Path) -> Finished:
    """`toolkit run` inside this process, which has the heavy libraries imported already."""
    with jobs.opened([str(inputs)], out=out) as sources:
        return jobs.run_job(sources, out, inputs=[str(inputs)])


def few_articles(n: int = 4) -> list[str]:
    text = "Officials from Beijing and Bangkok met to discuss the {} trade, and agreed to meet again in May."
    words = ("rice", "rubber", "steel", "cotton", "salt")[:n]
    return [json.dumps({"id": word, "text": f"China and Thailand\n\n{text.format(word)}\n"}) for word in words]


def test_rows_in_another_order_give_the_same_model_to_the_byte(tmp_path: Path) -> None:
    found = []
    for name, lines in (("one", few_articles()), ("other", few_articles()[::-1])):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
        with jobs.opened([str(tmp_path / f"{name}.jsonl")]) as sources:
            jobs.train_job(sources, tmp_path / name / "mine", name="mine", no_relevance=True)
        found.append({path.name: path.read_bytes() for path in (tmp_path / name / "mine").iterdir()})
    assert found[0] == found[1]


def test_a_run_interrupted_after_learning_does_not_learn_again_but_of_another_input_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.jsonl").write_text("\n".join(few_articles()))
    learnings = []
    learn = jobs.train_model
    monkeypatch.setattr(jobs, "train_model", lambda *a, **k: learnings.append(1) or learn(*a, **k))

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("toolkit.classify.open_ledger", stop)
        with pytest.raises(KeyboardInterrupt):
            run_here(tmp_path / "in.jsonl", tmp_path / "out")
    assert len(learnings) == 1
    run_here(tmp_path / "in.jsonl", tmp_path / "out")
    (tmp_path / "out" / "report.html").unlink()
    run_here(tmp_path / "in.jsonl", tmp_path / "out")
    assert len(learnings) == 1
    (tmp_path / "in.jsonl").write_text("\n".join(few_articles(5)))
    run_here(tmp_path / "in.jsonl", tmp_path / "out")
    assert len(learnings) == 2


def test_force_removes_every_table_of_the_run_before(tmp_path: Path) -> None:
    from toolkit.files import TABLE_FORMATS
    from toolkit.runs import clear_run

    (tmp_path / "in.jsonl").write_text("\n".join(few_articles()))
    with jobs.opened([str(tmp_path / "in.jsonl")], out=tmp_path / "out") as sources:
        jobs.run_job(sources, tmp_path / "out", inputs=["in.jsonl"], formats=TABLE_FORMATS)
    (tmp_path / "out" / "report.html").unlink()
    clear_run(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir() if path.suffix] == ["report.data"]


@pytest.mark.parametrize("n_documents", [1, 2, 5, 14])
def test_tiny_corpora_get_a_report(n_documents: int, tmp_path: Path) -> None:
    words = "railway durian vaccine tourist port loan solar scholarship patrol tariff visa cable rice fair".split()
    for n, word in enumerate(words[:n_documents]):
        (tmp_path / f"{n}.txt").write_text(
            f"China and Thailand talk about {word}\n\nOfficials from Beijing and Bangkok met to discuss {word}.\n"
        )
    finished = run_here(tmp_path, tmp_path / "out")
    assert finished.counts["articles"] == n_documents
    assert (tmp_path / "out" / "report.html").exists()


def test_identical_documents_get_a_report(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for n in range(30):
        (tmp_path / "in" / f"{n}.txt").write_text(
            "China and Thailand opened a bridge over the Mekong, officials said.\n"
        )
    finished = run_here(tmp_path / "in", tmp_path / "out")
    assert finished.run["n_duplicates"] == 29
    topics = read_results(tmp_path / "out").topics
    assert [row["n_articles"] for row in topics] in ([], [1])  # copies count once
    assert (tmp_path / "out" / "report.html").exists()


def test_one_giant_document_gets_a_report(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(
        "China and Vietnam trade fruit across the border at Lang Son every day.\n\n" * 3000
    )
    assert run_here(tmp_path / "in.txt", tmp_path / "out").counts["articles"] == 1
    assert (tmp_path / "out" / "report.html").exists()
