"""Numbers and words as the page carries them: typed arrays and JSON, deflated, in base64."""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(slots=True)
class Columns:
    """Arrays of numbers, to be laid one after the other in one stream, widest first so that each is aligned."""

    arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def add(self, name: str, values: Sequence[int], *, most: int) -> None:
        """A column of whole numbers from 0 to `most`."""
        kind = "<u1" if most <= 0xFF else "<u2" if most <= 0xFFFF else "<u4"
        self.arrays[name] = np.asarray(values, dtype=kind)

    def add_lists(self, name: str, values: Sequence[Sequence[int]], *, most: int) -> None:
        """A column of lists: how long each is, and all of them joined."""
        short = [held[:0xFF] for held in values]
        self.add(f"{name}_n", [len(held) for held in short], most=0xFF)
        self.add(name, [value for held in short for value in held], most=most)

    def layout(self) -> list[list[object]]:
        """Name, bytes a number and length of each, in the order they are laid."""
        return [[name, array.itemsize, len(array)] for name, array in self._sorted()]

    def content(self) -> bytes:
        return b"".join(array.tobytes() for _, array in self._sorted())

    def _sorted(self) -> list[tuple[str, np.ndarray[Any, Any]]]:
        return sorted(self.arrays.items(), key=lambda item: -item[1].itemsize)


def as_json(value: object) -> bytes:
    """The value as short JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def deflated(content: bytes, *, level: int = 9) -> str:
    """The content as a raw deflate stream in base64: nothing that a page could read as markup."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return b64encode(packer.compress(content) + packer.flush()).decode()
