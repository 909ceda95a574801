"""The import of a catalogue sheet: everything or nothing, and the same sheet twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from senyum.catalogue import states
from senyum.catalogue.content import content_of
from senyum.catalogue.models import Service, Standard
from senyum.catalogue.sheet import Finding, ServiceLine, Sheet
from senyum.catalogue.standard_commands import adopt, draft_from_import
from senyum.journal.actor import Actor
from senyum.journal.record import record
from senyum.malls.commands import HOUSE, put_row
from senyum.malls.models import Agency

SOURCE = "[M] catalogue import"


@dataclass(frozen=True)
class Imported:
    """What an import did: `new` services with their adopted first version, `drafts` that wait for review, services
    whose `names` changed, and those that were `unchanged`. With findings nothing was done.
    """

    lines: int
    services: int
    new: int
    drafts: int
    names: int
    unchanged: int
    findings: Sequence[Finding]


@transaction.atomic
def import_sheet(*, sheet: Sheet, now: datetime, actor: Actor) -> Imported:
    """Put the services of a sheet that has no findings; with findings, say them and change nothing.

    A service that is new gets its standard as an adopted version in force; one that has a standard gets a draft, which
    people review and approve (decision 0181).
    """
    # One sheet after the other: two that put the same services and words in another order would wait for each other.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('catalogue.import_sheet'))")
    agencies = {agency.code: agency for agency in Agency.objects.all()}
    findings = [*sheet.findings, *_against_the_house(sheet, agencies)]
    if findings or not sheet.services:
        findings.sort(key=lambda finding: finding.line)
        return Imported(sheet.lines, len(sheet.services), 0, 0, 0, 0, findings)
    done = [_put(line, agencies[line.agency], now, actor) for line in sheet.services]
    counts = {what: done.count(what) for what in ("new", "draft", "names", "unchanged")}
    result = Imported(sheet.lines, len(done), counts["new"], counts["draft"], counts["names"], counts["unchanged"], [])
    if result.unchanged != result.services:
        record(
            mall=HOUSE,
            at=now,
            kind="catalogue.imported",
            actor=actor,
            subject=("catalogue", now.date().isoformat(), "sheet"),
            data={"lines": result.lines, "new": result.new, "drafts": result.drafts, "names": result.names},
        )
    return result


def _against_the_house(sheet: Sheet, agencies: dict[str, Agency]) -> list[Finding]:
    """What is wrong with the sheet only beside what the hall knows."""
    found = []
    for line in sheet.services:
        if line.agency not in agencies:
            sentence = _("Instansi ini tidak ada. Periksa kodenya, atau tambahkan instansinya dulu.")
            found.append(Finding(line.number, "instansi", sentence))
            continue
        open_by_people = Standard.objects.filter(
            service__agency=agencies[line.agency], service__code=line.code, state__in=states.OPEN
        ).exclude(state=states.DRAFT, author=None, writers=[])
        if open_by_people.exists():
            sentence = _("Ada rancangan yang terbuka untuk layanan ini. Selesaikan atau tarik dulu di konsol.")
            found.append(Finding(line.number, "kode", sentence))
    return found


def _put(line: ServiceLine, agency: Agency, now: datetime, actor: Actor) -> str:
    keys = {"agency": agency, "code": line.code}
    there = Service.objects.filter(**keys).select_related("current").first()
    names = {**line.names, "pays_at_cashier": line.pays_at_cashier}
    if there is None:
        values = {**names, "standard_minutes": line.content.standard_minutes, "source": SOURCE}
        service, _changed = put_row(Service, keys, values)
        adopt(service=service, content=line.content, now=now, actor=actor, source=SOURCE)
        return "new"
    service, changed = put_row(Service, keys, names)
    if changed:
        record(
            mall=HOUSE,
            at=now,
            kind="service.put",
            actor=actor,
            subject=("service", service.pk, service.name),
            data={"agency": agency.code, "code": service.code, "changed": changed},
        )
    if service.current is not None and content_of(service.current) == line.content:
        return "names" if changed else "unchanged"
    if service.current is None:
        adopt(service=service, content=line.content, now=now, actor=actor, source=SOURCE)
        return "new"
    drafted = draft_from_import(service=service, content=line.content, now=now, actor=actor)
    return "draft" if drafted else "names" if changed else "unchanged"
