"""The pages of staffing: who opens them, what they say, and what a decision does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from senyum.journal.actor import SYSTEM
from senyum.planning import commands, states
from senyum.planning.asked import Asked
from senyum.planning.models import Proposal
from senyum.planning.tests.small import DAY, NOW, at, eight_to_three
from senyum.rehearsal.queries import SmallHall
from senyum.roster import commands as roster
from senyum.roster.queries import shifts_of
from senyum.surfaces.console.tests.planned import proposal
from senyum.surfaces.ui.testing import PageClient
from senyum.visits import commands as visits

PLANS, NEW, ASK = "/console/contoh/plans/", "/console/contoh/plans/new/", "/console/contoh/plans/ask/"
ROSTER, FLOOR, NEXT = "/console/contoh/roster/", "/console/contoh/floor/", "/console/contoh/floor/next-hour/"
ANSWERS = {"day": DAY.isoformat(), "span": "day", "target": "90", "hour_cost": "45000"}
NOBODY = ("petugas1", "penyambut", "admin")

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall(small_mall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> SmallHall:
    monkeypatch.setattr("senyum.core.clock.now", lambda: NOW)
    return eight_to_three(small_mall)


def client(hall: SmallHall, name: str) -> PageClient:
    browser = PageClient(raise_request_exception=True)
    browser.force_login(hall.users[name])
    return browser


def of(plan: Proposal, part: str = "") -> str:
    return f"{PLANS}{plan.pk}/{part}"


@pytest.mark.parametrize("name", NOBODY)
def test_officers_greeters_and_administrators_are_refused(hall: SmallHall, name: str) -> None:
    plan = proposal(hall, compute=False)
    other = client(hall, name)
    for address in (PLANS, NEW, of(plan), of(plan, "report/"), of(plan, "chart/frontier.svg"), ROSTER, NEXT):
        assert other.get(address).status_code == 403, address
    for address in (ASK, of(plan, "accept/"), of(plan, "reject/"), of(plan, "withdraw/")):
        assert other.post(address, ANSWERS).status_code == 403, address


def test_citizens_are_sent_to_log_in(hall: SmallHall) -> None:
    plan = proposal(hall, compute=False)
    for address in (PLANS, NEW, of(plan), ROSTER, NEXT):
        assert Client().get(address).status_code == 302, address


@pytest.mark.parametrize("name", ["sekda", "koordinator"])
def test_leadership_and_coordinators_read_and_do_not_decide(hall: SmallHall, name: str) -> None:
    plan = proposal(hall, agency="dukcapil")
    other = client(hall, name)
    page = other.page(of(plan))
    assert "Keputusan Anda" not in page.text and "Disdukcapil" in page.text
    for address in (ASK, of(plan, "accept/"), of(plan, "reject/"), of(plan, "withdraw/")):
        other.send(address, ANSWERS, status=403)
    assert other.get(NEW).status_code == 403
    assert Proposal.objects.get().state == states.READY


def test_a_coordinator_sees_their_agency_only(hall: SmallHall) -> None:
    whole, elsewhere = proposal(hall), proposal(hall, agency="polres")
    coordinator = client(hall, "koordinator")
    page = coordinator.page(of(whole))
    assert "Disdukcapil" in page.text and "Polres" not in page.text
    assert "Biaya sehari" not in page.text and not list(page.find("img"))
    assert coordinator.get(of(elsewhere)).status_code == 404
    for part in ("report/", "chart/frontier.svg"):
        assert coordinator.get(of(whole, part)).status_code == 404
    assert of(elsewhere) not in coordinator.page(PLANS).html
    lanes = coordinator.page(f"{ROSTER}?day={DAY}").text
    assert "Petugas1 (contoh)" in lanes and "Petugas3" not in lanes


def test_the_list_says_what_to_do_when_it_is_empty(hall: SmallHall) -> None:
    assert "Dua petugas sakit" in client(hall, "pengelola").page(PLANS).text
    assert "Pengelola MPP yang meminta rencana" in client(hall, "sekda").page(PLANS).text


def test_a_question_is_filled_in_from_the_address(hall: SmallHall) -> None:
    manager = client(hall, "pengelola")
    page = manager.page(f"{NEW}?ill=2")
    assert page.find("input", name="ill")[0].get("value") == "2"
    assert page.find("input", name="day")[0].get("value") == "2026-03-04"
    saturday = manager.page(f"{NEW}?saturday=on")
    assert saturday.find("input", name="day")[0].get("value") == "2026-03-07"
    manager.page(f"{NEW}?ill=%3Cscript%3E&day=yesterday")


def test_asking_leads_to_the_progress(hall: SmallHall) -> None:
    page = client(hall, "pengelola").send(
        ASK, {**ANSWERS, "ill": "1", "ill_agency": "contoh-dukcapil", "more": "40", "move": "ktp", "beside": "kk"}
    )
    assert "1 petugas sakit (Disdukcapil), 40 % lebih ramai, KTP elektronik di sebelah Kartu keluarga" in page.text
    assert "Menunggu dihitung" in page.text and "Muat ulang" in page.text
    asked = Proposal.objects.get().asked
    assert (asked["ill"], asked["more"], asked["moves"]) == (1, 40, [["ktp", "kk"]])


def test_a_week_is_its_open_days(hall: SmallHall) -> None:
    client(hall, "pengelola").send(ASK, {**ANSWERS, "span": "week"})
    assert Proposal.objects.get().days == [f"2026-03-0{n}" for n in range(3, 9)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"day": "2026-01-01"}, "Pilih hari ini atau sesudahnya"),
        ({"day": "kapan"}, "tanggal"),
        ({"closed": "1, 99"}, "nomor loket"),
        ({"move": "ktp"}, "Pilih kedua layanannya"),
        ({"move": "ktp", "beside": "ktp"}, "Pilih layanan lain"),
        ({"agency": "contoh-polres", "ill": "1", "ill_agency": "contoh-dukcapil"}, "Pilih instansi yang direncanakan"),
        ({"ill": "-1"}, ""),
        ({"saturday": "on"}, "jatuh pada hari Sabtu"),
    ],
)
def test_a_wrong_question_keeps_its_answers(hall: SmallHall, changes: dict[str, str], words: str) -> None:
    page = client(hall, "pengelola").send(ASK, {**ANSWERS, "target": "88", **changes}, status=422)
    assert page.title.startswith("Galat:") and words in page.text
    assert page.find("input", name="target")[0].get("value") == "88"
    assert not Proposal.objects.exists()


def test_the_plan_stands_beside_todays_roster(hall: SmallHall) -> None:
    plan = proposal(hall, Asked(ill=1, ill_agency="contoh-dukcapil"))
    page = client(hall, "pengelola").page(of(plan))
    day = plan.result[0]
    for words in (
        f"{100 * day['plan']['kept']:.1f}".replace(".", ","),
        "jadwal sekarang",
        "sasaran 90 %",
        "tidak mencapai sasaran",
        "Catatan kedatangan di MPP ini belum cukup",
        "Rp45.000 per jam petugas",
    ):
        assert words in page.text
    tables = [t.first("caption").text for t in page.find("table")]
    assert "Rencana di samping jadwal sekarang, per instansi" in tables
    assert {"Satu rencana untuk tiap sasaran", "Satu petugas sehari penuh di atas rencana"} <= set(tables)
    assert {i.get("src").rpartition("/")[2] for i in page.find("img")} >= {f"day-{DAY}.svg", "frontier.svg"}
    assert list(page.find("rect", class_="work"))
    assert "1 petugas sakit (Disdukcapil)" in client(hall, "sekda").page(PLANS).text


def test_charts_are_pictures_that_can_be_kept(hall: SmallHall) -> None:
    plan = proposal(hall, agency="dukcapil")
    manager = client(hall, "pengelola")
    shown = manager.get(of(plan, "chart/frontier.svg"))
    assert shown["Content-Type"] == "image/svg+xml" and shown.content.startswith(b"<svg")
    kept = manager.get(of(plan, "chart/frontier.svg?download=1"))
    assert kept["Content-Disposition"] == f'attachment; filename="rencana-{plan.pk}-frontier.svg"'
    assert manager.get(of(plan, "chart/nothing.svg")).status_code == 404
    report = manager.page(of(plan, "report/"))
    assert {i.get("src").rpartition("/")[2] for i in report.find("img")} >= {f"day-{DAY}.svg", "frontier.svg"}


def test_before_there_is_a_plan_there_is_no_report(hall: SmallHall) -> None:
    plan = proposal(hall, compute=False)
    manager = client(hall, "pengelola")
    assert manager.get(of(plan, "report/")).status_code == 404
    fragment = manager.fragment(of(plan))
    assert "Menunggu dihitung" in fragment.text
    commands.start(now=NOW, wall=NOW)
    commands.say_progress(proposal_id=plan.pk, stage="planning", progress=40, now=NOW, wall=NOW)
    page = manager.page(of(plan))
    assert page.find("progress")[0].get("value") == "40"
    assert [li.get("aria-current") for li in page.find("li") if li.get("aria-current")] == ["step"]
    page = manager.send(of(plan, "withdraw/"))
    assert "Rencana dibatalkan." in page.text
    assert "Tidak ada hasil" in manager.page(of(plan)).text


def test_what_failed_says_why(hall: SmallHall) -> None:
    plan = proposal(hall, compute=False)
    commands.start(now=NOW, wall=NOW)
    commands.fail(proposal_id=plan.pk, trouble="Hanya 4 petugas punya jadwal hari itu.", now=NOW)
    assert "Hanya 4 petugas punya jadwal" in client(hall, "pengelola").page(of(plan)).text


def test_accepting_shows_the_roster_and_happens_once(hall: SmallHall) -> None:
    plan = proposal(hall, agency="dukcapil")
    manager = client(hall, "pengelola")
    page = manager.send(of(plan, "accept/"))
    assert "Rencana diterima" in page.text and f"rencana {plan.pk}" in page.text
    assert "Selasa, 3 Maret 2026" in page.text
    assert {s.proposal for s in shifts_of(mall=hall.mall, day=DAY) if s.number < 3} == {plan.pk}
    manager.send(of(plan, "accept/"), status=409)
    assert "Diterima Pengelola (contoh)" in manager.page(of(plan)).text


def test_a_changed_roster_refuses_with_a_sentence(hall: SmallHall) -> None:
    plan = proposal(hall, agency="dukcapil")
    (first, *_rest) = shifts_of(mall=hall.mall, day=DAY)
    roster.cancel_shift(shift_id=first.id, reason="sakit", now=NOW, actor=SYSTEM)
    page = client(hall, "pengelola").send(of(plan, "accept/"), status=409)
    assert "Jadwal petugas hari itu sudah berubah" in page.text


def test_rejecting_wants_a_reason(hall: SmallHall) -> None:
    plan = proposal(hall, agency="dukcapil")
    manager = client(hall, "pengelola")
    page = manager.send(of(plan, "reject/"), {"reason": ""}, status=422)
    assert page.title.startswith("Galat:")
    page = manager.send(of(plan, "reject/"), {"reason": "Ada pelatihan"})
    assert "Ada pelatihan" in page.text and "Keputusan Anda" not in page.text


def test_a_plan_of_another_hall_is_not_found(hall: SmallHall) -> None:
    plan = proposal(hall, compute=False)
    assert client(hall, "pengelola").get(f"/console/elsewhere/plans/{plan.pk}/").status_code == 404
    assert client(hall, "pengelola").get(f"{PLANS}{plan.pk + 1}/").status_code == 404


def test_the_roster_of_a_day(hall: SmallHall) -> None:
    manager = client(hall, "pengelola")
    page = manager.page(ROSTER)
    assert "Selasa, 3 Maret 2026 · hari ini" in page.text and "4 petugas dijadwalkan" in page.text
    assert "istirahat 12.00–12.30" in page.text
    assert "Belum ada jadwal hari itu" in manager.page(f"{ROSTER}?day=2026-04-01").text
    for odd in ("kemarin", "9999-12-31", ""):
        assert "3 Maret" in manager.page(f"{ROSTER}?day={odd}").text


def test_the_floor_says_who_is_missing(hall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("senyum.core.clock.now", lambda: at(9))
    roster.open_session(counter=hall.counters[1], user=hall.users["petugas1"], now=at(8), actor=SYSTEM)
    page = client(hall, "pengelola").page(FLOOR)
    assert "direncanakan 4, hadir 1" in page.text
    assert "Disdukcapil: direncanakan 2, hadir 1" in page.text and "Polres: direncanakan 1, hadir 0" in page.text
    page = client(hall, "pengelola").page(f"{FLOOR}?agency=contoh-polres")
    assert "direncanakan 1, hadir 0" in page.text and "direncanakan 4" not in page.text
    greeter = client(hall, "penyambut").page(FLOOR)
    assert "direncanakan 4, hadir 1" in greeter.text and "Rencana petugas" not in greeter.text


def test_the_next_hour_on_the_floor(hall: SmallHall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("senyum.core.clock.now", lambda: at(9))
    roster.open_session(counter=hall.counters[1], user=hall.users["petugas1"], now=at(8), actor=SYSTEM)
    manager = client(hall, "pengelola")
    assert "Tidak ada yang menunggu" in manager.page(NEXT).text
    for n in range(12):
        visits.issue_visit(
            mall=hall.mall,
            line_ids=[hall.lines["ktp"].pk],
            priority="regular",
            channel="kiosk",
            actor=SYSTEM,
            now=at(9) - timedelta(minutes=n),
            any_time=True,
        )
    page = manager.page(NEXT)
    assert "Buka loket 2 Disdukcapil dengan Petugas2 (contoh)." in page.text
    assert "orang lebih sedikit lewat janji dalam sejam" in page.text
    assert "Hitung lagi" in manager.fragment(NEXT).text
    assert "Tidak ada yang menunggu" not in client(hall, "koordinator").page(NEXT).text
    assert "href" in page.html and NEXT in manager.page(FLOOR).html


def test_a_plan_that_keeps_less_than_the_roster_says_so(hall: SmallHall) -> None:
    plan = proposal(hall, Asked(target=50), agency="dukcapil")
    (agency,) = plan.result[0]["agencies"]
    for reached, told in ((False, True), (True, False)):
        agency["kept"], agency["today"]["kept"], agency["reached"] = 0.3, 0.6, reached
        Proposal.objects.filter(pk=plan.pk).update(result=plan.result)
        page = client(hall, "pengelola").page(of(plan))
        assert ("Disdukcapil 60,0 → 30,0 %" in page.text) is told
