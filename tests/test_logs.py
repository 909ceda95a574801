"""After a day on the real stack, with faults and attacks in it, no log names a person, a link, a key or a password."""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
import pytest

from tests.house import PASSWORD, House

NIK, PHONE, NAME = "3211010101900001", "0812-3456-7890", "Tati Rohaeti"
FORGED = 'x\r\n{"event": "forged", "level": "info"}\x1b[2J\u2028'
Headers = dict[str, str]


class Visitor:
    """A browser without a page: keeps cookies, sends forms with their token, asks the API."""

    def __init__(self, house: House) -> None:
        self.house, self.cookies = house, {}

    def ask(self, method: str, path: str, body: str | bytes = "", **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        data = body.encode() if isinstance(body, str) else body
        connection.request(method, path, data or None, sent)
        response = connection.getresponse()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                kept, _, rest = value.partition("=")
                self.cookies[kept] = rest.partition(";")[0]
        said = response.read().decode(errors="replace")
        connection.close()
        return response.status, said

    def send(self, page: str, action: str, **answers: str) -> tuple[int, str]:
        """The form on `page` that goes to `action`."""
        said = self.ask("GET", page)[1]
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken|_key|key|once)" value="([^"]+)"', said))
        form = urlencode({**hidden, **answers})
        return self.ask("POST", action, form, Content_Type="application/x-www-form-urlencoded")


def a_day(house: House) -> list[str]:
    """People, mistakes and attacks. Returns what must stand in no log."""
    api = Visitor(house)
    bearer = {"Authorization": f"Bearer {house.token}", "Content_Type": "application/json"}
    body = json.dumps({"mall": "contoh", "services": [house.service], "channel": "kiosk"})
    status, said = api.ask("POST", "/api/v1/visits", body, Idempotency_Key="catatan-0001", **bearer)
    assert status == 201, said
    link = json.loads(said)["token"]
    phone = Visitor(house)
    assert phone.ask("GET", f"/t/{link}/")[0] == 200
    assert phone.send(f"/t/{link}/", f"/t/{link}/leave", ticket="999")[0] in (302, 404)
    # Names and numbers where they do not belong, and texts that would forge a line.
    for text in (NIK, PHONE, NAME, FORGED, f"NIK {NIK} atas nama {NAME}"):
        assert phone.ask("GET", f"/m/contoh/?q={quote(text)}")[0] == 200
        assert phone.ask("GET", f"/m/{quote(text, safe='')}/")[0] == 404
        assert phone.ask("GET", f"/{quote(text, safe='')}", User_Agent=quote(text), Referer=quote(text))[0] == 404
        wrong = phone.send("/accounts/login/", "/accounts/login/", login=text, password=PASSWORD + "x")
        assert wrong[0] in (200, 429)
    # Keys in addresses, bodies that are too long or broken.
    assert api.ask("GET", f"/api/v1/malls?token={house.token}")[0] == 401
    assert api.ask("GET", f"/api/v1/malls/contoh/events?access_token={house.token}")[0] in (401, 403)
    assert api.ask("POST", "/api/v1/visits", f'{{"{NAME}', **bearer)[0] in (400, 422)
    assert api.ask("POST", "/api/v1/visits", "x" * 2_000_000, **bearer)[0] in (400, 413, 422)
    # A database that fails in the middle of it, with the row in its message.
    with psycopg.connect(house.url, autocommit=True) as database:
        database.execute(
            "CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN NEW.number = ('{NAME} {NIK} ' || NEW.token)::int; RETURN NEW; END $$"
        )
        database.execute("CREATE TRIGGER tells BEFORE INSERT ON visits_visit FOR EACH ROW EXECUTE FUNCTION tells()")
        status, said = api.ask("POST", "/api/v1/visits", body, Idempotency_Key="catatan-0002", **bearer)
        assert status == 422 and NAME not in said and "Traceback" not in said
        database.execute("DROP FUNCTION tells CASCADE")
    officer = Visitor(house)
    assert officer.send("/accounts/login/", "/accounts/login/", login="petugas1", password=PASSWORD)[0] == 302
    assert officer.ask("GET", "/counter/contoh/")[0] == 200
    cookies = [value for visitor in (phone, officer) for value in visitor.cookies.values() if len(value) > 20]
    return [link, house.token, PASSWORD, *cookies]


@pytest.mark.slow
def test_no_log_holds_a_person_a_link_a_key_or_a_forged_line(house: House, hall_directory: Path) -> None:
    secrets = a_day(house)
    logs = [
        path for path in hall_directory.rglob("*") if path.is_file() and "log" in str(path.relative_to(hall_directory))
    ]
    read = {path: path.read_text(errors="replace") for path in logs if "cluster" not in path.parts}
    assert {path.stem for path in read} >= {"web", "worker", "sequencer"}, "the programs' logs"
    text = "\n".join(read.values())
    # Something was written: the fault is there, without its row.
    assert "/api/v1/visits" in text and "InvalidTextRepresentation" in text
    for secret in (*secrets, NIK, "0812-3456", NAME, quote(PHONE), quote(NAME)):
        assert secret not in text, secret[:12]
    assert not re.search(r"(?<!\d)\d{16}(?!\d)", text)
    for path, said in read.items():
        for line in said.splitlines():
            assert '"event": "forged"' not in line or "\\" in line, path.name
            if line.startswith("{"):
                assert json.loads(line)["event"] != "forged"
    assert "\x1b" not in text
