"""Every address of the house beside who may open it, written by hand and not read from the views: a view that is added,
or that opens to somebody else, fails here until somebody has looked at it.
"""

from __future__ import annotations

import pytest
from django.test import Client

from senyum.people.access import PERMISSIONS
from senyum.surfaces.ui.access import access_of
from senyum.surfaces.ui.tests.test_guards import fill, filled, own_routes  # noqa: F401 - a fixture

#: "public"; "staff" and the permission that opens it; "device", its kind, and the permission of staff who may look.
ROUTES = {
    "device kiosk pair_device": """
        kiosk/<slug:mall>/
        kiosk/<slug:mall>/now/
        kiosk/<slug:mall>/services/
        kiosk/<slug:mall>/services/<slug:agency>/
        kiosk/<slug:mall>/pickup/
        kiosk/<slug:mall>/search/
        kiosk/<slug:mall>/check/
        kiosk/<slug:mall>/take/
        kiosk/<slug:mall>/booked/
        kiosk/<slug:mall>/ticket/
        kiosk/<slug:mall>/paper/
        kiosk/<slug:mall>/contrast/
        kiosk/<slug:mall>/staff/
        kiosk/<slug:mall>/alive/
        kiosk/<slug:mall>/say/<slug:language>/<slug:signed>.wav
    """,
    "device smile": """
        smile/<slug:mall>/
        smile/<slug:mall>/give
    """,
    "public": """
        (home)
        language/
        push-worker.js
        device/
        device/pair/
        device/pair-sample/
        device/unpair/
        display/chime.wav
        display/<slug:mall>/
        display/<slug:mall>/now/
        display/<slug:mall>/voice/<slug:language>/<slug:kind>/<slug:label>/<int:counter>/<slug:signed>.wav
        m/<slug:mall>/
        robots.txt
        cari/
        sitemap.xml
        sitemap-house.xml
        m/<slug:mall>/sitemap.xml
        m/<slug:mall>/peristiwa/<slug:event>/
        m/<slug:mall>/instansi/<slug:agency>/
        m/<slug:mall>/layanan/<slug:agency>/<slug:slug>/
        m/<slug:mall>/layanan/<slug:agency>/<slug:slug>/standar/
        m/<slug:mall>/line/<int:line>/
        m/<slug:mall>/line/<int:line>/now/
        m/<slug:mall>/line/<int:line>/standard/
        m/<slug:mall>/line/<int:line>/standard/comment/
        m/<slug:mall>/take/
        m/<slug:mall>/book/
        b/<str:token>/
        m/<slug:mall>/wait/
        w/<str:token>/
        w/<str:token>/leave
        b/<str:token>/accept
        b/<str:token>/decline
        b/<str:token>/move/
        b/<str:token>/push
        b/<str:token>/confirm
        b/<str:token>/cancel
        b/<str:token>/calendar.ics
        m/<slug:mall>/accuracy/
        m/<slug:mall>/counters/
        m/<slug:mall>/counters/now/
        t/<str:token>/
        t/<str:token>/now/
        t/<str:token>/delay
        t/<str:token>/rejoin
        t/<str:token>/leave
        t/<str:token>/push
        t/<str:token>/data/
        t/<str:token>/data.json
        t/<str:token>/erase
        b/<str:token>/data/
        b/<str:token>/data.json
        b/<str:token>/erase
        t/<str:token>/smile
        trust/
        trust/senyum-ca.crt
        privacy/
    """,
    "staff": """
        my-work/
        my-work/logins/
        my-work/logins/end/
    """,
    "staff approve_standard": """
        console/<slug:mall>/standards/<int:standard>/approve/
        console/<slug:mall>/standards/<int:standard>/give-back/
    """,
    "staff edit_catalogue": """
        console/<slug:mall>/words/
        console/<slug:mall>/words/save/
        console/<slug:mall>/words/retire/
        console/<slug:mall>/events/
        console/<slug:mall>/events/new/
        console/<slug:mall>/events/<int:life>/
        console/<slug:mall>/events/<int:life>/active/
    """,
    "staff edit_standard": """
        console/<slug:mall>/standards/new/<int:service>/
        console/<slug:mall>/standards/<int:standard>/edit/
        console/<slug:mall>/standards/<int:standard>/save/
        console/<slug:mall>/standards/<int:standard>/submit/
        console/<slug:mall>/standards/<int:standard>/withdraw/
        console/<slug:mall>/standards/<int:standard>/comment/<int:comment>/
    """,
    "staff greet": """
        greeter/<slug:mall>/
        greeter/<slug:mall>/door/
        greeter/<slug:mall>/arrive/
        greeter/<slug:mall>/greet/
        greeter/<slug:mall>/check-in/
        greeter/<slug:mall>/find/
        greeter/<slug:mall>/take/
        greeter/<slug:mall>/visit/<int:visit>/
        greeter/<slug:mall>/visit/<int:visit>/message/
        greeter/<slug:mall>/visit/<int:visit>/<slug:action>/
        greeter/<slug:mall>/paper/
        greeter/<slug:mall>/paper/<int:block>/
        greeter/<slug:mall>/paper/<int:block>/print/
    """,
    "staff manage_people": """
        console/<slug:mall>/accounts/
        console/<slug:mall>/accounts/add/
        console/<slug:mall>/accounts/<int:person>/
        console/<slug:mall>/accounts/<int:person>/change/
        console/<slug:mall>/accounts/<int:person>/give/
        console/<slug:mall>/accounts/<int:person>/take/
        console/<slug:mall>/accounts/<int:person>/reset/
        console/<slug:mall>/accounts/<int:person>/factors/
        console/<slug:mall>/accounts/<int:person>/disable/
        console/<slug:mall>/accounts/<int:person>/enable/
    """,
    "staff pair_device": """
        console/<slug:mall>/devices/
        console/<slug:mall>/devices/<int:device>/end/
    """,
    "staff see_bookings": """
        console/<slug:mall>/bookings/
        console/<slug:mall>/bookings/day/
    """,
    "staff set_bookings": """
        console/<slug:mall>/bookings/<int:line>/
    """,
    "staff see_floor": """
        console/<slug:mall>/floor/
        console/<slug:mall>/accuracy/
        console/<slug:mall>/accuracy/<int:line>/
        console/<slug:mall>/ticket/<int:ticket>/
    """,
    "staff see_plan": """
        console/<slug:mall>/floor/next-hour/
        console/<slug:mall>/roster/
        console/<slug:mall>/plans/
        console/<slug:mall>/plans/<int:plan>/
        console/<slug:mall>/plans/<int:plan>/report/
        console/<slug:mall>/plans/<int:plan>/chart/<slug:name>.svg
    """,
    "staff see_standards": """
        console/<slug:mall>/standards/
        console/<slug:mall>/standards/<int:standard>/
    """,
    "staff steer_floor": """
        console/<slug:mall>/floor/pause/
        console/<slug:mall>/floor/resume/
    """,
    "staff steer_plan": """
        console/<slug:mall>/plans/new/
        console/<slug:mall>/plans/ask/
        console/<slug:mall>/plans/<int:plan>/accept/
        console/<slug:mall>/plans/<int:plan>/reject/
        console/<slug:mall>/plans/<int:plan>/withdraw/
    """,
    "staff take_over": """
        counter/
        counter/<slug:mall>/
        counter/<slug:mall>/<int:number>/
        counter/<slug:mall>/<int:number>/now/
        counter/<slug:mall>/<int:number>/panel/<slug:name>/
        counter/<slug:mall>/<int:number>/<slug:action>/
    """,
}
#: Who tries, and their role: an officer of the agency, one of another agency, and the rest of the hall.
PEOPLE = {
    "petugas1": "officer",
    "petugas3": "officer",
    "koordinator": "coordinator",
    "penyambut": "greeter",
    "pengelola": "manager",
    "sekda": "leadership",
    "admin": "administrator",
}
REFUSED = frozenset({403, 404})


