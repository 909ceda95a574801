"""The job empties the outbox: each notice once, a silent channel later, a hopeless one never."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connections, transaction

from senyum.core import clock
from senyum.jobs import send_notices as job
from senyum.jobs.send_notices import send_notices
from senyum.notices import channels, messages, outbox, states
from senyum.notices.channels import Letter, Refused, Unreachable
from senyum.notices.models import Notice


def queue(*addresses: str) -> None:
    with transaction.atomic():
        outbox.tell(
            mall="contoh",
            template="test",
            data={},
            subject=("test", 1, ""),
            once="test",
            addresses=addresses,
            now=clock.now(),
        )


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Turns the clock on the wall forward."""
    real, ahead = clock.wall, [timedelta()]

    def wall() -> datetime:
        return real() + ahead[0]

    def turn(by: timedelta) -> None:
        ahead[0] += by

    monkeypatch.setattr(clock, "wall", wall)
    return turn


def channel(monkeypatch: pytest.MonkeyPatch, name: str, send: Callable[[Letter], None]) -> None:
    monkeypatch.setitem(channels.CHANNELS, name, send)


@pytest.mark.django_db
class TestSending:
    def test_what_is_queued_leaves_once(self) -> None:
        queue("a@x.id", "b@x.id")
        assert send_notices(0) == 2
        assert send_notices(0) == 0
        assert sorted(m.to[0] for m in mail.outbox) == ["a@x.id", "b@x.id"]
        assert mail.outbox[0].subject == "Pesan percobaan dari Senyum"
        uid = str(Notice.objects.get(address="a@x.id").uid)
        assert uid in {m.extra_headers["X-Senyum-Notice"] for m in mail.outbox}

    def test_a_crash_in_the_middle_sends_once_more_with_the_same_id(
        self, monkeypatch: pytest.MonkeyPatch, later: Callable[[timedelta], None]
    ) -> None:
        got: list[str] = []

        def killed(letter: Letter) -> None:
            got.append(letter.uid)
            if len(got) == 1:
                raise SystemExit

        channel(monkeypatch, "email", killed)
        queue("a@x.id")
        with pytest.raises(SystemExit):
            send_notices(0)
        assert Notice.objects.get().state == states.SENDING
        assert send_notices(0) == 0
        later(states.LEASE)
        assert send_notices(0) == 1
        later(timedelta(days=1))
        assert send_notices(0) == 0
        assert len(got) == 2 and len(set(got)) == 1

    def test_a_silent_channel_is_asked_once_a_run_and_holds_nobody_up(
        self, monkeypatch: pytest.MonkeyPatch, settings: Any, later: Callable[[timedelta], None]
    ) -> None:
        asked: list[str] = []

        def silent(letter: Letter) -> None:
            asked.append(letter.address)
            raise Unreachable("the mail server does not answer")

        channel(monkeypatch, "email", silent)
        channel(monkeypatch, "webhook", lambda letter: None)
        settings.NOTICE_WEBHOOK_URL = "https://hook.example/"
        queue("a@x.id", "b@x.id")
        assert send_notices(0) == 1
        assert asked == ["a@x.id"]
        first = Notice.objects.get(address="a@x.id")
        assert (first.state, first.trouble) == (states.FAILED, "the mail server does not answer")
        later(states.pause_after(1))
        channel(monkeypatch, "email", lambda letter: None)
        assert send_notices(0) == 2

    def test_a_receiver_that_is_busy_does_not_stop_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def busy(letter: Letter) -> None:
            if letter.address == "a@x.id":
                raise Unreachable("mailbox busy", whole=False)

        channel(monkeypatch, "email", busy)
        queue("a@x.id", "b@x.id")
        assert send_notices(0) == 1

    @pytest.mark.parametrize("error", [Refused("no such person"), ValueError("x")])
    def test_a_hopeless_notice_is_dead(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        def refuse(letter: Letter) -> None:
            raise error

        channel(monkeypatch, "email", refuse)
        queue("a@x.id")
        assert send_notices(0) == 0
        row = Notice.objects.get()
        assert row.state == states.DEAD and row.failed_at is not None and row.trouble

    def test_a_message_that_this_version_does_not_know_is_dead(self, monkeypatch: pytest.MonkeyPatch) -> None:
        queue("a@x.id")
        monkeypatch.delitem(messages.MESSAGES, "test")
        assert send_notices(0) == 0
        assert Notice.objects.get().state == states.DEAD

    def test_nobodys_address_is_logged(self, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
        def refuse(letter: Letter) -> None:
            raise Refused(f"no such person: {letter.address}")

        channel(monkeypatch, "email", refuse)
        queue("kepala@x.id")
        send_notices(0)
        assert "notice.failed" in capsys.readouterr().err
        assert "kepala" not in Notice.objects.get().trouble


@pytest.mark.django_db(transaction=True)
def test_four_workers_send_each_notice_once(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[str] = []
    channel(monkeypatch, "email", lambda letter: got.append(letter.uid))
    queue(*(f"{n}@x.id" for n in range(40)))

    def work(_: int) -> int:
        try:
            return job.send_notices(0)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        sent = sum(pool.map(work, range(4))) + send_notices(0)
    assert sent == len(got) == len(set(got)) == 40
