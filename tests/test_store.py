"""Model folders are whole or not there, and changed ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolkit.errors import ToolkitError
from toolkit.store import find_model, load_part, problems, read_manifest, recover, save_parts

NOBODY = 2**30  # more than any process number


class Weights:
    def __init__(self, values: list[float]) -> None:
        self.values = values

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {"kind": "weights", "größe": 1}, {"values": np.array(self.values, dtype=np.float32)}


def save(folder: Path, values: list[float]) -> None:
    save_parts(folder, {"weights": Weights(values)}, name=folder.name, config_toml="", card="# m", training={}, seed=0)


def test_a_saved_part_comes_back(tmp_path: Path) -> None:
    save(tmp_path / "m", [1.5, 2.0])
    values, arrays = load_part(read_manifest(tmp_path / "m"), "weights")
    assert values == {"kind": "weights", "größe": 1}
    assert arrays["values"].tolist() == [1.5, 2.0]


def test_the_same_model_has_the_same_bytes(tmp_path: Path) -> None:
    save(tmp_path / "a" / "m", [1.0])
    save(tmp_path / "b" / "m", [1.0])
    for one in sorted((tmp_path / "a" / "m").iterdir()):
        assert one.read_bytes() == (tmp_path / "b" / "m" / one.name).read_bytes()


def test_saving_replaces_the_older_model_and_leaves_nothing_behind(tmp_path: Path) -> None:
    save(tmp_path / "m", [1.0])
    save(tmp_path / "m", [2.0])
    assert load_part(read_manifest(tmp_path / "m"), "weights")[1]["values"].tolist() == [2.0]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_save_killed_between_its_two_renames_is_undone(tmp_path: Path) -> None:
    save(tmp_path / "m", [1.0])
    (tmp_path / "m").rename(tmp_path / f".m.old-{NOBODY}")
    (tmp_path / f".m.new-{NOBODY}").mkdir()
    assert find_model(str(tmp_path / "m")) == tmp_path / "m"
    recover(tmp_path / "m")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("name", ["weights.json", "weights.safetensors"])
def test_a_changed_file_is_refused_with_exit_code_4(tmp_path: Path, name: str) -> None:
    save(tmp_path / "m", [1.0])
    path = tmp_path / "m" / name
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with pytest.raises(ToolkitError, match=name) as error:
        load_part(read_manifest(tmp_path / "m"), "weights")
    assert error.value.exit_code == 4
    assert problems(read_manifest(tmp_path / "m")) == [f"{name} was changed after the model was saved"]


def test_a_newer_schema_is_refused_with_exit_code_4(tmp_path: Path) -> None:
    save(tmp_path / "m", [1.0])
    manifest = tmp_path / "m" / "manifest.json"
    values = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**values, "schema_version": 99}))
    with pytest.raises(ToolkitError, match="schema version 99") as error:
        read_manifest(tmp_path / "m")
    assert error.value.exit_code == 4


def test_a_manifest_that_is_no_json_is_refused_with_exit_code_4(tmp_path: Path) -> None:
    save(tmp_path / "m", [1.0])
    (tmp_path / "m" / "manifest.json").write_text("{")
    with pytest.raises(ToolkitError) as error:
        read_manifest(tmp_path / "m")
    assert error.value.exit_code == 4


def test_an_unknown_model_is_answered_with_the_nearest_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "models" / "durian", [1.0])
    with pytest.raises(ToolkitError, match="Did you mean durian"):
        find_model("durain")


def test_arrays_that_cannot_be_read_are_the_models_fault_and_not_the_programs(tmp_path: Path) -> None:
    import hashlib

    save(tmp_path / "m", [1.0])
    cut = (tmp_path / "m" / "weights.safetensors").read_bytes()[:20]
    (tmp_path / "m" / "weights.safetensors").write_bytes(cut)
    manifest = json.loads((tmp_path / "m" / "manifest.json").read_text())
    manifest["files"]["weights.safetensors"] = hashlib.sha256(cut).hexdigest()
    (tmp_path / "m" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"weights\.safetensors"):
        load_part(read_manifest(tmp_path / "m"), "weights")
