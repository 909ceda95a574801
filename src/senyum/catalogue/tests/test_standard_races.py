"""Two people decide about one service's standard at once: one is first, the other is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connections

from senyum.catalogue import standard_commands as commands
from senyum.catalogue.models import Service, Standard
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.core.live import connection_parameters
from senyum.journal.models import Entry
from senyum.malls.queries import local_day
from senyum.people.models import User
from senyum.rehearsal.queries import SmallHall

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(service: Service, *deeds: Callable[[], object]) -> list[str]:
    """What each deed came to ("": it succeeded); all begin while the service is held, so that none has decided yet."""
    said: list[str] = []

    def run(deed: Callable[[], object]) -> None:
        try:
            deed()
            said.append("")
        except NotPossible as refusal:
            said.append(refusal.code)
        except IntegrityError:
            said.append("constraint")
        finally:
            connections.close_all()

    with (
        psycopg.connect(**connection_parameters()) as holder,
        psycopg.connect(**connection_parameters(), autocommit=True) as watcher,
    ):
        holder.execute("SELECT 1 FROM catalogue_service WHERE id = %s FOR NO KEY UPDATE", [service.pk])
        threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 30
        while time.monotonic() < until:
            row = watcher.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone()
            if row == (len(deeds),):
                break
            time.sleep(0.01)
        else:
            raise AssertionError("they do not wait for the service")
        holder.rollback()
        for thread in threads:
            thread.join()
    return sorted(said)


def _service(hall: SmallHall) -> Service:
    return Service.objects.get(pk=hall.lines["ktp"].service_id)


def _by(hall: SmallHall, name: str) -> dict[str, Any]:
    return {"by": User.objects.get(username=name), "mall": hall.mall, "now": clock.now()}


def _reviewed(hall: SmallHall) -> Standard:
    """A draft whose review is over."""
    draft = commands.start_draft(service_id=_service(hall).pk, **_by(hall, "koordinator"))
    before = clock.now() - timedelta(days=3)
    first = local_day(hall.mall, before)
    commands.submit(
        standard_id=draft.pk,
        review_from=first,
        review_to=first + timedelta(days=1),
        **(_by(hall, "koordinator") | {"now": before}),
    )
    return draft


def _approves(hall: SmallHall, draft: Standard, name: str) -> Callable[[], object]:
    day = local_day(hall.mall, clock.now()) + timedelta(days=2)
    return lambda: commands.approve(
        standard_id=draft.pk, decree_number=f"SK {name}", effective_on=day, **_by(hall, name)
    )


def test_two_approvals_at_once_are_one(small_mall: SmallHall) -> None:
    draft = _reviewed(small_mall)
    said = at_once(
        _service(small_mall), _approves(small_mall, draft, "pengelola"), _approves(small_mall, draft, "admin")
    )
    assert said[0] == "" and said[1] not in ("", "constraint")
    draft.refresh_from_db()
    assert draft.approver is not None and draft.decree_number == f"SK {draft.approver.username}"
    assert Entry.objects.filter(kind="standard.approved").count() == 1


def _drafts(hall: SmallHall, name: str) -> Callable[[], object]:
    return lambda: commands.start_draft(service_id=_service(hall).pk, **_by(hall, name))


def test_two_drafts_at_once_are_one(small_mall: SmallHall) -> None:
    said = at_once(_service(small_mall), _drafts(small_mall, "koordinator"), _drafts(small_mall, "pengelola"))
    assert said == ["", "draft_open"]
    assert Standard.objects.filter(service=_service(small_mall), state="draft").count() == 1


def test_without_the_lock_two_drafts_are_begun(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: both look before either has written; only the constraint behind it stops the second."""
    both = threading.Barrier(2, timeout=30)
    new = commands._new

    def unlocked(service_id: int) -> Service:
        return Service.objects.get(pk=service_id)

    def after_both_have_looked(*args: Any, **more: Any) -> Standard:
        both.wait()
        return new(*args, **more)

    monkeypatch.setattr(commands, "_lock_service", unlocked)
    monkeypatch.setattr(commands, "_new", after_both_have_looked)
    said: list[str] = []

    def run(deed: Callable[[], object]) -> None:
        try:
            deed()
            said.append("")
        except (NotPossible, IntegrityError) as error:
            said.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(_drafts(small_mall, name),)) for name in ("koordinator", "pengelola")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["", "IntegrityError"]


def test_put_in_force_against_withdrawn_is_one_of_both(small_mall: SmallHall) -> None:
    draft = _reviewed(small_mall)
    _approves(small_mall, draft, "pengelola")()
    service = _service(small_mall)
    old, later = service.current_id, clock.now() + timedelta(days=3)
    said = at_once(
        service,
        lambda: commands.put_in_force(standard_id=draft.pk, now=later),
        lambda: commands.withdraw(standard_id=draft.pk, reason="Ditunda.", **_by(small_mall, "admin")),
    )
    assert said[0] == "" and said[1] not in ("", "constraint")
    draft.refresh_from_db()
    service.refresh_from_db()
    assert (draft.state, service.current_id) in (("in_force", draft.pk), ("withdrawn", old))
    assert Standard.objects.filter(service=service, state="in_force").count() == 1


def test_put_in_force_twice_at_once_ends_the_old_one_once(small_mall: SmallHall) -> None:
    draft = _reviewed(small_mall)
    _approves(small_mall, draft, "pengelola")()
    later = clock.now() + timedelta(days=3)
    deeds = [lambda: commands.put_in_force(standard_id=draft.pk, now=later)] * 2
    said = at_once(_service(small_mall), *deeds)
    assert said[0] == "" and said[1] not in ("", "constraint")
    assert Entry.objects.filter(kind="standard.put_in_force").count() == 1
