"""The contracts of files and commands, checked from outside on a real run of the seeds."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import lxml.html
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, SEEDS, Command, rows

from toolkit.data import CUT_ROLES, KEPT_ROLES, ROLES

ARTICLE_COLUMNS = (
    "document_id file outlet title date url language on_topic relevance themes topic places_china places_asean "
    "n_segments n_kept kept_ratio duplicate_of"
).split()
SEGMENT_COLUMNS = "document_id index start end role story kept reason on_topic relevance themes topic text".split()
TOPIC_COLUMNS = "topic name terms n_segments n_articles theme".split()
THEMES = (
    "trade_investment connectivity_infrastructure tourism health security diplomacy culture_education "
    "technology_digital energy_environment agriculture_food finance_economy"
).split()


def parquet(path: Path) -> pq.ParquetFile:
    return pq.ParquetFile(path, pre_buffer=False)  # threads of pyarrow can abort a short process at its end


def test_every_table_has_the_columns_of_the_contract(seeds_run: Path) -> None:
    for name, columns in (("articles", ARTICLE_COLUMNS), ("segments", SEGMENT_COLUMNS), ("topics", TOPIC_COLUMNS)):
        assert parquet(seeds_run / f"{name}.parquet").schema_arrow.names == columns
        with (seeds_run / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
            assert next(csv.reader(stream)) == columns
        for row in rows(seeds_run / f"{name}.jsonl"):
            assert list(row) == columns


def test_parquet_and_json_lines_hold_the_same_rows(seeds_run: Path) -> None:
    for name in ("articles", "segments", "topics"):
        batches = parquet(seeds_run / f"{name}.parquet").iter_batches(use_threads=False)
        assert [row for batch in batches for row in batch.to_pylist()] == rows(seeds_run / f"{name}.jsonl")


def test_rows_are_sorted_and_ids_are_paths_relative_to_the_folder(seeds_run: Path) -> None:
    assert [row["document_id"] for row in rows(seeds_run / "articles.jsonl")] == sorted(p.name for p in SEEDS.iterdir())
    keys = [(row["document_id"], row["index"]) for row in rows(seeds_run / "segments.jsonl")]
    assert keys == sorted(keys)


def test_segments_partition_each_seed_to_the_character(seeds_run: Path) -> None:
    segments = rows(seeds_run / "segments.jsonl")
    for path in SEEDS.iterdir():
        text = path.read_bytes().decode("utf-8-sig")
        own = [row for row in segments if row["document_id"] == path.name]
        assert "".join(row["text"] for row in own) == text
        assert all(text[row["start"] : row["end"]] == row["text"] for row in own)


def test_roles_reasons_verdicts_and_themes_keep_to_their_words(seeds_run: Path) -> None:
    topics = {row["topic"] for row in rows(seeds_run / "topics.jsonl")}
    for row in rows(seeds_run / "segments.jsonl"):
        assert row["role"] in ROLES
        assert row["kept"] == (row["role"] in KEPT_ROLES)
        assert (row["reason"] is None) == row["kept"]
        assert row["role"] not in CUT_ROLES or re.match(r"[a-z_]+", row["reason"])
        assert row["on_topic"] in ("on", "off", "unsure")
        assert 0 <= row["relevance"] <= 1
        assert row["topic"] == -1 or row["topic"] in topics
        scores = [theme["score"] for theme in row["themes"]]
        assert scores == sorted(scores, reverse=True)
        assert {theme["theme"] for theme in row["themes"]} <= set(THEMES)


def test_run_json_counts_add_up(seeds_run: Path) -> None:
    run = json.loads((seeds_run / "run.json").read_text())
    assert run["counts"] == {"read": 5, "articles": 5, "quarantined": 0, "repeats": 0}
    assert run["encodings"] == {"utf-8": 5}
    assert [theme["id"] for theme in run["themes"]] == THEMES
    assert (seeds_run / "quarantine.jsonl").read_bytes() == b""


def test_the_seeds_are_on_the_subject_and_the_stories_after_seed_001_are_not(seeds_run: Path) -> None:
    verdicts = {row["document_id"][:3]: row["on_topic"] for row in rows(seeds_run / "articles.jsonl")}
    assert {verdicts[seed] for seed in ("000", "001", "002", "003")} == {"on"}
    assert verdicts["004"] in ("on", "unsure")
    teasers = [
        row
        for row in rows(seeds_run / "segments.jsonl")
        if row["document_id"].startswith("001") and row["role"] == "teaser"
    ]
    assert len(teasers) == 15
    assert {row["on_topic"] for row in teasers} == {"off"}
    assert [row["story"] for row in teasers] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]


def test_the_model_folder_is_whole_and_without_pickle(seeds_run: Path) -> None:
    names = {path.name for path in (seeds_run / "model").iterdir()}
    assert {"manifest.json", "config.toml", "README.md"} <= names
    assert {Path(name).suffix for name in names} <= {".json", ".toml", ".md", ".safetensors"}


def test_the_report_is_one_safe_file(seeds_run: Path) -> None:
    html = (seeds_run / "report.html").read_text(encoding="utf-8")
    policy = lxml.html.fromstring(html).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy
    assert "default-src 'none'" in policy[0]
    assert not re.search(r"""(?:src|href)=["'](?!#|https?://|data:|mailto:)""", html)
    assert "<script src" not in html


