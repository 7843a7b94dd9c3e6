"""Files that appear whole or not at all: written beside their place, synced, then renamed into it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from toolkit.errors import ToolkitError

_TEMPORARY = re.compile(r"\.(.+)\.tmp-(\d+)")
_STALE_SECONDS = 24 * 3600
"""A temporary file this old is swept even where a process with its number is alive: numbers are given again."""
_under_way: set[str] = set()


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A binary stream whose content becomes `path` when the block ends well, and vanishes when it does not.

    Readers see the old file or the new one, whole; after the block the new one survives a power cut. Until then
    it is `.NAME.tmp-PID` beside `path`, which `sweep_temporary` recognises.

    Raises
    ------
    ToolkitError
        Where `path` is a link that leads out of its folder, or the folder cannot be written to.
    """
    if path.is_symlink() and path.resolve().parent != path.parent.resolve():
        raise ToolkitError(f"{path}: a link to {path.readlink()}, outside its folder. Remove the link first.")
    temporary = path.parent / f".{path.name}.tmp-{os.getpid()}"
    key = os.path.abspath(temporary)  # noqa: PTH100 - a key, not a path to open
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        stream: BinaryIO = temporary.open("xb")
    except OSError as error:
        raise ToolkitError(f"{path}: cannot be written: {error.strerror}.") from error
    _under_way.add(key)
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        _under_way.discard(key)


def atomic_write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with atomic_file(path) as stream:
        stream.write(data)


def sweep_temporary(folder: Path) -> list[str]:
    """Remove temporary files that killed runs left in `folder`; their names, sorted. Those of live ones stay."""
    removed = []
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            match = _TEMPORARY.fullmatch(path.name)
            if match and path.is_file() and not path.is_symlink() and _is_stale(path, int(match.group(2))):
                path.unlink(missing_ok=True)
                removed.append(path.name)
    return removed


def _is_stale(path: Path, pid: int) -> bool:
    if pid == os.getpid():
        return os.path.abspath(path) not in _under_way  # noqa: PTH100 - as written in atomic_file
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass  # alive, another user's
    try:
        return time.time() - path.stat().st_mtime > _STALE_SECONDS
    except OSError:
        return False


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # Windows opens no folders
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # some network file systems cannot
    finally:
        os.close(descriptor)
