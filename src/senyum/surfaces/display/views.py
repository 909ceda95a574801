"""The hall's board: public, read-only, without anything personal. Its voice comes as signed clips."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.templatetags.static import static
from django.views.decorators.http import require_safe
from django_scopes import scope

from senyum.core import clock
from senyum.malls.models import Mall
from senyum.people.models import DeviceKind
from senyum.surfaces.display import voice
from senyum.surfaces.display.context import BoardNow, BoardPage, board_now
from senyum.surfaces.ui import voice as voices
from senyum.surfaces.ui.access import hall_agencies, paired, public
from senyum.surfaces.ui.render import page
from senyum.visits import queries as visits

#: After one of these the board is read anew at once; everything else it sees within four seconds.
KINDS = (
    "ticket.called",
    "ticket.recalled",
    "ticket.undone",
    "ticket.serving",
    "ticket.absent",
    "session.opened",
    "session.paused",
    "session.resumed",
    "session.closed",
    "hall.paused",
    "hall.resumed",
)


def version() -> str:
    """Changes when the board's own files do: a board that sees another one loads itself again."""
    files = ("display/board.js", "display/line.js", "display/board.css", "ui/live.js", "ui/page.js", "ui/tokens.css")
    return " ".join(static(file) for file in files)


def _now(mall: Mall) -> BoardNow:
    now = clock.now()
    # The board shows numbers and counters of all agencies, and no people.
    with scope(agency=hall_agencies(mall)):
        board = visits.board(mall, now)
    return board_now(mall, board, now=now, speed=clock.speed(), version=version())


def _speaks(request: HttpRequest, mall: Mall) -> bool:
    """Whether this browser is paired as the board that is the hall's voice."""
    own = paired(request)
    return own is not None and own.kind == DeviceKind.DISPLAY and own.mall == mall and own.speaks


@require_safe
@public
def board(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The page that hangs in the hall."""
    stream = f"/live/{mall.code}/?kinds={','.join(KINDS)}"
    return page(request, "display/board.html", BoardPage(mall, _now(mall), _speaks(request, mall), stream))


@require_safe
@public
def board_part(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The part that changes, for the board that already hangs there."""
    return page(request, "display/now.html", _now(mall))


@require_safe
@public
def clip(
    request: HttpRequest, mall: Mall, language: str, kind: str, label: str, counter: int, signed: str
) -> HttpResponse:
    """One reading of a call; made now when it is not there. 404 when unsigned or when nothing can read it."""
    call = voice.Sayable(mall.code, language, kind, label, counter)
    if not voice.is_signed(call, signed):
        raise Http404
    try:
        sentence = voice.spoken(call)
    except ValueError as error:
        raise Http404(str(error)) from error
    return voices.clip(sentence, language)


@require_safe
@public
def chime(request: HttpRequest) -> HttpResponse:
    """The two tones before a call."""
    return voices.wav(voices.synthesizer().chime())
