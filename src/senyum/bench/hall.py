"""The hall that is measured: one mall, 30 lines, and as many counters and tokens as the clients need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from django.db import connection
from django_scopes import scopes_disabled

from senyum.catalogue.models import CounterLine, Line, LineGroup, Service
from senyum.malls.models import Agency, Booth, BoothHours, Counter, Mall
from senyum.people import tokens
from senyum.people.models import ApiToken, Device, User
from senyum.roster.models import CounterSession
from senyum.visits.models import PriorityClass

LINES = 30
COUNTERS_PER_CLIENT = 12


@dataclass(frozen=True)
class Seat:
    counter: int
    token: str


@dataclass(frozen=True)
class BenchHall:
    """`seats[line place]` are open counters that serve that line alone."""

    mall: Mall
    services: list[str]
    lines: list[Line]
    kiosks: list[str]
    seats: list[list[Seat]]


def _letters(place: int) -> str:
    return chr(65 + place // 26) + chr(65 + place % 26)


def build(code: str, *, clients: int, hot: bool, now: datetime) -> BenchHall:
    """A mall whose counters all serve one line (`hot`), or are spread over 30."""
    mall = Mall.objects.create(code=code, name=code, short_name=code, languages=["id"])
    lines = [_line(mall, place) for place in range(LINES)]
    PriorityClass.objects.create(mall=mall, code="regular", head_start_minutes=0, promise_minutes=30)
    device = Device.objects.create(mall=mall, kind="kiosk", name="bench")
    kiosks = [_token(mall, "kiosk", now, device=device) for _ in range(clients)]
    seats: list[list[Seat]] = [[] for _ in lines]
    for number in range(1, clients * COUNTERS_PER_CLIENT + 1):
        place = 0 if hot else number % LINES
        seats[place].append(_seat(mall, lines[place], number, now))
    return BenchHall(mall, [_code(line) for line in lines], lines, kiosks, seats)


def _code(line: Line) -> str:
    return f"{line.agency.code}.{line.service.code}"


def _line(mall: Mall, place: int) -> Line:
    agency = Agency.objects.create(code=f"{mall.code}-{place}", name="Bench", short_name="Bench")
    booth = Booth.objects.create(mall=mall, agency=agency)
    BoothHours.objects.bulk_create(
        BoothHours(booth=booth, weekday=day, opens=time(0), last_ticket=time(23, 59), closes=time(23, 59, 59))
        for day in range(7)
    )
    service = Service.objects.create(agency=agency, code="layanan", name="Layanan", standard_minutes=10)
    group = LineGroup.objects.create(mall=mall, prefix=_letters(place), name="Bench")
    return Line.objects.create(mall=mall, booth=booth, agency=agency, service=service, group=group)


def _token(mall: Mall, role: str, now: datetime, **more: object) -> str:
    secret, prefix, digest = tokens.new_secret()
    ApiToken.objects.create(
        prefix=prefix, digest=digest, role=role, mall=mall, scopes=list(tokens.SCOPES[role]), created_at=now, **more
    )
    return secret


def _seat(mall: Mall, line: Line, number: int, now: datetime) -> Seat:
    counter = Counter.objects.create(mall=mall, booth=line.booth, number=number)
    CounterLine.objects.create(counter=counter, line=line, tier=1)
    user = User.objects.create(username=f"{mall.code}-{number}")
    with scopes_disabled():
        CounterSession.objects.create(mall=mall, agency=line.agency, counter=counter, user=user, opened_at=now)
    return Seat(counter.pk, _token(mall, "officer", now, user=user, agency=line.agency))


def fill(hall: BenchHall, count: int, now: datetime, day: str, *, letter: str, state: str = "waiting") -> None:
    """`count` tickets of today, spread over the lines (or all in a hot one); `letter` starts their labels."""
    hot = sum(1 for seats in hall.seats if seats) == 1
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH l AS (
              SELECT id, agency_id, group_id, row_number() OVER (ORDER BY id) - 1 AS place
              FROM catalogue_line WHERE mall_id = %(mall)s
            ), v AS (
              INSERT INTO visits_visit (mall_id, day, group_id, number, label, token, channel, priority, language,
                                        quantity, age_band, district, arrived_at)
              SELECT %(mall)s, %(day)s, l.group_id, n, %(letter)s || to_hex(n),
                     left(md5(%(tag)s || '-' || n::text), 30), 'api', 'regular', 'id', 1, '', '', %(now)s
              FROM generate_series(1, %(count)s) n
              JOIN l ON l.place = CASE WHEN %(hot)s THEN 0 ELSE n %% (SELECT count(*) FROM l) END
              RETURNING id, group_id
            )
            INSERT INTO visits_ticket (visit_id, mall_id, agency_id, line_id, day, leg, state, priority, quantity,
                                       queued_at, turn_at, promised_by, delays, rejoins, people_ahead, wait_basis,
                                       outcome, case_number, note)
            SELECT v.id, %(mall)s, l.agency_id, l.id, %(day)s, 1, %(state)s, 'regular', 1, %(now)s,
                   %(now)s::timestamptz - interval '1 hour' + v.id * interval '1 microsecond', %(now)s, 0, 0, 0,
                   '', '', '', ''
            FROM v JOIN l ON l.group_id = v.group_id
            """,
            {
                "mall": hall.mall.pk,
                "day": day,
                "now": now,
                "count": count,
                "hot": hot,
                "state": state,
                "letter": letter,
                "tag": f"{hall.mall.pk}-{letter}",
            },
        )
        cursor.execute("ANALYZE visits_ticket")
        cursor.execute("ANALYZE visits_visit")
