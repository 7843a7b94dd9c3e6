"""Publishing: a file is there whole or not at all, and killed runs leave nothing that stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from toolkit.errors import ToolkitError
from toolkit.files import atomic_file, atomic_write_bytes, sweep_temporary


def test_a_file_appears_whole_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "a.json"
    with atomic_file(path) as stream:
        stream.write(b"one")
        assert not path.exists()
        assert [entry.name for entry in path.parent.iterdir()] == [f".a.json.tmp-{os.getpid()}"]
        assert sweep_temporary(path.parent) == []
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.json"
    atomic_write_bytes(path, b"old")

    def interrupted() -> None:
        with atomic_file(path) as stream:
            stream.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_killed_writer_leaves_the_old_file_and_a_sweepable_one(tmp_path):
    path = tmp_path / "a.json"
    atomic_write_bytes(path, b"old")
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom toolkit.files.publish import atomic_file\n"
        "with atomic_file(Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'new'); stream.flush(); print('written', flush=True); time.sleep(60)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"written\n"
    assert sweep_temporary(tmp_path) == []  # it is alive
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert path.read_bytes() == b"old"
    assert sweep_temporary(tmp_path) == [f".a.json.tmp-{writer.pid}"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_sweeping_takes_old_files_of_a_number_given_again_and_nothing_else(tmp_path):
    old = tmp_path / f".a.tmp-{os.getppid()}"
    for path in (old, tmp_path / f".b.tmp-{os.getpid()}", tmp_path / ".c.tmp-x", tmp_path / "d.tmp-1"):
        path.write_bytes(b"")
    assert sweep_temporary(tmp_path) == [f".b.tmp-{os.getpid()}"]
    os.utime(old, (time.time() - 90_000,) * 2)
    assert sweep_temporary(tmp_path) == [old.name]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".c.tmp-x", "d.tmp-1"]
    assert sweep_temporary(tmp_path / "none") == []


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    outside = tmp_path / "precious"
    outside.write_bytes(b"mine")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "run.json").symlink_to(outside)
    with pytest.raises(ToolkitError, match="outside its folder"):
        atomic_write_bytes(folder / "run.json", b"x")
    assert outside.read_bytes() == b"mine"
    (folder / "b").symlink_to(folder / "c")
    atomic_write_bytes(folder / "b", b"x")
    assert not (folder / "b").is_symlink()


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ToolkitError, match="cannot be written"):
        atomic_write_bytes(tmp_path / "file" / "a.json", b"x")
