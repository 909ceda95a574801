"""Booking on the phone: a day, a time, how to reach you, one look. Nothing personal in an address (decision 0201)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from senyum.bookings import commands, queries
from senyum.bookings.plan import plan_of
from senyum.bookings.queries import BookingView, DayInfo, Proposal
from senyum.catalogue.queries import LineInfo, lines_of
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.citizen import browser as browsers
from senyum.surfaces.citizen.forms import BookForm, ContactForm, kind_of
from senyum.surfaces.citizen.sealed import sealed
from senyum.surfaces.citizen.views.hall import line_ids
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.refusal import refuse
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.words import language

MOST = 10


@dataclass(frozen=True)
class DayRow:
    """A day that may be chosen: `url` "" when it has nothing, then `info.reason` says why.

    `wait`: where one can wait for a place of that day, "" where nobody can.
    """

    info: DayInfo
    at: datetime
    url: str
    wait: str = ""


@dataclass(frozen=True)
class TimeRow:
    """A time that may be chosen, with the services in their order."""

    starts: datetime
    ends: datetime
    legs: tuple[tuple[str, datetime], ...]
    url: str


@dataclass(frozen=True)
class DaysContext:
    """Screen 1: which day. `lines` and `quantity` go along in the form; `steps`: how many screens in all."""

    infos: tuple[LineInfo, ...]
    lines: tuple[int, ...]
    quantity: int
    days: tuple[DayRow, ...]
    any_free: bool
    steps: int


@dataclass(frozen=True)
class TimesContext:
    """Screen 2: which time. `back` leads to the days; `full`: times that are taken, with where to wait for them.

    `problem`: why the chosen time is none any more; then `kept` are the answers that go on to the next one.
    """

    infos: tuple[LineInfo, ...]
    at: datetime
    times: tuple[TimeRow, ...]
    full: tuple[tuple[datetime, str], ...]
    kept: tuple[tuple[str, str], ...]
    problem: str | Promise
    back: str
    steps: int


@dataclass(frozen=True)
class ContactContext:
    """Screen 3: how to reach you, where the hall can; `must`: it wants a code. `key`, `priority`: chosen already."""

    form: ContactForm
    action: str
    time: TimeRow
    must: bool
    key: str
    priority: str
    back: str
    steps: int


@dataclass(frozen=True)
class CheckContext:
    """The last screen: one look, then the booking. `problem`: what was refused; `back` leads to the times."""

    infos: tuple[LineInfo, ...]
    form: BookForm
    action: str
    time: TimeRow
    quantity: int
    bring: int
    contact: str
    asks: bool
    must: bool
    problem: str | Promise
    back: str
    steps: int


@dataclass(frozen=True)
class _Wish:
    """What stands in the address, and whether and how this hall asks for a contact."""

    mall: Mall
    infos: tuple[LineInfo, ...]
    quantity: int
    ways: tuple[str, ...]
    must: bool

    @property
    def lines(self) -> list[int]:
        return [info.id for info in self.infos]

    @property
    def steps(self) -> int:
        return 4 if self.ways else 3


@public
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The lines, the number of documents, the day and the time stand in the address; POST asks, checks and books."""
    now = clock.now()
    plan = plan_of(mall)
    every = {info.id: info for info in lines_of(mall, language())}
    lines = tuple(line for line in line_ids(request) if line in every and line in plan.lines)
    if not lines:
        return HttpResponseRedirect(f"/m/{mall.code}/")
    most = min(MOST, *(plan.lines[line].policy.most_quantity for line in lines))
    quantity = number(request.GET.get("quantity", ""), most)
    here = f"/m/{mall.code}/book/?" + "&".join(f"line={line}" for line in lines) + f"&quantity={quantity}"
    try:
        must = queries.must_confirm(mall, lines)
        ways = queries.contact_ways(codes_only=must)
        if must and not ways:
            raise NotPossible(
                "no_codes",
                _(
                    "Layanan ini meminta kontak yang dikonfirmasi, tetapi MPP ini belum dapat mengirim kode. "
                    "Datang saja."
                ),
            )
        wish = _Wish(mall, tuple(every[line] for line in lines), quantity, ways, must)
        return sealed(_step(request, wish, here, now))
    except NotPossible as refusal:
        return refuse(request, 409, refusal.sentence)


def _step(request: HttpRequest, wish: _Wish, here: str, now: datetime) -> HttpResponse:
    day = a_day(request.GET.get("day", ""))
    if day is None:
        found = queries.days(wish.mall, wish.lines, quantity=wish.quantity, now=now)
        wait = _waits(wish)
        rows = tuple(
            DayRow(
                info,
                noon(info.day),
                f"{here}&day={info.day}" if info.free else "",
                f"{wait}&day={info.day}" if wait and info.full else "",
            )
            for info in found
        )
        any_free = any(info.free for info in found)
        context = DaysContext(wish.infos, tuple(wish.lines), wish.quantity, rows, any_free, wish.steps)
        return page(request, "citizen/book_day.html", context)
    here = f"{here}&day={day}"
    proposals = queries.proposals(wish.mall, wish.lines, day, quantity=wish.quantity, now=now)
    wanted = request.GET.get("at", "")
    chosen = next((p for p in proposals if p.starts.strftime("%H%M") == wanted), None)
    if chosen is None:
        times = tuple(time_row(p, wish.infos, here) for p in proposals)
        days = here.rsplit("&", 1)[0]
        kept = _kept(request)
        problem = _("Jam itu baru saja penuh. Pilih jam lain.") if kept else ""
        context_ = TimesContext(wish.infos, noon(day), times, _full(wish, day, now), kept, problem, days, wish.steps)
        return page(request, "citizen/book_time.html", context_, status=409 if kept else 200)
    return _asked(request, wish, time_row(chosen, wish.infos, here), chosen, here)


