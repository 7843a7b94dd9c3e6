"""Work for the engines in a module of its own: the processes that import it need not import the tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Squares:
    """Squares numbers; a negative one kills the process that meets it."""

    def __call__(self) -> Callable[[list[int]], list[int]]:
        def work(batch: list[int]) -> list[int]:
            if any(number < 0 for number in batch):
                os.kill(os.getpid(), signal.SIGKILL)
            return [number * number for number in batch]

        return work
