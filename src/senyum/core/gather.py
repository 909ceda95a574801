"""Requests on one hot row, gathered into one durable commit.

One by one, a hot row stays locked until each commit is flushed. Here the first request that comes
leads: it takes everything that queued up meanwhile into one batch, runs it, hands out the answers and
passes the lead on. An answer is handed out only after its commit. Nobody waits for company: a lone
request runs at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Slot(Generic[Item, Answer]):
    __slots__ = ("answer", "done", "error", "item", "woken")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.done = False
        self.woken = threading.Lock()
        self.woken.acquire()


class Gatherer(Generic[Item, Answer]):
    """Gathers concurrent `submit(item)` calls into batches of at most `limit` for `run(items) -> answers`.

    `run` returns one answer or exception per item, in order, after its commit; when it raises, every
    item of the batch is run alone once, so that one bad item cannot spoil the others.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Sequence[Answer | BaseException]], *, limit: int = 64) -> None:
        self._run = run
        self._limit = limit
        self._led = False
        self._queue: deque[_Slot[Item, Answer]] = deque()
        self._lock = threading.Lock()

    def submit(self, item: Item) -> Answer:
        """The answer to `item`. Raises what `run` gave or raised for it."""
        slot: _Slot[Item, Answer] = _Slot(item)
        with self._lock:
            self._queue.append(slot)
            leads = not self._led
            self._led = True
        if not leads:
            slot.woken.acquire()
        # Woken either with an answer or, without one, as the next leader.
        if not slot.done:
            self._lead(slot)
        if slot.error is not None:
            raise slot.error
        return slot.answer  # type: ignore[return-value]  # done without error: run gave an Answer

    def _lead(self, own: _Slot[Item, Answer]) -> None:
        """Run batches until the own answer is there, then pass the lead on or lay it down."""
        while not own.done:
            with self._lock:
                count = min(len(self._queue), self._limit)
                batch = [self._queue.popleft() for _ in range(count)]
            self._work(batch)
            for slot in batch:
                if slot is not own:
                    slot.woken.release()
        with self._lock:
            heir = self._queue[0] if self._queue else None
            self._led = heir is not None
        if heir is not None:
            heir.woken.release()

    def _work(self, batch: list[_Slot[Item, Answer]]) -> None:
        try:
            answers = self._run([slot.item for slot in batch])
            for slot, answer in zip(batch, answers, strict=True):
                self._settle(slot, answer)
        except BaseException as error:
            if len(batch) == 1:
                self._settle(batch[0], error)
            else:
                for slot in batch:
                    self._work([slot])

    @staticmethod
    def _settle(slot: _Slot[Item, Answer], answer: Answer | BaseException) -> None:
        if isinstance(answer, BaseException):
            slot.error = answer
        else:
            slot.answer = answer
        slot.done = True
