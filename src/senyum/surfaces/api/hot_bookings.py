"""`POST /api/v1/bookings` without the way through Django: the rush when a popular day opens (docs/decisions/0196).

The same shapes, rules, statement and refusals; "full" is answered here too, because in a rush most answers are that.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.db import DatabaseError

from senyum.bookings import plan
from senyum.bookings.commands import wake
from senyum.bookings.commands.ask import prepare, sold_view, why_refused
from senyum.bookings.commands.sell import Answer, Ask, Refused, sell
from senyum.core import clock
from senyum.core.batches import Batches
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.people.tokens import Identity
from senyum.surfaces.api.auth import hold_bearer
from senyum.surfaces.api.bookings import booking_body
from senyum.surfaces.api.problems import document
from senyum.surfaces.api.schemas import BookingIn

log = structlog.get_logger(__name__)
#: What is free next is told so long (seconds) to everybody who finds the same time full.
TOLD_SECONDS = 1.0
MOST_TOLD = 1_000
#: Letters of the rush are asked for once in so many seconds, after the answers.
WAKE_SECONDS = 2.0


class BookingDoor:
    """Answers plain bookings; None where the full API shall answer."""

    def __init__(self, desk: ThreadPoolExecutor) -> None:
        self.sales: Batches[Ask, Answer] = Batches(sell, 200)
        self.desk = desk
        self._wakes = False
        self._told: dict[tuple[Any, ...], tuple[float, NotPossible]] = {}

    async def book(self, identity: Identity, key: str, body: bytes, language: str) -> tuple[int, dict[str, Any]] | None:
        """(status, answer). Raises as `prepare`, ValidationError, TooMany and Failed: then the full API says it."""
        asked = BookingIn.model_validate_json(body)
        if "visits:write" not in identity.scopes or asked.mall != identity.mall_code:
            return None
        found = plan.peek(identity.mall_id)
        if found is None:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(self.desk, _plan, identity.mall_id)
        ask = prepare(
            found,
            [(found.line_by_code(leg.service).id, leg.starts) for leg in asked.legs],
            quantity=asked.quantity,
            channel=asked.channel,
            now=clock.now(),
            actor=identity.actor,
            language=asked.language,
            priority=asked.priority,
            contact_kind=asked.contact_kind,
            contact=asked.contact,
            key=(f"token:{identity.token_id}", key, hashlib.sha256(body).hexdigest()),
        )
        hold_bearer(identity)
        answer = await self.sales.submit(ask)
        if isinstance(answer, Refused):
            return await self._refused(found.mall, ask, answer, language)
        if answer.replayed:
            return None
        if ask.contact_hash and not self._wakes:
            self._wakes = True
            asyncio.get_running_loop().call_later(WAKE_SECONDS, self._wake)
        return 201, booking_body(found.mall, sold_view(ask, answer))

    def _wake(self) -> None:
        self._wakes = False
        asyncio.get_running_loop().run_in_executor(self.desk, _wake)

    async def _refused(
        self, mall: Mall, ask: Ask, refused: Refused, language: str
    ) -> tuple[int, dict[str, Any]] | None:
        if refused.code not in ("full", "quota", "closed"):
            return None
        wanted = (refused.code, ask.day, ask.quantity, *(leg.line for leg in ask.legs))
        told = self._told.get(wanted)
        if told is None or time.monotonic() - told[0] > TOLD_SECONDS:
            loop = asyncio.get_running_loop()
            told = await loop.run_in_executor(self.desk, self._look, wanted, mall, ask, refused)
        error = told[1]
        return 409, document(language, 409, error.code, error.sentence, error.now_true)

    def _look(self, wanted: tuple[Any, ...], mall: Mall, ask: Ask, refused: Refused) -> tuple[float, NotPossible]:
        told = self._told.get(wanted)
        # Whoever waited for this thread finds what the one before looked up.
        if told is None or time.monotonic() - told[0] > TOLD_SECONDS:
            if len(self._told) >= MOST_TOLD:
                self._told.clear()
            told = (time.monotonic(), why_refused(mall, ask, refused, ask.now))
            self._told[wanted] = told
        return told


def _wake() -> None:
    try:
        wake()
    except DatabaseError as error:
        # The job of the next minute writes them.
        log.warning("letters.not_woken", trouble=type(error).__name__)


def _plan(mall_id: int) -> plan.BookPlan:
    return plan.peek(mall_id) or plan.plan_of(Mall.objects.get(pk=mall_id))