def listed() -> dict[str, str]:
    """Address pattern -> who may open it."""
    return {line.strip(): who for who, text in ROUTES.items() for line in text.strip().splitlines()}


def test_every_route_stands_in_the_table_with_what_its_view_says():
    said = {}
    for address, route in own_routes():
        access = access_of(route.callback)
        assert access is not None, address
        kind = " ".join([access.kind, *access.devices, *access.permissions])
        said[address or "(home)"] = kind
    assert said == listed(), "look who may open the new address, and write it into ROUTES"


@pytest.mark.django_db
def test_staff_pages_open_to_their_roles_and_to_nobody_else(small_mall, filled):  # noqa: F811 - that fixture
    wrong = []
    for address, who in listed().items():
        kind, *permissions = who.split()
        if kind != "staff" or not permissions:
            continue
        url, _unknown = fill(address, filled)
        answer = Client().get(url)
        if answer.status_code != 302 or "/accounts/login/" not in answer["Location"]:
            wrong.append(f"nobody {url}: {answer.status_code}")
        for name, role in PEOPLE.items():
            browser = Client()
            browser.force_login(small_mall.users[name])
            status = browser.get(url).status_code
            may = any(role in PERMISSIONS[permission] for permission in permissions)
            if not may and status not in REFUSED:
                wrong.append(f"{name} {url}: {status}, must be refused")
            # What is filled in belongs to the agency of all but petugas3.
            if may and name != "petugas3" and status == 403:
                wrong.append(f"{name} {url}: {status}, must open")
    assert not wrong, "\n".join(wrong)
