"""Every engine gives the same answers in the same order, also when a worker dies."""

from __future__ import annotations

import pytest
from squares import Squares

from toolkit.engines import PARALLEL_FROM_BYTES, choose_engine, map_batches
from toolkit.errors import ToolkitError


def squares(batches: list[list[int]], engine: str, *, scheduler: str | None = None) -> list[list[int]]:
    def died(number: int) -> int:
        return 10_000 - number

    return list(map_batches(Squares(), batches, engine=engine, workers=2, on_death=died, scheduler=scheduler))


BATCHES = [[1, 2], [3], [], [4, 5, 6]]
EXPECTED = [[1, 4], [9], [], [16, 25, 36]]


@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_results_come_in_the_order_of_the_batches(engine: str) -> None:
    assert squares(BATCHES, engine) == EXPECTED


def test_a_running_dask_scheduler_gives_the_same_answers() -> None:
    """Workers that Dask starts by itself are in the contract of the commands."""
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    with distributed.LocalCluster(1, processes=False, threads_per_worker=1, dashboard_address=None) as cluster:
        assert squares(BATCHES, "dask", scheduler=cluster.scheduler_address) == EXPECTED


def test_an_item_that_kills_its_worker_is_set_aside_and_the_rest_is_done() -> None:
    assert squares([[1, 2], [3, -1], [5]], "processes") == [[1, 4], [9, 10_001], [25]]


def test_auto_stays_serial_for_small_input_and_on_one_core() -> None:
    assert choose_engine("auto", n_bytes=PARALLEL_FROM_BYTES - 1, workers=4) == ("serial", 1)
    assert choose_engine("auto", n_bytes=PARALLEL_FROM_BYTES, workers=4) == ("processes", 4)
    assert choose_engine("auto", n_bytes=PARALLEL_FROM_BYTES, workers=1) == ("serial", 1)


def test_an_unknown_engine_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ToolkitError, match="serial, processes, dask"):
        choose_engine("spark", n_bytes=0, workers=None)
