"""How a screen says a wait, a moment and how full a line is."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from senyum.surfaces.ui.templatetags.house import clock as clock
from senyum.surfaces.ui.templatetags.house import day

#: Up to this median wait in minutes a line is quiet, and up to this it is usual; beyond, it is busy.
QUIET_MINUTES, USUAL_MINUTES = 10, 30
_LONG_MINUTES = 120


def language() -> str:
    """The language of this request: id, su or en."""
    return (get_language() or "id")[:2]


def minutes_range(p50: float | None, p90: float | None) -> str:
    """ "5-12 menit" for a wait of `p50` to `p90` minutes; "" when no figure can be told."""
    if p50 is None or p90 is None:
        return ""
    low, high = max(0, int(p50)), max(0, ceil(p90))
    if high <= 2:
        return _("kurang dari 2 menit")
    if low > _LONG_MINUTES:
        return _("lebih dari 2 jam")
    if low == high:
        return _("%(minutes)s menit") % {"minutes": high}
    return _("%(low)s-%(high)s menit") % {"low": low, "high": high}


def later(why: str, counter: int | None) -> str:
    """Why a wait rose, as a sentence: `why` is a code of engine.forecast.Why; "" when it did not."""
    return {
        "counter_closed": _("Perkiraan mundur: loket %(number)s berhenti melayani.") % {"number": counter},
        "hall_pause": _("Perkiraan mundur: seluruh MPP sedang jeda."),
        "priority_ahead": _("Perkiraan mundur: ada yang didahulukan."),
        "slower_pace": _("Perkiraan mundur: antrean berjalan lebih lambat."),
    }.get(why, "")


def clock_range(start: datetime | None, end: datetime | None) -> str:
    """ "09.54-10.03" in the mall's time; one time when both are the same minute; "" when unknown."""
    if start is None or end is None:
        return ""
    low, high = clock(start), clock(_up(end))
    return low if low == high else f"{low}-{high}"


def hours(opens: datetime | None, closes: datetime | None) -> str:
    """ "08.00-15.00", the hours of a day; "" when it has none."""
    return f"{clock(opens)}-{clock(closes)}" if opens and closes else ""


def _up(moment: datetime) -> datetime:
    """The next whole minute, so that the end of a range is never said too early."""
    return moment + timedelta(seconds=59) if moment.second or moment.microsecond else moment


def people(count: int) -> str:
    """ "3 orang"."""
    return ngettext("%(count)s orang", "%(count)s orang", count) % {"count": count}


def fullness(waiting: int, p50: float | None, open_counters: int) -> tuple[str, str]:
    """(state of the pill, word) of a line: how full it is now."""
    if not open_counters:
        return "calm", _("Loket belum buka")
    if not waiting:
        return "ok", _("Kosong")
    if p50 is None or p50 > USUAL_MINUTES:
        return "late", _("Ramai")
    return ("ok", _("Sepi")) if p50 <= QUIET_MINUTES else ("wait", _("Biasa"))


def on_day(moment: datetime, now: datetime) -> str:
    """ "hari ini", "besok" or the weekday and date of a moment."""
    days = (timezone.localtime(moment).date() - timezone.localtime(now).date()).days
    return {0: _("hari ini"), 1: _("besok")}.get(days) or day(moment)


def when(moment: datetime | None, now: datetime) -> str:
    """ "hari ini pukul 08.00", "besok pukul 08.00" or the weekday and date; "" when unknown."""
    if moment is None:
        return ""
    return _("%(day)s pukul %(time)s") % {"day": on_day(moment, now), "time": clock(moment)}
