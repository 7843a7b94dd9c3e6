"""Model folders: JSON and safetensors under a manifest of hashes, published whole or not at all. No pickle."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from toolkit import __version__
from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    import numpy as np

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
_SWAP_SECONDS = 2.0  # for the moment between the two renames of a save; longer means it was killed there
_STALE_SECONDS = 24 * 3600  # for the writing before them
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "umap-learn", "hdbscan", "bertopic", "tokenizers", "pyarrow")


class Part(Protocol):
    """Anything a model is made of: a JSON-able dict and named arrays, enough to build it again."""

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]: ...


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model folder states of itself.

    Attributes
    ----------
    sha256 : identifies the model: the hash of manifest.json, with what changes no answer left out (see `save_parts`)
    standins : for files whose words may change while the model stays the same, what counts of them in `sha256`
    """

    folder: Path
    name: str
    sha256: str
    training: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    versions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    seed: int = 0
    toolkit_version: str = ""
    standins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that can change a result, without importing them."""
    versions = {"python": platform.python_version(), "toolkit": __version__}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def canonical_json(value: object) -> str:
    """JSON with sorted keys and a line end: equal values give equal bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"


def save_parts(
    folder: Path,
    parts: Mapping[str, Part],
    *,
    name: str,
    config_toml: str,
    card: str,
    training: Mapping[str, Any],
    seed: int,
    standins: Mapping[str, str] | None = None,
) -> Manifest:
    """Write a model folder whole or not at all; an older one of that name is replaced.

    Each part becomes `PART.json` and, where it has arrays, `PART.safetensors`. `standins` names files whose words may
    change while the model gives the same answers (people's names for topics); the string beside each counts in the
    hash that identifies the model, in the place of the file's own.
    """
    contents = _contents(parts)
    contents["config.toml"] = config_toml.encode()
    contents["README.md"] = card.encode()
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "toolkit_version": __version__,
        "versions": library_versions(),
        "files": {file: hashlib.sha256(content).hexdigest() for file, content in sorted(contents.items())},
        "standins": dict(standins or {}),
        "training": dict(training),
        "seed": seed,
    }
    contents[MANIFEST] = canonical_json(manifest).encode()
    _publish(folder, contents)
    return read_manifest(folder)


def replace_files(manifest: Manifest, contents: Mapping[str, bytes], standins: Mapping[str, str]) -> Manifest:
    """Give files of a saved model new contents, all of them or none; the other files stay as they are.

    Whoever reads the folder meanwhile finds the old model or the new one. Call it under `editing`.
    """
    folder = manifest.folder
    values = json.loads((folder / MANIFEST).read_bytes())
    values["files"].update({file: hashlib.sha256(content).hexdigest() for file, content in contents.items()})
    values["standins"] = {**values.get("standins", {}), **standins}
    kept = {name: (folder / name).read_bytes() for name in manifest.files if name not in contents}
    _publish(folder, {**kept, **contents, MANIFEST: canonical_json(values).encode()})
    return read_manifest(folder)


