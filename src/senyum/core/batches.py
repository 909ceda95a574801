"""Awaited requests, gathered by the event loop into one durable commit: the sibling of `core.gather` for ASGI."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import structlog
from django.db import connection

log = structlog.get_logger(__name__)
Item = TypeVar("Item")
Answer = TypeVar("Answer")

#: When several came together just now, the next batch waits so long (seconds) for as many. Whoever comes alone never
#: waits: PostgreSQL's commit_delay and commit_siblings, in the place where requests are seen.
COMPANY_SECONDS = 0.001
#: Longer ago (seconds) it was not "just now".
LATELY_SECONDS = 0.010


class Failed(Exception):
    """The batch of this item failed; nothing was changed."""


class Batches(Generic[Item, Answer]):
    """Gathers awaited items into batches for `run`, one batch at a time, in a thread of its own."""

    def __init__(self, run: Callable[[Sequence[Item]], Sequence[Answer]], limit: int) -> None:
        self._run = run
        self._limit = limit
        self._queue: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._busy = False
        self._task: asyncio.Task[None] | None = None
        #: So many were under way together, and when that ended.
        self._lately = (0, 0.0)
        self._expected = 0
        self._company: asyncio.Future[None] | None = None
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=f"hot-{run.__name__}")

    async def submit(self, item: Item) -> Answer:
        """The item's answer, after its commit. Raises Failed when its batch failed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._queue.append((item, future))
        if not self._busy:
            self._busy = True
            self._task = loop.create_task(self._work(loop))
        elif self._company is not None and len(self._queue) >= self._expected:
            _wake(self._company)
        return await future

    async def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while self._queue:
                await self._wait_for_company(loop)
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._limit))]
                try:
                    answers = await loop.run_in_executor(self.thread, self._guarded, [item for item, _f in batch])
                except Exception:
                    for _item, future in batch:
                        if not future.done():
                            future.set_exception(Failed())
                    continue
                self._lately = (min(self._limit, len(batch) + len(self._queue)), time.monotonic())
                for (_item, future), answer in zip(batch, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)
        finally:
            self._busy = False

    async def _wait_for_company(self, loop: asyncio.AbstractEventLoop) -> None:
        together, ended = self._lately
        if together < 2 or len(self._queue) >= together or time.monotonic() - ended > LATELY_SECONDS:
            return
        self._expected, self._company = together, loop.create_future()
        timer = loop.call_later(COMPANY_SECONDS, _wake, self._company)
        try:
            await self._company
        finally:
            timer.cancel()
            self._company = None

    def _guarded(self, items: list[Item]) -> Sequence[Answer]:
        try:
            return self._run(items)
        except Exception as error:
            # The caller asks each alone; a broken connection is not used again.
            log.warning("hot.batch.failed", batch=self._run.__name__, error=type(error).__name__, size=len(items))
            connection.close()
            raise


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
