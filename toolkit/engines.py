"""Ways to run one pure batch function over many batches: serially, in processes, or on Dask.

The worker function takes a batch and returns its result; it is made once per process from a picklable recipe, so
that a model is loaded once and not sent with each batch. Results come back in the order of the batches.
"""

from __future__ import annotations

import importlib.util
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, TypeVar

from toolkit.errors import ToolkitError

Item = TypeVar("Item")
Result = TypeVar("Result")

ENGINES = ("auto", "serial", "processes", "dask")
PARALLEL_FROM_BYTES = 20_000_000
"""Below this much input one process is faster than starting several (measured for research/scale_reliability)."""
_MAX_DEATHS = 2


class Recipe(Protocol[Item, Result]):
    """Makes the batch function inside the process that will run it. Hashable and picklable: a frozen dataclass."""

    def __call__(self) -> Callable[[list[Item]], list[Result]]: ...


_made: dict[object, Callable[[list[Any]], list[Any]]] = {}


def _run(recipe: Recipe[Item, Result], batch: list[Item]) -> list[Result]:
    if recipe not in _made:
        _made.clear()  # one model at a time is enough memory
        _made[recipe] = recipe()
    return _made[recipe](batch)


def choose_engine(engine: str, *, n_bytes: int, workers: int | None) -> tuple[str, int]:
    """The engine and number of workers to use: `auto` takes processes for large input on several cores."""
    if engine not in ENGINES:
        raise ToolkitError(f"--engine {engine}: not one of {', '.join(ENGINES)}.")
    if engine == "dask" and importlib.util.find_spec("distributed") is None:
        raise ToolkitError("--engine dask needs the extra: pip install 'article-toolkit[dask]'.")
    if workers is not None and workers < 1:
        raise ToolkitError(f"--workers {workers}: at least 1 is needed.")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    count = workers if workers is not None else cores
    if engine == "auto":
        engine = "processes" if count > 1 and n_bytes >= PARALLEL_FROM_BYTES else "serial"
    return engine, 1 if engine == "serial" else count


def map_batches(
    recipe: Recipe[Item, Result],
    batches: Iterable[list[Item]],
    *,
    engine: str,
    workers: int,
    on_death: Callable[[Item], Result],
    scheduler: str | None = None,
) -> Iterator[list[Result]]:
    """Results of `recipe()(batch)` for each batch, in order, a bounded number of batches in memory.

    `on_death` gives the result of a single item that killed the process working on it twice.
    """
    if engine == "serial":
        work = recipe()
        for batch in batches:
            yield work(batch)
    elif engine == "processes":
        yield from _processes(recipe, batches, workers=workers, on_death=on_death)
    else:
        yield from _dask(recipe, batches, workers=workers, scheduler=scheduler)


def _pool(workers: int) -> ProcessPoolExecutor:
    import multiprocessing

    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _processes(
    recipe: Recipe[Item, Result],
    batches: Iterable[list[Item]],
    *,
    workers: int,
    on_death: Callable[[Item], Result],
) -> Iterator[list[Result]]:
    waiting: deque[tuple[list[Item], Future[list[Result]]]] = deque()
    pool = _pool(workers)
    try:
        for batch in batches:
            waiting.append((batch, _submit(pool, recipe, batch)))
            if len(waiting) > 2 * workers:
                result, pool = _take(pool, recipe, waiting, workers=workers, on_death=on_death)
                yield result
        while waiting:
            result, pool = _take(pool, recipe, waiting, workers=workers, on_death=on_death)
            yield result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _submit(pool: ProcessPoolExecutor, recipe: Recipe[Item, Result], batch: list[Item]) -> Future[list[Result]]:
    try:
        return pool.submit(_run, recipe, batch)
    except BrokenProcessPool as error:
        future: Future[list[Result]] = Future()
        future.set_exception(error)
        return future


def _take(
    pool: ProcessPoolExecutor,
    recipe: Recipe[Item, Result],
    waiting: deque[tuple[list[Item], Future[list[Result]]]],
    *,
    workers: int,
    on_death: Callable[[Item], Result],
) -> tuple[list[Result], ProcessPoolExecutor]:
    batch, future = waiting.popleft()
    try:
        return future.result(), pool
    except BrokenProcessPool:
        # One death breaks the whole pool and does not say who died: the oldest batch is tried alone,
        # the others go to a new pool.
        pool.shutdown(wait=False, cancel_futures=True)
        result = _alone(recipe, batch, on_death=on_death)
        pool = _pool(workers)
        again = [waiting_batch for waiting_batch, _ in waiting]
        waiting.clear()
        waiting.extend((waiting_batch, _submit(pool, recipe, waiting_batch)) for waiting_batch in again)
        return result, pool


def _alone(recipe: Recipe[Item, Result], batch: list[Item], *, on_death: Callable[[Item], Result]) -> list[Result]:
    """Run one batch in a process of its own; one that kills it twice is halved down to the guilty item."""
    for _ in range(_MAX_DEATHS):
        with _pool(1) as pool:
            try:
                return pool.submit(_run, recipe, batch).result()
            except BrokenProcessPool:
                continue
    if len(batch) == 1:
        return [on_death(batch[0])]
    middle = len(batch) // 2
    return [
        *_alone(recipe, batch[:middle], on_death=on_death),
        *_alone(recipe, batch[middle:], on_death=on_death),
    ]


def _dask(
    recipe: Recipe[Item, Result], batches: Iterable[list[Item]], *, workers: int, scheduler: str | None
) -> Iterator[list[Result]]:
    from distributed import Client, LocalCluster

    if scheduler is not None:
        with Client(scheduler, timeout="30s") as client:
            yield from _on_client(client, recipe, batches, workers=workers)
        return
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        yield from _on_client(client, recipe, batches, workers=workers)


def _on_client(
    client: Any, recipe: Recipe[Item, Result], batches: Iterable[list[Item]], *, workers: int
) -> Iterator[list[Result]]:
    waiting: deque[Any] = deque()
    for batch in batches:
        waiting.append(client.submit(_run, recipe, batch, pure=False, retries=3))
        if len(waiting) > 2 * workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
