"""Which files an input means: files, folders, globs and standard input become a sorted list of sources."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.errors import ToolkitError

FORMATS = {
    ".txt": "text",
    ".md": "text",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pdf": "pdf",
    ".warc": "warc",
}
"""Suffix → format. All but parquet and pdf may carry a further `.gz`."""
_NEVER_PACKED = ("parquet", "pdf")
_WHOLE_FILE = ("text", "html", "pdf")
STDIN_NAME = "stdin"
_SNIFFED_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read.

    `name` is what results and errors call it, and the stem of the ids of records that have none of their own:
    the path relative to the input folder (the file's name for a single file, `stdin` for `-`), prefixed by
    the input's name where two would collide. Never absolute, always with "/".
    """

    path: Path
    name: str
    format: str
    is_gzip: bool = False

    @property
    def suffix(self) -> str:
        """The suffix in lower case, `.gz` included (".jsonl.gz"); "" where the name has none."""
        suffix = Path(self.name).suffix.lower()
        return Path(self.name[: -len(suffix)]).suffix.lower() + suffix if suffix == ".gz" else suffix

    def derived_id(self, row: int) -> str:
        """The id of record number `row` (from 1) when it states none: `name`, or `name#row` for tables and lists."""
        return self.name if self.format in _WHOLE_FILE else f"{self.name}#{row}"


@dataclass(frozen=True)
class Sources(Sequence[Source]):
    """The sources an input means, sorted by name; `skipped` are files of unknown kinds found in folders."""

    sources: tuple[Source, ...]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[Source]:
        return iter(self.sources)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # two overloads say no more than this
        return self.sources[index]


@dataclass(frozen=True, slots=True)
class _Found:
    """A file met on the way: `parts` is its name so far, `above` the folders that could still prefix it."""

    path: Path
    parts: tuple[str, ...]
    above: tuple[str, ...]


def expand_inputs(inputs: Sequence[str], *, exclude: Sequence[Path] = (), stdin: Path | None = None) -> Sources:
    """The files that `inputs` mean, each once, sorted by name whatever the order given.

    A folder is searched through and through: hidden files, files of unknown kinds and everything under
    `exclude` are left out, links are followed once. A glob means the files and folders it matches, as if each
    had been given. `-` means the file `stdin`, to which the caller has copied standard input.

    Raises
    ------
    ToolkitError
        Exit code 2 for an input that does not exist or a glob that matches nothing.
    """
    excluded = {Path(os.path.realpath(path)) for path in exclude}
    found: list[_Found] = []
    skipped: set[str] = set()
    piped: list[Source] = []
    for given in inputs:
        if given == "-":
            if stdin is None:
                raise ValueError("`-` among the inputs, but no file holds standard input")
            piped = [stdin_source(stdin)]
            continue
        for path in _matches(given):
            if path.is_dir():
                inside, unknown = _walk(path, excluded)
                found += inside
                skipped.update(unknown)
            else:
                absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the link's name away
                found.append(_Found(path, (absolute.name,), absolute.parent.parts[1:]))
    named = _named(_each_once(found))
    sources = [_source(entry.path, _display("/".join(entry.parts))) for entry in named] + piped
    return Sources(tuple(sorted(sources, key=lambda source: (source.name, str(source.path)))), tuple(sorted(skipped)))


def stdin_source(path: Path) -> Source:
    """The source for standard input, copied to `path` by the caller; its format is told from its first bytes."""
    return _sniffed(Source(path, STDIN_NAME, "text"))


def _matches(given: str) -> list[Path]:
    path = Path(given)
    if given and path.exists():
        if not path.is_file() and not path.is_dir():
            raise ToolkitError(f"{given}: neither a file nor a folder. Pipe it in instead, with `-` as the input.")
        return [path]
    if glob.has_magic(given):
        matched = [Path(match) for match in glob.glob(given, recursive=True)]  # noqa: PTH207 - `given` may be absolute
        if matched:
            return sorted(match for match in matched if match.is_file() or match.is_dir())
        raise ToolkitError(f"{given}: no file matches. Quote the pattern, and mind that hidden files are left out.")
    raise ToolkitError(f"{given or '(empty)'}: no such file or folder. {_hint(path)}")


def _hint(path: Path) -> str:
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        path, folder = folder, folder.parent
    try:
        names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        names = []
    lowered = {name.lower(): name for name in reversed(names)}
    near = [lowered[match] for match in difflib.get_close_matches(path.name.lower(), lowered, n=3, cutoff=0.6)]
    if near:
        return f"Did you mean {' or '.join(_display(str(folder / name)) for name in near)}?"
    listed = ", ".join(_display(name) for name in names[:5]) or "nothing"
    where = "This folder" if folder == Path() else _display(str(folder))
    return f"{where} holds {listed}{', …' if len(names) > 5 else ''}."


