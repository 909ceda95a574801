"""A person's copy holds every row about them, and a table about which nobody decided is found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scopes_disabled
from typer.testing import CliRunner

from senyum.bookings import commands as bookings
from senyum.bookings.models import Booking
from senyum.bookings.tests.days import NOW, at, open_bookings
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.core.idempotency import once
from senyum.journal.actor import SYSTEM
from senyum.notices import outbox
from senyum.notices.commands import follow
from senyum.notices.tests.test_webpush import AUTH, POINT
from senyum.people.access import actor_of
from senyum.people.commands import create_token
from senyum.rehearsal.queries import SmallHall
from senyum.rights import person as people
from senyum.rights import tables, words
from senyum.rights.cli import app
from senyum.rights.queries import Copy, copy_of
from senyum.roster import commands as roster
from senyum.surveys import commands as surveys
from senyum.visits import commands, hall
from senyum.visits.models import Arrival, LineForecast, LineShown, Ticket, Visit

EMAIL = "siti.aminah@contoh.id"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/peramban-siti"
#: Ids that stand nowhere else, so that a row that names one can be found by its text.
FIRST = {"visits_visit": 710_000_001, "visits_ticket": 720_000_001, "bookings_booking": 730_000_001}


@pytest.fixture(autouse=True)
def _unscoped() -> Iterator[None]:
    with scopes_disabled():
        yield


@pytest.fixture
def day(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Siti's whole day: booked, came, was told, called by petugas1, forwarded, served, smiled. Budi was there, too."""
    with connection.cursor() as cursor:
        for table, first in FIRST.items():
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s, false)", [table, first])
    hall_, officer = small_mall.mall, actor_of(small_mall.users["petugas1"])
    open_bookings(small_mall, places=4)
    view = bookings.book(
        mall=hall_,
        legs=[(small_mall.lines["ktp"].pk, at(9))],
        quantity=1,
        channel="phone",
        now=NOW,
        contact_kind="email",
        contact=EMAIL,
        device="peramban-siti",
        key=("web:siti", "kunci-siti-0001", "00" * 32),
    )
    monkeypatch.setattr(clock, "now", lambda: at(8, 50))
    hall.forget()
    came = commands.check_in(mall=hall_, token=view.token, channel="kiosk", now=at(8, 50), actor=SYSTEM)
    other = commands.issue_visit(
        mall=hall_,
        line_ids=[small_mall.lines["ktp"].pk],
        priority="regular",
        channel="kiosk",
        actor=SYSTEM,
        now=at(9, 10),
    )
    visit = Visit.objects.get(token=came.token)
    Visit.objects.filter(pk=visit.pk).update(age_band="60+", district="Cimalaka", has_phone=True)
    greeter = small_mall.users["penyambut"]
    arrival = commands.note_arrival(
        mall=hall_, now=at(8, 49), actor=actor_of(greeter), greeted=True, user_id=greeter.pk
    )
    Arrival.objects.filter(pk=arrival.pk).update(visit=visit)
    follow(
        kind="visit",
        subject_id=visit.pk,
        endpoint=ENDPOINT,
        p256dh=POINT,
        auth=AUTH,
        language="id",
        useful_until=at(17),
        now=at(8, 52),
    )
    with transaction.atomic():
        outbox.tell(
            mall=hall_.code,
            template="test",
            data={},
            subject=("booking", visit.booking_id, view.reference),
            once="siti",
            addresses=[EMAIL],
            now=at(8, 52),
        )
    once(scope=f"visit:{visit.pk}", key="kunci-siti-0002", digest=b"x", now=at(8, 53), work=lambda: {"id": visit.pk})
    counter = small_mall.counters[1]
    roster.open_session(counter=counter, user=small_mall.users["petugas1"], now=at(8, 55), actor=officer)
    hall.forget()
    ticket = Ticket.objects.get(visit=visit)
    grid = {"mall": hall_, "line": ticket.line, "day": ticket.day, "at": at(8, 54), "minute": 534.0, "why": "grid"}
    LineForecast.objects.create(**grid, counters=1, waiting=2, called=0, p50=2.0, basis="pace", ticket=ticket)
    LineShown.objects.update_or_create(
        line=ticket.line,
        defaults={"at": at(8, 54), "waits": {str(ticket.pk): [1, 2, 3], str(other.tickets[0].id): [4, 5, 6]}},
    )
    press = {"counter_id": counter.pk, "actor": officer, "now": at(9, 11), "wall": clock.wall()}
    called = commands.call_next(seen=None, **press)
    assert called.ticket_id == ticket.pk
    commands.serve(seen=ticket.pk, **press)
    commands.finish(seen=ticket.pk, outcome="done", **press)
    Ticket.objects.filter(pk=ticket.pk).update(note="Bu Siti membawa akta", case_number="P-12")
    surveys.smile(ticket_id=ticket.pk, score=4, channel="phone", now=at(9, 12))
    return {"hall": small_mall, "visit": Visit.objects.get(pk=visit.pk), "other": other, "ticket": ticket}