def _kept(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """What was answered already, as the contact screen sends it on: whoever lost their time writes nothing again."""
    if request.method != "POST":
        return ()
    given = [(name, request.POST.get(name, "")[:254]) for name in ("key", "priority", "contact")]
    return (("step", "contact"), *((name, value) for name, value in given if value))


def _waits(wish: _Wish) -> str:
    """Where to wait for a place, "" where nobody can: several services are not waited for, and news needs a way."""
    if len(wish.lines) > 1 or not queries.contact_ways():
        return ""
    return f"/m/{wish.mall.code}/wait/?line={wish.lines[0]}&quantity={wish.quantity}"


def _full(wish: _Wish, day: date, now: datetime) -> tuple[tuple[datetime, str], ...]:
    wait = _waits(wish)
    if not wait:
        return ()
    taken = queries.full_times(wish.mall, wish.lines[0], day, quantity=wish.quantity, now=now)
    return tuple((starts, f"{wait}&day={day}&at={starts:%H%M}") for starts in taken)


def _asked(request: HttpRequest, wish: _Wish, row: TimeRow, chosen: Proposal, back: str) -> HttpResponse:
    """The contact and the last look: two screens at one address, for a contact stands in none."""
    given = request.POST
    if request.method == "POST" and given.get("step") != "contact" and "change" not in given:
        return _check(request, wish, row, chosen, back, BookForm(given))
    if not wish.ways:
        return _check(request, wish, row, chosen, back, _look(request, ""))
    form = ContactForm(initial={"contact": given.get("contact", "")[:254]}, ways=wish.ways, must=wish.must)
    if given.get("step") == "contact":
        # Skipping forgets what stood in the field.
        form = ContactForm({} if "skip" in given else given, ways=wish.ways, must=wish.must)
        if form.is_valid():
            return _check(request, wish, row, chosen, back, _look(request, form.cleaned_data["contact"]))
    key, priority = given.get("key", "")[:64], given.get("priority", "")[:32]
    context = ContactContext(form, row.url, row, wish.must, key, priority, back, wish.steps)
    return page(request, "citizen/book_contact.html", context, status=422 if form.errors else 200)


def _look(request: HttpRequest, contact: str) -> BookForm:
    """The last screen's form, with what was answered before."""
    given = request.POST
    return BookForm(
        initial={
            "key": given.get("key") or secrets.token_hex(16),
            "contact": contact,
            "priority": given.get("priority") or BookForm.base_fields["priority"].initial,
        }
    )


def _check(
    request: HttpRequest, wish: _Wish, row: TimeRow, chosen: Proposal, back: str, form: BookForm
) -> HttpResponse:
    browser = browsers.browser_of(request)
    problem: str | Promise = ""
    if form.is_bound:
        if browser is None:
            problem = _("Ponsel ini belum dikenal. Tekan sekali lagi.")
        elif form.is_valid():
            try:
                view = _book(wish, chosen, form, browser)
            except NotPossible as refusal:
                problem = refusal.sentence
            else:
                return HttpResponseRedirect(f"/b/{view.token}/")
    context = CheckContext(
        infos=wish.infos,
        form=form,
        action=row.url,
        time=row,
        quantity=wish.quantity,
        bring=sum(len(info.requirements) for info in wish.infos),
        contact=str(form["contact"].value() or ""),
        asks=bool(wish.ways),
        must=wish.must,
        problem=problem,
        back=back,
        steps=wish.steps,
    )
    status = 409 if problem else 422 if form.errors else 200
    response = page(request, "citizen/book_check.html", context, status=status)
    if browser is None:
        browsers.remember(response, browsers.new_browser())
    return response


def _book(wish: _Wish, chosen: Proposal, form: BookForm, browser: str) -> BookingView:
    asked = form.cleaned_data
    text = f"{wish.mall.code}|{chosen.legs}|{wish.quantity}|{asked['priority']}|{asked['contact']}"
    return commands.book(
        mall=wish.mall,
        legs=chosen.legs,
        quantity=wish.quantity,
        channel="phone",
        now=clock.now(),
        language=language(),
        priority=asked["priority"],
        contact_kind=kind_of(asked["contact"]) if asked["contact"] else "",
        contact=asked["contact"],
        device=browser,
        key=(browsers.scope_of(browser), asked["key"], hashlib.sha256(text.encode()).hexdigest()),
    )


def time_row(proposal: Proposal, infos: tuple[LineInfo, ...], here: str) -> TimeRow:
    names = {info.id: info.name for info in infos}
    legs = tuple((names[line], starts) for line, starts in proposal.legs)
    return TimeRow(proposal.starts, proposal.ends, legs, f"{here}&at={proposal.starts:%H%M}")


def number(text: str, most: int) -> int:
    """What somebody wrote as a number of documents, between 1 and `most`."""
    return max(1, min(most, int(text))) if text.isascii() and text.isdigit() and len(text) < 4 else 1


def a_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def noon(day: date) -> datetime:
    """A moment of the day, for words that want one."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=timezone.get_current_timezone())
