"""Each press at a counter: its form becomes one command. What a command refuses flies to the view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.core import clock
from senyum.core.errors import NotAllowed, NotPossible
from senyum.journal.actor import Actor
from senyum.roster import commands as roster
from senyum.surfaces.counter.context import BACK_MINUTES, Desk
from senyum.surfaces.ui.words import language
from senyum.visits import classes, commands, states
from senyum.visits import queries as visits

Said = str | Promise


@dataclass(frozen=True)
class Press:
    """One POST: the counter, who, the two clocks, what was typed, and the ticket that the officer saw."""

    desk: Desk
    actor: Actor
    now: datetime
    wall: datetime
    typed: Mapping[str, str]

    @property
    def counter_id(self) -> int:
        return self.desk.counter.pk

    @property
    def user_id(self) -> int:
        return self.desk.user.pk

    @property
    def seen(self) -> int | None:
        """The ticket the officer saw at the counter; None: nobody."""
        return self.number("seen") or None

    @property
    def seen_ticket(self) -> int:
        """As `seen`, for actions on somebody; 0 is no ticket and so always stale."""
        return self.seen or 0

    def number(self, name: str) -> int:
        """A positive whole number that was sent; 0 when there is none."""
        value = self.typed.get(name, "")
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else 0

    def words(self, name: str) -> str:
        """Words that were typed, without the spaces around."""
        return self.typed.get(name, "").strip()


def _next(press: Press) -> Said:
    result = commands.call_next(
        counter_id=press.counter_id,
        seen=press.seen,
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        user_id=press.user_id,
    )
    return "" if result.ticket_id else _("Belum ada yang menunggu di antrean loket ini.")


def _call(press: Press) -> Said:
    commands.call_by_hand(
        counter_id=press.counter_id,
        seen=press.seen,
        ticket_id=press.number("ticket"),
        reason=press.words("reason"),
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        user_id=press.user_id,
    )
    return _("Dipanggil di luar urutan. Alasannya tercatat.")


def _serve(press: Press) -> Said:
    commands.serve(
        counter_id=press.counter_id,
        seen=press.seen_ticket,
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        user_id=press.user_id,
    )
    return ""


def _recall(press: Press) -> Said:
    commands.recall(
        counter_id=press.counter_id,
        seen=press.seen_ticket,
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        user_id=press.user_id,
    )
    return _("Dipanggil sekali lagi.")


def _absent(press: Press) -> Said:
    commands.absent(
        counter_id=press.counter_id,
        seen=press.seen_ticket,
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        user_id=press.user_id,
    )
    return _("Dicatat tidak hadir. Ia boleh kembali dengan giliran yang sama.")


def _finish(press: Press) -> Said:
    _finish_as(press, states.DONE)
    return _("Selesai dilayani.")


def _incomplete(press: Press) -> Said:
    _finish_as(press, states.INCOMPLETE)
    return _("Selesai dengan berkas belum lengkap. Yang kurang tercatat.")


def _case(press: Press) -> Said:
    _finish_as(press, states.CASE_OPENED)
    return _("Selesai. Permohonan %(number)s tercatat.") % {"number": press.words("case_number")}


def _finish_as(press: Press, outcome: str) -> None:
    commands.finish(
        counter_id=press.counter_id,
        seen=press.seen_ticket,
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        outcome=outcome,
        missing_id=press.number("missing") or None,
        case_number=press.words("case_number"),
        user_id=press.user_id,
    )


def _forward(press: Press) -> Said:
    line_id = press.number("line")
    if not line_id:
        raise NotPossible("line_needed", _("Pilih layanan tujuan dulu."))
    commands.forward(
        counter_id=press.counter_id,
        seen=press.seen_ticket,
        line_id=line_id,
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        note=press.words("note"),
        user_id=press.user_id,
    )
    lines = visits.forward_lines(press.counter_id, press.now, language())
    line = next((row for row in lines if row.line_id == line_id), None)
    return _("Diteruskan ke %(service)s (%(agency)s) dengan nomor yang sama. Beri tahu warganya.") % {
        "service": line.service if line else "",
        "agency": line.agency if line else "",
    }


def _park(press: Press) -> Said:
    commands.park(
        counter_id=press.counter_id,
        seen=press.seen_ticket,
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        note=press.words("note"),
        user_id=press.user_id,
    )
    return _("Ditunda. Ambil lagi dari daftar “Ditunda” saat ia kembali.")


def _unpark(press: Press) -> Said:
    commands.unpark(
        counter_id=press.counter_id,
        seen=press.seen,
        ticket_id=press.number("ticket"),
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        user_id=press.user_id,
    )
    return ""


def _requeue(press: Press) -> Said:
    commands.requeue(
        ticket_id=press.number("ticket"),
        counter_id=press.counter_id,
        actor=press.actor,
        now=press.now,
        user_id=press.user_id,
    )
    return _("Kembali ke antrean dengan giliran yang sama.")


def _rejoin(press: Press) -> Said:
    _own_session(press)
    ticket = _agency_ticket(press)
    commands.rejoin(ticket_id=ticket.ticket_id, now=press.now, actor=press.actor)
    return _("%(label)s kembali ke antrean dengan giliran yang sama.") % {"label": ticket.label}


def _move_line(press: Press) -> Said:
    _own_session(press)
    ticket = _agency_ticket(press)
    line_id = press.number("line")
    if not line_id:
        raise NotPossible("line_needed", _("Pilih layanan tujuan dulu."))
    commands.redirect(
        ticket_id=ticket.ticket_id, line_id=line_id, now=press.now, actor=press.actor, reason=press.words("reason")
    )
    return _("%(label)s pindah layanan. Gilirannya tetap.") % {"label": ticket.label}


def _priority(press: Press) -> Said:
    _own_session(press)
    ticket = _agency_ticket(press)
    commands.change_priority(
        visit_id=ticket.visit_id,
        priority=press.words("priority"),
        reason=press.words("reason"),
        now=press.now,
        actor=press.actor,
    )
    return _("Golongan prioritas %(label)s diubah.") % {"label": ticket.label}


def _walk_in(press: Press) -> Said:
    commands.serve_walk_in(
        counter_id=press.counter_id,
        seen=press.seen,
        line_id=press.number("line"),
        priority=press.words("priority") or classes.REGULAR,
        actor=press.actor,
        now=press.now,
        wall=press.wall,
        user_id=press.user_id,
    )
    return _("Dilayani langsung. Nomornya dibuat dan alasannya tercatat.")


def _undo(press: Press) -> Said:
    commands.undo(counter_id=press.counter_id, actor=press.actor, now=press.now, wall=press.wall, user_id=press.user_id)
    return _("Dibatalkan.")


def _open(press: Press) -> Said:
    if not press.desk.may_serve:
        raise NotAllowed("not_allowed", _("Hanya petugas instansi ini yang membuka loketnya."))
    if _is_mine(press):
        return ""
    roster.open_session(counter=press.desk.counter, user=press.desk.user, now=press.now, actor=press.actor)
    return _("Loket dibuka. Selamat melayani.")


def _take_over(press: Press) -> Said:
    if _is_mine(press):
        return ""
    commands.take_over(
        counter=press.desk.counter,
        user=press.desk.user,
        reason=press.words("reason"),
        actor=press.actor,
        now=press.now,
    )
    return _("Loket ini sekarang Anda yang melayani.")


def _pause(press: Press) -> Said:
    session_id = _own_session(press).session_id
    reason = press.words("reason")
    if reason not in classes.PAUSE_REASONS:
        raise NotPossible("reason_needed", _("Pilih alasan jeda."))
    minutes = press.number("back")
    if reason == "other":
        reason = press.words("other")
        if len(reason) < 3:
            raise NotPossible("reason_needed", _("Tulis alasan jeda."))
    roster.pause_session(
        session_id=session_id,
        reason=reason,
        back_at=press.now + timedelta(minutes=minutes) if minutes in BACK_MINUTES else None,
        now=press.now,
        actor=press.actor,
    )
    return _("Loket jeda. Papan menampilkan alasannya.")


def _resume(press: Press) -> Said:
    roster.resume_session(session_id=_own_session(press).session_id, now=press.now, actor=press.actor)
    return _("Loket dibuka lagi.")


def _close(press: Press) -> Said:
    commands.close_counter(
        counter_id=press.counter_id,
        reason=press.words("reason"),
        actor=press.actor,
        now=press.now,
        user_id=press.user_id,
    )
    return _("Loket ditutup. Terima kasih sudah melayani.")


def _emergency(press: Press) -> Said:
    roster.raise_emergency(session_id=_own_session(press).session_id, now=press.now, actor=press.actor)
    return _("Rekan sudah dipanggil.")


def _emergency_over(press: Press) -> Said:
    emergency = _own_session(press).emergency_id
    if emergency is not None:
        roster.close_emergency(emergency_id=emergency, now=press.now, actor=press.actor)
    return _("Panggilan bantuan ditutup.")


def _answer(press: Press) -> Said:
    wanted = press.number("emergency")
    numbers = visits.help_calls(press.counter_id, press.now)
    if wanted not in numbers:
        raise NotPossible("emergency_closed", _("Panggilan bantuan ini sudah ditutup."))
    roster.answer_emergency(emergency_id=wanted, user=press.desk.user, now=press.now, actor=press.actor)
    return _("Loket %(number)s tahu Anda menuju ke sana.") % {"number": numbers[wanted]}


def _is_mine(press: Press) -> bool:
    now = visits.sitting(press.counter_id)
    return now is not None and now.user_id == press.user_id


def _own_session(press: Press) -> visits.Sitting:
    """The session of this user at this counter; NotPossible when there is none."""
    now = visits.sitting(press.counter_id)
    if now is None or now.user_id != press.user_id:
        raise NotPossible("not_open", _("Loket ini belum Anda buka. Buka loket lebih dulu."))
    return now


def _agency_ticket(press: Press) -> visits.AgencyTicket:
    ticket = visits.agency_ticket(press.counter_id, press.number("ticket"), press.now, language())
    if ticket is None:
        raise NotPossible("no_ticket", _("Nomor itu tidak ada di antrean instansi Anda."))
    return ticket


#: The last part of the address -> what it does, and the panel its form stands in.
ACTIONS: dict[str, tuple[Callable[[Press], Said], str]] = {
    "next": (_next, ""),
    "call": (_call, "ticket"),
    "serve": (_serve, ""),
    "recall": (_recall, ""),
    "absent": (_absent, ""),
    "finish": (_finish, ""),
    "incomplete": (_incomplete, "incomplete"),
    "case": (_case, "case"),
    "forward": (_forward, "forward"),
    "park": (_park, "park"),
    "unpark": (_unpark, ""),
    "requeue": (_requeue, ""),
    "rejoin": (_rejoin, ""),
    "move": (_move_line, "ticket"),
    "priority": (_priority, "ticket"),
    "walk-in": (_walk_in, "walk-in"),
    "undo": (_undo, ""),
    "open": (_open, ""),
    "take-over": (_take_over, ""),
    "pause": (_pause, "pause"),
    "resume": (_resume, ""),
    "close": (_close, "close"),
    "emergency": (_emergency, ""),
    "emergency-over": (_emergency_over, ""),
    "answer": (_answer, ""),
}


def press_of(desk: Desk, actor: Actor, typed: Mapping[str, str]) -> Press:
    """The press at this moment of both clocks."""
    return Press(desk=desk, actor=actor, now=clock.now(), wall=clock.wall(), typed=typed)


def action_of(name: str) -> tuple[Callable[[Press], Said], str]:
    """The action of an address and its panel; 404 for an unknown one."""
    if name not in ACTIONS:
        raise Http404
    return ACTIONS[name]