@contextmanager
def editing(folder: Path) -> Iterator[None]:
    """Hold the place of a model folder against other edits (on Windows the last of two edits at once wins)."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    place = os.open(folder.absolute().parent, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _publish(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Put a folder of these files in the place of `folder`."""
    recover(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.parent / f".{folder.name}.new-{os.getpid()}"
    old = folder.parent / f".{folder.name}.old-{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        for file_name, content in contents.items():
            _write_synced(fresh / file_name, content)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        recover(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _contents(parts: Mapping[str, Part]) -> dict[str, bytes]:
    from safetensors.numpy import save

    contents: dict[str, bytes] = {}
    for name, part in sorted(parts.items()):
        values, arrays = part.state()
        contents[f"{name}.json"] = canonical_json(values).encode()
        if arrays:
            contents[f"{name}.safetensors"] = save(dict(sorted(arrays.items())))
    return contents


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def recover(folder: Path) -> None:
    """Undo what a killed save left behind: the old model back in its place, half-written ones away.

    What a save that is still going on has written is left to it; the moment in which it has moved the old model away
    and not yet put the new one there is waited out.
    """
    if not folder.parent.is_dir():
        return
    while not folder.exists() and _left(folder, "old", _SWAP_SECONDS)[0]:
        time.sleep(0.005)
    for old in _left(folder, "old", _SWAP_SECONDS)[1]:
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(folder)
    for fresh in _left(folder, "new", _STALE_SECONDS)[1]:
        shutil.rmtree(fresh, ignore_errors=True)


def _left(folder: Path, kind: str, seconds: float) -> tuple[list[Path], list[Path]]:
    """The hidden folders of saves of `folder` that are going on, and those of saves that were killed."""
    found = sorted(folder.parent.glob(f".{folder.name}.{kind}-*"))
    under_way = [path for path in found if _is_under_way(path, seconds)]
    return under_way, [path for path in found if path not in under_way]


def _is_under_way(path: Path, seconds: float) -> bool:
    """Whether another living process has the number in the name, and the folder is at most `seconds` old there."""
    number = path.name.rpartition("-")[2]
    if not number.isdigit() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # alive, another user's
    try:
        return time.time() - path.stat().st_ctime < seconds  # numbers of processes are given again
    except OSError:
        return False


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model folder.

    Raises
    ------
    ToolkitError
        Exit code 2 where there is no model, 4 where it is of another schema or cannot be understood.
    """
    recover(folder)
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ToolkitError(
            f"{folder}: no model here ({MANIFEST} is missing). `toolkit models list` names the models there are."
        ) from error
    try:
        values = json.loads(content)
        schema = values["schema_version"]
        manifest = Manifest(
            folder=folder,
            name=str(values["name"]),
            sha256=_identity(values, content),
            training=values["training"],
            versions=values["versions"],
            files=values["files"],
            seed=values["seed"],
            toolkit_version=values["toolkit_version"],
            standins=values.get("standins", {}),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ToolkitError(f"{path}: not a model manifest ({error}). Train the model again.", exit_code=4) from error
    if schema != SCHEMA_VERSION:
        raise ToolkitError(
            f"{folder}: the model has schema version {schema}, this toolkit {__version__} reads {SCHEMA_VERSION}. "
            "Train the model again, or use the toolkit version that wrote it "
            f"({manifest.toolkit_version}).",
            exit_code=4,
        )
    return manifest


def _identity(values: Mapping[str, Any], content: bytes) -> str:
    """The hash that identifies a model: of its manifest, with the stand-ins for the hashes of the files that have one.

    A manifest without stand-ins is identified by its bytes.
    """
    standins = values.get("standins")
    if not standins:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(canonical_json({**values, "files": {**values["files"], **standins}}).encode()).hexdigest()


def problems(manifest: Manifest) -> list[str]:
    """What is wrong with a model's files: missing, changed, or not named in the manifest. Empty when sound."""
    found = []
    for name, expected in sorted(manifest.files.items()):
        path = manifest.folder / name
        if Path(name).name != name or not path.is_file():
            found.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            found.append(f"{name} was changed after the model was saved")
    known = {*manifest.files, MANIFEST}
    found += [
        f"{path.name} does not belong here" for path in sorted(manifest.folder.iterdir()) if path.name not in known
    ]
    return found


def load_part(manifest: Manifest, part: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The JSON values and arrays of one part, their hashes checked.

    Raises
    ------
    ToolkitError
        Exit code 4 where a file is missing or does not have the hash the manifest states.
    """
    values = json.loads(_checked(manifest, f"{part}.json"))
    arrays: dict[str, np.ndarray] = {}
    if f"{part}.safetensors" in manifest.files:
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            arrays = load(_checked(manifest, f"{part}.safetensors"))
        except SafetensorError as error:
            raise ValueError(f"{part}.safetensors: {error}") from error
    return values, arrays


def load_text(manifest: Manifest, name: str) -> str:
    """A text file of the model folder, its hash checked."""
    return _checked(manifest, name).decode()


def _checked(manifest: Manifest, name: str) -> bytes:
    try:
        content = (manifest.folder / name).read_bytes()
    except OSError as error:
        raise ToolkitError(f"{manifest.folder / name}: cannot be read: {error.strerror}.", exit_code=4) from error
    if hashlib.sha256(content).hexdigest() != manifest.files.get(name):
        raise ToolkitError(
            f"{manifest.folder / name}: not the file the manifest describes (its hash differs). "
            "Restore the model folder or train the model again.",
            exit_code=4,
        )
    return content


def shipped_folder(kind: str) -> Path:
    """Where the package keeps its own `configs` or `models`: inside the wheel, or beside it in a checkout."""
    inside = Path(__file__).parent / "shipped" / kind
    return inside if inside.is_dir() else Path(__file__).parent.parent / kind


def model_folders(places: Sequence[Path]) -> list[Path]:
    """Folders under `places` that hold a model, by name; the first place wins where a name is there twice."""
    found: dict[str, Path] = {}
    for place in places:
        if place.is_dir():
            for path in sorted(place.iterdir()):
                if (path / MANIFEST).is_file():
                    found.setdefault(path.name, path)
    return [found[name] for name in sorted(found)]


def find_model(name: str) -> Path:
    """The folder of a model given by path or by name (`models/NAME` here first, then the shipped ones)."""
    as_path = Path(name)
    recover(as_path)
    if (as_path / MANIFEST).is_file():
        return as_path
    places = [Path("models"), shipped_folder("models")]
    for place in places:
        recover(place / name)
        if Path(name).name == name and (place / name / MANIFEST).is_file():
            return place / name
    import difflib

    known = [path.name for path in model_folders(places)]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Known models: {', '.join(known) or 'none'}."
    raise ToolkitError(f"{name}: no such model, neither a folder nor a name under models/. {hint}")