def _walk(folder: Path, excluded: set[Path]) -> tuple[list[_Found], list[str]]:
    """Files of known kinds under `folder`, and the names of the others.

    Real folders are walked before links to folders, and none twice, so a loop of links ends and every file is
    found under its real name whatever the order of the directory entries.
    """
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - keeps the name the person gave
    above = absolute.parts[1:]
    found: list[_Found] = []
    skipped: list[str] = []
    seen: set[str] = set()
    waiting = [absolute]
    while waiting:
        links: list[Path] = []
        for start in sorted(waiting):
            for here, folders, files in os.walk(start):
                real = os.path.realpath(here)
                if real in seen or Path(real) in excluded:
                    folders.clear()
                    continue
                seen.add(real)
                visible = sorted(name for name in folders if not name.startswith("."))
                links += [Path(here, name) for name in visible if Path(here, name).is_symlink()]
                folders[:] = [name for name in visible if not Path(here, name).is_symlink()]
                for name in sorted(files):
                    path = Path(here, name)
                    if name.startswith(".") or Path(os.path.realpath(path)) in excluded or not path.is_file():
                        continue
                    parts = path.relative_to(absolute).parts
                    if _format_of(name) is None:
                        skipped.append(_display("/".join(parts)))
                    else:
                        found.append(_Found(path, parts, above))
        waiting = links
    return found, skipped


def _each_once(found: Sequence[_Found]) -> list[_Found]:
    """One entry per file on disk: the one with the longest name, so that giving a folder and a file of it again
    names it as the folder does."""
    best: dict[str, _Found] = {}
    for entry in sorted(
        found, key=lambda entry: (-len(entry.parts), entry.path.is_symlink(), entry.parts, entry.above)
    ):
        best.setdefault(os.path.realpath(entry.path), entry)
    return list(best.values())


def _named(found: Sequence[_Found]) -> list[_Found]:
    """The same entries, each name that occurs twice lengthened by the folder above until none does."""
    entries = list(found)
    while True:
        counts: dict[tuple[str, ...], int] = {}
        for entry in entries:
            counts[entry.parts] = counts.get(entry.parts, 0) + 1
        lengthened = [
            replace(entry, parts=(entry.above[-1], *entry.parts), above=entry.above[:-1])
            if counts[entry.parts] > 1 and entry.above
            else entry
            for entry in entries
        ]
        if lengthened == entries:
            return entries
        entries = lengthened


def _display(name: str) -> str:
    """`name` as text: bytes that are not UTF-8 (possible in file names) become U+FFFD."""
    return os.fsencode(name).decode("utf-8", "replace")


def _format_of(name: str) -> tuple[str, bool] | None:
    """The format and whether it is packed, by the suffix; None where the suffix is unknown."""
    lowered = name.lower()
    is_gzip = lowered.endswith(".gz")
    format_name = FORMATS.get(Path(lowered.removesuffix(".gz")).suffix)
    if format_name is None or (is_gzip and format_name in _NEVER_PACKED):
        return None
    return format_name, is_gzip


def _source(path: Path, name: str) -> Source:
    known = _format_of(path.name)
    if known is None:
        return _sniffed(Source(path, name, "text"))
    return Source(path, name, *known)


def _sniffed(source: Source) -> Source:
    """The source with its format told from the first bytes: for standard input and files of unknown suffix."""
    try:
        with source.path.open("rb") as stream:
            head = stream.read(_SNIFFED_BYTES)
    except OSError:
        return source  # the reader says why
    is_gzip = head.startswith(b"\x1f\x8b")
    if is_gzip:
        import zlib

        try:
            head = zlib.decompressobj(wbits=31).decompress(head, _SNIFFED_BYTES)
        except zlib.error:
            head = b""
    return replace(source, format=_sniffed_format(head), is_gzip=is_gzip)


def _sniffed_format(head: bytes) -> str:
    for magic, format_name in ((b"PAR1", "parquet"), (b"%PDF-", "pdf"), (b"WARC/", "warc")):
        if head.startswith(magic):
            return format_name
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"[{") or (start.startswith(b"[") and start[1:].lstrip().startswith(b"{")):
        return "json"
    if start.startswith(b"{") and b'"' in start[:100]:
        first, separator, _ = start.partition(b"\n")
        return "json" if separator and not first.rstrip().endswith(b"}") else "jsonl"
    lowered = start[:200].lower()
    return "html" if lowered.startswith((b"<!doctype html", b"<html")) else "text"
