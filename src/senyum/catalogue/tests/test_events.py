"""Life events: how steps become visits, papers one checklist; their writes; what a hall shows of the house's own."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from senyum.catalogue import event_commands, event_queries
from senyum.catalogue.event_commands import EventText, StepText
from senyum.catalogue.event_models import LifeEvent
from senyum.catalogue.event_rules import Step, copies_of, merged, score, visits
from senyum.catalogue.models import Line
from senyum.catalogue.queries import RequirementInfo
from senyum.catalogue.rules import speech_of, words
from senyum.core import clock
from senyum.core.errors import NotAllowed, NotPossible
from senyum.journal.actor import SYSTEM
from senyum.journal.models import Entry
from senyum.malls import queries as malls
from senyum.malls.models import BoothHours, Mall
from senyum.rehearsal.seed import seed

MON, TUE, WED = (date(2026, 11, 23) + timedelta(days=n) for n in range(3))


def step(key, *days, stage=1):
    return Step(key, stage, frozenset(days))


# Rules


@pytest.mark.parametrize(
    ("steps", "most", "expected"),
    [
        ([step(1, MON, TUE), step(2, TUE, WED)], 5, [((1, 2), TUE)]),
        ([step(1, MON), step(2, TUE)], 5, [((1,), MON), ((2,), TUE)]),
        ([step(1, MON, TUE), step(2, MON), step(3, TUE)], 5, [((1, 2), MON), ((3,), TUE)]),
        ([step(1, MON), step(2, MON, stage=2)], 5, [((1,), MON), ((2,), MON)]),
        ([step(2, MON, stage=2), step(1, MON), step(3, MON)], 5, [((1, 3), MON), ((2,), MON)]),
        ([step(1, MON), step(2, MON), step(3, MON)], 2, [((1, 2), MON), ((3,), MON)]),
        ([step(1), step(2, MON)], 5, [((1,), None), ((2,), MON)]),
        ([], 5, []),
    ],
)
def test_steps_become_visits(steps, most, expected):
    assert [(v.keys, v.day) for v in visits(steps, most)] == expected


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(1, 3), st.frozensets(st.sampled_from([MON, TUE, WED]))), max_size=8),
    st.integers(1, 4),
)
def test_every_step_is_in_one_visit_on_a_day_it_serves(rows, most):
    steps = {n: Step(n, stage, days) for n, (stage, days) in enumerate(rows)}
    found = visits(list(steps.values()), most)
    assert sorted(key for visit in found for key in visit.keys) == list(steps)
    for visit in found:
        assert len(visit.keys) <= most and len({steps[key].stage for key in visit.keys}) == 1
        assert all(visit.day in steps[key].days for key in visit.keys) or (len(visit.keys) == 1 and visit.day is None)
    assert [steps[v.keys[0]].stage for v in found] == sorted(steps[v.keys[0]].stage for v in found)


@pytest.mark.parametrize(
    ("forms", "copies"),
    [
        ("asli dan 2 fotokopi", 2),
        ("asli, 3 lembar fotokopi", 3),
        ("fotokopi", 1),
        ("2 rangkap", 2),
        ("Foto copy 4 lembar", 4),
        ("asli", 0),
        ("", 0),
        ("berlaku 6 bulan", 0),
        ("foto 4x6", 0),
    ],
)
def test_copies_are_read_from_the_accepted_forms(forms, copies):
    assert copies_of(forms) == copies


def need(text, forms="", **more):
    return RequirementInfo(0, text, "", "", forms=forms, key=" ".join(words(text)), **more)


def test_a_paper_stands_once_with_for_whom_and_the_most_copies():
    found = merged([(1, [need("KTP", "1 fotokopi"), need("KK")]), (2, [need("ktp", "3 fotokopi")])], {})
    assert [(p.info.text, p.services, p.copies, p.forms) for p in found] == [
        ("KTP", (1, 2), 3, ("1 fotokopi", "3 fotokopi")),
        ("KK", (1,), 0, ()),
    ]


def test_what_an_earlier_step_yields_need_not_come_from_home():
    gives = {"akta": 1}
    (later,) = merged([(1, []), (2, [need("Akta")])], gives)
    assert later.step == 1
    # Asked by the very step that yields it, or before it: then it does come from home.
    for needs in ([(1, [need("Akta")]), (2, [])], [(0, [need("Akta")]), (1, []), (2, [need("Akta")])]):
        assert [p.step for p in merged(needs, gives)] == [None]


def test_events_are_found_by_most_of_what_was_asked():
    speech = speech_of(["saya"], {"orok": ["bayi"]})
    said = words("Bayi lahir anak baru lahiran")
    assert score(["anak", "baru", "lahir"], said, speech) == 1
    assert score(["orok"], said, speech) > 0.8 and 0 < score(["lahri"], said, speech) < 0.8
    assert score(["paspor"], said, speech) == 0 and score([], said, speech) == 0
    assert score(["ktp", "hilang", "bayi"], said, speech) < 0.6


# Writes


@pytest.fixture
def asked(small_mall):
    """(by, ids of services): what the commands take."""
    by = {"by": small_mall.users["pengelola"], "mall": small_mall.mall, "now": clock.now()}
    return by, {code: line.service_id for code, line in small_mall.lines.items()}


def event(services, **more):
    steps = [StepText(text="Ke desa", why="dulu"), StepText(services["ktp"], gives="KTP"), StepText(services["skck"])]
    return EventText(**{"slug": "uji-coba", "title": "Uji coba", "steps": steps, **more})


@pytest.mark.django_db
def test_a_manager_puts_changes_retires_and_revives(asked):
    by, services = asked
    row = event_commands.put_event(event_id=None, given=event(services), **by)
    changed = event_commands.put_event(
        event_id=row.pk, given=event(services, title="Lain", steps=[StepText(services["kk"])]), **by
    )
    assert (changed.pk, changed.title, [s.service_id for s in changed.steps.all()]) == (
        row.pk,
        "Lain",
        [services["kk"]],
    )
    for active in (False, False, True):
        event_commands.set_event_active(event_id=row.pk, active=active, **by)
    kinds = list(Entry.objects.filter(kind__startswith="life_event").order_by("id").values_list("kind", flat=True))
    assert kinds == ["life_event.put", "life_event.put", "life_event.retired", "life_event.revived"]


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["koordinator", "petugas1", "penyambut", "sekda"])
def test_others_may_not(small_mall, asked, who):
    by, services = asked
    row = event_commands.put_event(event_id=None, given=event(services), **by)
    other = {**by, "by": small_mall.users[who]}
    with pytest.raises(NotAllowed):
        event_commands.put_event(event_id=row.pk, given=event(services, title="Rusak"), **other)
    with pytest.raises(NotAllowed):
        event_commands.set_event_active(event_id=row.pk, active=False, **other)
    row.refresh_from_db()
    assert row.active and row.title == "Uji coba"


@pytest.mark.django_db
def test_what_cannot_be_put_says_which_field(asked):
    by, services = asked
    event_commands.put_event(event_id=None, given=event(services, slug="ada"), **by)
    one = StepText(services["ktp"])
    for code, wrong in {
        "slug": ({"slug": "Bayi Lahir"}, {"slug": "x" * 61}, {"slug": "ada"}, {"slug": "../x"}),
        "title": ({"title": " "}, {"title": "x" * 121}),
        "intro": ({"intro": "x" * 601}, {"steps": [one, StepText(services["kk"], why="y" * 601)]}),
        "steps": (
            {"steps": []},
            {"steps": [StepText(text="hanya teks")]},
            {"steps": [one, one]},
            {"steps": [StepText(services["ktp"], stage=0)]},
            {"steps": [StepText(999999)]},
            {"steps": [one, *[StepText(text=f"langkah {n}") for n in range(20)]]},
        ),
    }.items():
        for more in wrong:
            with pytest.raises(NotPossible) as refused:
                event_commands.put_event(event_id=None, given=event(services, **more), **by)
            assert refused.value.code == code, more
    with pytest.raises(NotPossible):
        event_commands.put_event(event_id=999999, given=event(services), **by)
    assert LifeEvent.objects.count() == 1


# What a hall shows


@pytest.mark.django_db
def test_a_hall_shows_what_it_offers_and_names_the_rest(small_mall, asked):
    by, services = asked
    event_commands.put_event(event_id=None, given=event(services), **by)
    Line.objects.filter(pk=small_mall.lines["skck"].pk).update(active=False)
    page = event_queries.event_page(small_mall.mall, "uji-coba", clock.now())
    assert [s.text for s in page.before] == ["Ke desa"] and page.elsewhere == ("SKCK",)
    assert [[s.info.code for s in visit.steps] for visit in page.visits] == [["ktp"]]
    assert [(p.paper.info.text, p.services, p.step) for p in page.papers] == [
        ("KTP", ("KTP elektronik",), 0),
        ("Kartu keluarga", ("KTP elektronik",), 0),
    ]
    Line.objects.filter(pk=small_mall.lines["ktp"].pk).update(active=False)
    assert event_queries.event_page(small_mall.mall, "uji-coba", clock.now()) is None
    assert event_queries.events_of(small_mall.mall) == []


@pytest.mark.django_db
def test_agencies_that_never_serve_on_one_day_take_two_visits(small_mall, asked):
    by, services = asked
    event_commands.put_event(event_id=None, given=event(services), **by)

    def planned():
        malls.forget()
        found = event_queries.event_page(small_mall.mall, "uji-coba", clock.now()).visits
        return [[s.info.code for s in visit.steps] for visit in found]

    assert planned() == [["ktp", "skck"]]
    BoothHours.objects.filter(booth=small_mall.booths["dukcapil"]).exclude(weekday=1).delete()
    BoothHours.objects.filter(booth=small_mall.booths["polres"]).exclude(weekday=3).delete()
    assert planned() == [["ktp"], ["skck"]]
    BoothHours.objects.create(
        booth=small_mall.booths["polres"], weekday=1, opens=time(8), last_ticket=time(11), closes=time(12)
    )
    assert planned() == [["ktp", "skck"]]


@pytest.mark.django_db
def test_retired_events_are_not_shown_and_stay_retired(small_mall, asked):
    by, services = asked
    row = event_commands.put_event(event_id=None, given=event(services), **by)
    event_commands.set_event_active(event_id=row.pk, active=False, **by)
    assert event_queries.event_page(small_mall.mall, "uji-coba", clock.now()) is None
    assert event_queries.search_events(small_mall.mall, "uji coba") == []


# The house's own


def test_each_house_event_says_everything_in_three_languages():
    for row in event_commands.house_events():
        assert row["source"] and row["keywords"]
        for name in ("title", "intro"):
            assert all(row[f"{name}{end}"].strip() for end in ("", "_su", "_en")), row["slug"]
        for one in row["steps"]:
            names = ("why",) if "service" in one else ("why", "text")
            assert all(one[f"{name}{end}"].strip() for name in names for end in ("", "_su", "_en")), one


@pytest.mark.django_db
def test_sumedang_knows_all_house_events_with_every_step():
    now = clock.now()
    seed("sumedang", now=now)
    mall = Mall.objects.get(code="sumedang")
    rows = {row["slug"]: row for row in event_commands.house_events()}
    assert {e.slug for e in event_queries.events_of(mall)} == set(rows)
    again = event_commands.load_house_events(now=now, actor=SYSTEM)
    assert again.put == 0 and again.unknown == (), "a service that the catalogue does not have, or it is not idempotent"
    for slug, row in rows.items():
        page = event_queries.event_page(mall, slug, now)
        assert not page.elsewhere and len(page.steps) == len(row["steps"]), slug
        keys = [p.paper.info.key for p in page.papers]
        assert len(keys) == len(set(keys)), "a paper stands once"
        # Every paper that a step is said to yield is one that the catalogue asks for by that name.
        yields = {" ".join(words(s["gives"])) for s in row["steps"] if s.get("gives")}
        asked_somewhere = {r.key for info in event_queries.lines_of(mall) for r in info.requirements}
        assert yields <= asked_somewhere | {"akta kematian"}, slug
    baby = event_queries.event_page(mall, "bayi-lahir", now)
    assert [s.info.code for s in baby.visits[0].steps] == ["akta-kelahiran", "kk-perubahan"]
    kk = next(p for p in baby.papers if p.paper.info.key.startswith("kartu keluarga"))
    assert len(kk.services) >= 3
    for asked_text, slug in {
        "anak baru lahir": "bayi-lahir",
        "orok": "bayi-lahir",
        "buka warung nasi": "buka-warung-makan",
        "pindahan": "pindah-datang",
        "bapak meninggal": "ada-yang-meninggal",
        "dompet ilang": "dompet-hilang",
        "mau nikah": "menikah",
        "ngelamar kerja": "mencari-kerja",
    }.items():
        assert [e.slug for e in event_queries.search_events(mall, asked_text)][:1] == [slug], asked_text
    for other in ("paspor", "bayar pajak motor", "perpanjang sim", "zzzz", ""):
        assert event_queries.search_events(mall, other) == [], other


@pytest.mark.django_db
def test_what_a_person_changed_the_next_version_leaves_alone(small_mall, asked, monkeypatch):
    by, services = asked
    house = [{"slug": "rumah", "title": "Rumah", "steps": [{"service": "contoh-dukcapil.ktp"}, {"service": "x.y"}]}]
    monkeypatch.setattr(event_commands, "house_events", lambda: house)
    done = event_commands.load_house_events(now=clock.now(), actor=SYSTEM)
    assert (done.put, done.unknown) == (1, ("x.y",))
    house[0]["title"] = "Rumah baru"
    assert event_commands.load_house_events(now=clock.now(), actor=SYSTEM).put == 1
    row = LifeEvent.objects.get(slug="rumah")
    assert row.title == "Rumah baru"
    event_commands.put_event(event_id=row.pk, given=event(services, slug="rumah", title="Punya kami"), **by)
    assert event_commands.load_house_events(now=clock.now(), actor=SYSTEM).put == 0
    assert LifeEvent.objects.get(slug="rumah").title == "Punya kami"