def names_of(day: dict[str, Any]) -> list[str]:
    """Everything by which a row can name Siti."""
    visit, booking = day["visit"], Booking.objects.get()
    return [
        *(str(number) for number in (visit.pk, day["ticket"].pk, booking.pk)),
        visit.token,
        visit.label,
        booking.token,
        booking.reference,
        bytes(booking.contact).hex(),
        booking.contact_hash,
        booking.device_hash,
        EMAIL,
        ENDPOINT,
    ]


def all_rows() -> Iterator[tuple[str, Any, str]]:
    """(table, primary key, the row as text) of the whole database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text, (SELECT a.attname FROM pg_index i JOIN pg_attribute a"
            " ON a.attrelid = c.oid AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary)"
            " FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        )
        for table, key in cursor.fetchall():
            cursor.execute(f"SELECT t.{key}, to_jsonb(t)::text FROM {table} t")
            for pk, text in cursor.fetchall():
                yield table, pk, text


def missing_of(copy: Copy, names: list[str]) -> list[str]:
    """Rows of the database that name the person and are not in the copy."""
    held = {(table.name, str(row.pk)) for table in copy.tables for row in table.rows}
    named = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in names))
    return [
        f"{table} {pk}: {found.group()}"
        for table, pk, text in all_rows()
        if (found := named.search(text)) and (table, str(pk)) not in held
    ]


@pytest.mark.django_db
class TestCitizen:
    def test_every_row_of_the_database_that_names_somebody_is_in_their_copy(self, day: dict[str, Any]) -> None:
        copy = copy_of(people.of_visit(day["visit"]), now=at(10), whole=True)
        left = missing_of(copy, names_of(day))
        # The officer's own session says which ticket an undo would take back; the next press says another.
        assert [row for row in left if not row.startswith("roster_countersession ")] == []
        about = {table.name for table in copy.tables}
        citizens = {held.model for held in tables.HELD if held.visit or held.booking or held.wait}
        assert {apps.get_model(model)._meta.db_table for model in citizens} - about == {"bookings_waitentry"}
        assert {"notices_notice", "notices_subscription", "core_idempotencykey", "journal_entry"} <= about

    def test_the_search_for_forgotten_rows_would_find_one(self, day: dict[str, Any]) -> None:
        copy = copy_of(people.of_visit(day["visit"]), now=at(10), whole=True)
        less = Copy(copy.person, copy.as_of, tuple(t for t in copy.tables if t.name != "surveys_smile"))
        assert [row.split()[0] for row in missing_of(less, names_of(day))].count("surveys_smile") == 1

    def test_it_says_what_is_held_and_nothing_of_others(self, day: dict[str, Any]) -> None:
        text = copy_of(people.of_visit(day["visit"]), now=at(10), whole=True).as_json()
        answer = json.loads(text)
        rows = {table["table"]: table["rows"] for table in answer["tables"]}
        assert (answer["person"], answer["version"]) == (f"{day['visit'].label}, {Booking.objects.get().reference}", 1)
        assert rows["visits_visit"][0]["district"] == "Cimalaka"
        assert rows["visits_ticket"][0]["note"] == "Bu Siti membawa akta"
        assert rows["surveys_smile"][0]["score"] == 4
        assert rows["bookings_booking"][0]["contact"] == EMAIL
        assert rows["notices_notice"][0]["address"] == EMAIL
        assert rows["visits_lineshown"][0]["waits"] == {str(day["ticket"].pk): [1, 2, 3]}
        assert rows["visits_call"][0]["counter_id"] == {"id": day["hall"].counters[1].pk, "name": "Loket 1"}
        assert {"visit.issued", "ticket.called", "ticket.served", "smile.given"} <= {
            row["kind"] for row in rows["journal_entry"]
        }
        other = day["other"]
        assert other.label not in text and str(other.visit_id) not in text and other.token not in text
        assert "petugas1" not in text and '"actor_label": "petugas' not in text

    def test_a_table_is_read_by_itself_and_not_with_all_that_it_leads_to(self, day: dict[str, Any]) -> None:
        with CaptureQueriesContext(connection) as asked:
            copy_of(people.of_visit(day["visit"]), now=at(10), whole=True)
        joins = {query["sql"][:60]: query["sql"].count(" JOIN ") for query in asked.captured_queries}
        assert joins and max(joins.values()) <= 6, max(joins.items(), key=lambda one: one[1])

    def test_by_the_link_addresses_are_said_in_part(self, day: dict[str, Any]) -> None:
        text = copy_of(people.by_token(day["visit"].token), now=at(10), whole=False).as_json()
        assert EMAIL not in text and "peramban-siti" not in text
        assert "s…@contoh.id" in text and "https://fcm.googleapis.com/…" in text
        assert day["visit"].token not in text and Booking.objects.get().token not in text

    def test_each_way_to_name_somebody_finds_the_same(self, day: dict[str, Any]) -> None:
        visit, booking = day["visit"], Booking.objects.get()
        ways = (
            people.by_token(visit.token),
            people.by_token(booking.token),
            people.by_label(visit.mall, visit.day, visit.label.lower()),
            people.by_reference(visit.mall, booking.reference),
        )
        assert {json.dumps(way.ids) for way in ways} == {json.dumps(people.of_visit(visit).ids)}
        for wrong in (visit.token[:-1] + "x", "", "erased.0123456789abcdef"):
            with pytest.raises(NotPossible):
                people.by_token(wrong)

    def test_the_command_writes_json_and_a_page(self, day: dict[str, Any], tmp_path: Path) -> None:
        visit, runner = day["visit"], CliRunner()
        named = ["export", "--mall", visit.mall.code, "--day", visit.day.isoformat(), "--label", visit.label]
        assert json.loads(runner.invoke(app, named).stdout)["person"].startswith(visit.label)
        page = tmp_path / "siti.html"
        done = runner.invoke(app, ["export", "--link", f"https://mpp.example/t/{visit.token}/", "--page", str(page)])
        assert done.exit_code == 0 and page.stat().st_mode & 0o077 == 0
        text = page.read_text()
        assert EMAIL in text and "Cimalaka" in text and "Kunjungan" in text and "Loket 1" in text

    @pytest.mark.parametrize(
        ("named", "says"),
        [
            ([], "Name one person"),
            (["--label", "A-001", "--user", "x"], "Name one person"),
            (["--label", "A-001"], "There is no mall"),
            (["--label", "A-001", "--mall", "contoh"], "YYYY-MM-DD"),
            (["--user", "nobody"], "masa simpannya"),
        ],
    )
    def test_a_wrong_question_is_told_what_is_missing(self, small_mall: SmallHall, named: list[str], says: str) -> None:
        done = CliRunner().invoke(app, ["export", *named])
        assert done.exit_code == 2 and says in done.stderr


@pytest.mark.django_db
class TestStaff:
    def test_log_ins_sessions_roster_and_own_acts(self, day: dict[str, Any], settings: Any) -> None:
        hall_ = day["hall"]
        user = hall_.users["petugas1"]
        client = Client()
        client.force_login(user)
        client.get("/my-work/")
        create_token(
            role="officer",
            mall=hall_.mall,
            user=user,
            agency=hall_.agencies["dukcapil"],
            now=clock.wall(),
            actor=actor_of(user),
        )
        copy = copy_of(people.by_username("petugas1"), now=at(10), whole=True)
        rows = {table["table"]: table["rows"] for table in json.loads(copy.as_json())["tables"]}
        assert rows["people_user"][0]["username"] == "petugas1" and "password" not in rows["people_user"][0]
        assert {"people_role", "people_login", "django_session", "people_apitoken"} <= set(rows)
        assert "session_key" not in rows["people_login"][0] and set(rows["django_session"][0]) == {"expire_date"}
        assert (
            rows["roster_countersession"][0]["opened_at"] == at(8, 55).astimezone(at(8).tzinfo).isoformat()
            or (rows["roster_countersession"][0]["opened_at"])
        )
        kinds = {row["kind"] for row in rows["journal_entry"]}
        assert {"session.opened", "ticket.called", "ticket.served"} <= kinds
        assert {row["actor_id"] for row in rows["journal_entry"] if row["kind"] == "ticket.called"} == {str(user.pk)}
        assert "visits_visit" not in rows and EMAIL not in copy.as_json()


def test_every_model_is_held_about_somebody_or_says_why_not() -> None:
    all_models = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    held = {one.model for one in tables.HELD}
    assert not held & set(tables.NOT_ABOUT)
    assert held | set(tables.NOT_ABOUT) == all_models, (
        "name the new model in rights/tables.py: in HELD with the way to its person, or in NOT_ABOUT with the reason"
    )


def test_every_foreign_key_to_a_persons_rows_is_followed_or_says_why_not() -> None:
    held = {one.model: one for one in tables.HELD}
    unknown = []
    for model in apps.get_models(include_auto_created=True):
        for key in model._meta.concrete_fields:
            if not key.is_relation or key.related_model._meta.label not in held:  # type: ignore[union-attr]  # a relation has one
                continue
            one = held.get(model._meta.label)
            ways = (*one.visit, *one.booking, *one.wait, *one.user) if one else ()
            if key.name not in {way.split("__")[0] for way in ways}:
                unknown.append(f"{model.__name__}.{key.name}")
    assert sorted(unknown) == sorted(tables.NOT_FOLLOWED), "follow it in HELD, or say why not in NOT_FOLLOWED"


@pytest.mark.django_db
def test_every_table_of_the_database_has_a_model_or_says_why_not() -> None:
    with_model = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    there = set(connection.introspection.table_names()) - with_model
    assert there == set(tables.NO_MODEL)


#: Columns that stand in the file and not on the page: ids, and marks of the machinery.
INNER = """id visit ticket booking session slot user device subject_kind subject_id uid personal once scope status key
    seq hash capacity active counts position next_try_at leased_until minutes actor_id answered_by greeted_by
    is_superuser is_staff is_sample first_name last_name permission group prefix email_address
    scopes last_action last_ticket last_finished undo_until source proposal forwarded_from counters paused p10 p50
    p90 asked_by decided_by author approver moderator standard created sent minute called waiting wait cold_p10 cold_p50
    cold_p90 told_for speed"""


def test_every_column_of_a_copy_has_a_name_or_is_an_inner_mark() -> None:
    columns = set()
    for held in tables.HELD:
        fields = {f.name for f in apps.get_model(held.model)._meta.concrete_fields}
        assert set(held.hidden) | set(held.say) | held.only <= fields, held.model
        columns |= {name for name in fields if name not in held.hidden and (not held.only or name in held.only)}
    assert columns - set(words.COLUMNS) == set(INNER.split()) & columns - set(words.COLUMNS)
    assert set(words.COLUMNS) <= columns, "a name for a column that no copy holds"