def test_a_finished_run_is_a_no_op_that_says_so(seeds_run: Path, toolkit: Command) -> None:
    before = (seeds_run / "run.json").read_bytes()
    formats = ("--format", "parquet", "--format", "csv", "--format", "jsonl")
    done = toolkit("run", SEEDS, "--out", seeds_run, *formats, cwd=seeds_run.parent)
    assert done.returncode == 0
    assert "finished already" in done.stderr
    assert (seeds_run / "run.json").read_bytes() == before


def test_another_models_results_are_refused_without_force(seeds_run: Path, toolkit: Command) -> None:
    done = toolkit("classify", SEEDS, "--out", seeds_run, cwd=seeds_run.parent)
    assert done.returncode == 2
    assert "--force" in done.stderr


def test_the_same_input_in_another_order_gives_the_same_bytes(
    seeds_run: Path, toolkit: Command, tmp_path: Path
) -> None:
    given = [f"seeds/{path.name}" for path in sorted(SEEDS.iterdir(), reverse=True)]
    formats = ("--format", "jsonl", "--format", "csv", "--format", "parquet")
    (tmp_path / "seeds").symlink_to(SEEDS)
    done = toolkit("run", *given, "--out", "out", *formats, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("articles", "segments", "topics"):
        for suffix in ("jsonl", "csv", "parquet"):
            assert (tmp_path / "out" / f"{name}.{suffix}").read_bytes() == (seeds_run / f"{name}.{suffix}").read_bytes()
    assert (tmp_path / "out" / "quarantine.jsonl").read_bytes() == (seeds_run / "quarantine.jsonl").read_bytes()
    for part in ("relevance.json", "themes.json", "topics.json", "topics.safetensors", "repeats.json", "config.toml"):
        ours, theirs = tmp_path / "out" / "model" / part, seeds_run / "model" / part
        assert ours.exists() == theirs.exists()
        assert not ours.exists() or ours.read_bytes() == theirs.read_bytes(), part


def test_classify_imports_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['toolkit', 'classify', sys.argv[1], '--out', 'out', '--quiet'];"
        "from toolkit.cli import main; main()"
    )
    watched = "bertopic umap numba hdbscan plotly torch sklearn pandas scipy altair trafilatura".split()
    script = f"import atexit, sys; atexit.register(lambda: print(*(set({watched!r}) & set(sys.modules)))); {code}"
    seed = next(SEEDS.glob("002*"))
    done = subprocess.run(
        [sys.executable, "-c", script, str(seed)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_every_engine_gives_the_same_bytes(engine: str, toolkit: Command, tmp_path: Path) -> None:
    if engine == "dask":
        pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    for name in ("serial", engine):
        done = toolkit(
            "classify", SEEDS, "--out", name, "--engine", name, "--workers", "2", "--format", "jsonl", cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
    for table in ("articles", "segments", "topics"):
        assert (tmp_path / "serial" / f"{table}.jsonl").read_bytes() == (
            tmp_path / engine / f"{table}.jsonl"
        ).read_bytes()


def test_one_by_one_and_in_a_batch_are_equal(toolkit: Command, tmp_path: Path) -> None:
    assert toolkit("classify", SEEDS, "--out", "all", "--format", "jsonl", cwd=tmp_path).returncode == 0
    together = {row["document_id"]: row for row in rows(tmp_path / "all" / "articles.jsonl")}
    for path in sorted(SEEDS.iterdir())[:2]:
        assert toolkit("classify", path, "--out", path.name, "--format", "jsonl", cwd=tmp_path).returncode == 0
        assert rows(tmp_path / path.name / "articles.jsonl") == [together[path.name]]


def test_another_process_engine_and_number_of_threads_write_the_same_report_tables_and_model(
    seeds_run: Path, toolkit_process: Command, tmp_path: Path
) -> None:
    options = ("--engine", "processes", "--workers", "2", "--format", "parquet", "--format", "csv", "--format", "jsonl")
    done = toolkit_process("run", f"{SEEDS}/", "--out", "out", *options, cwd=tmp_path, OMP_NUM_THREADS="2")
    assert done.returncode == 0, done.stderr
    made = {path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert made == {path.relative_to(seeds_run) for path in seeds_run.rglob("*") if path.is_file()}
    for path in sorted(made - {Path("run.json"), Path("ledger.sqlite")}):  # these two tell times and the engine
        assert (tmp_path / "out" / path).read_bytes() == (seeds_run / path).read_bytes(), path


def test_verdicts_near_the_line_are_explained_beside_the_tables(seeds_run: Path) -> None:
    articles = {row["document_id"]: row for row in rows(seeds_run / "articles.jsonl")}
    explained = {row["document_id"]: row for row in rows(seeds_run / "explanations.jsonl")}
    assert (
        {name for name, row in articles.items() if row["on_topic"] == "unsure"} <= explained.keys() <= articles.keys()
    )
    for name, row in explained.items():
        assert row["relevance"] == articles[name]["relevance"]
        sizes = [abs(reason["value"]) for reason in row["reasons"]]
        assert sizes == sorted(sizes, reverse=True)
        assert all(reason["name"] for reason in row["reasons"])
