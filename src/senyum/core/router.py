"""The one ASGI application of a web process: live streams on one side, everything else on the other."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from types import FrameType
from typing import Any

import structlog

from senyum.core.live import Hub
from senyum.core.live_app import LiveApp

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

log = structlog.get_logger(__name__)


class Router:
    """Sends live addresses to `live`, all others to `pages`; starts and ends the hub with the process.

    `warm` holds blocking calls that run in `executor` before the first request is taken; one that fails is
    logged and does not keep the process from starting.
    """

    def __init__(
        self,
        *,
        live: LiveApp,
        pages: Application,
        hub: Hub,
        executor: Executor,
        warm: Sequence[Callable[[], object]] = (),
    ) -> None:
        self.live = live
        self.pages = pages
        self.hub = hub
        self.executor = executor
        self.warm = warm

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            application = self.live if self.live.takes(scope["path"]) else self.pages
            await application(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live_and_die(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live_and_die(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def start(self) -> None:
        """Warm up, listen to the database, and hear of the end early enough to end the streams."""
        loop = asyncio.get_running_loop()
        warmed = await asyncio.gather(
            *(loop.run_in_executor(self.executor, call) for call in self.warm), return_exceptions=True
        )
        for answer in warmed:
            if isinstance(answer, BaseException):
                log.warning("web.warm.failed", error=type(answer).__name__)
        await self.hub.start()
        if threading.current_thread() is threading.main_thread():
            self._hear_of_the_end(loop)

    async def stop(self) -> None:
        """End the streams and take no more work; what waits for a thread is still done."""
        await self.hub.stop()
        self.executor.shutdown(wait=False)

    def _hear_of_the_end(self, loop: asyncio.AbstractEventLoop) -> None:
        """The server waits for open responses before it says `lifespan.shutdown`; a stream would never end by itself.

        The server's own handler hears the signal through the loop's wake-up descriptor, which this leaves alone.
        """

        def end(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.hub.close_streams)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
            signal.siginterrupt(number, False)
