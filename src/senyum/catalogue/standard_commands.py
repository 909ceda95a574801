"""The writes of service standards: draft, review, approval by a second person, in force, superseded.

Every command locks the service, the parent of its versions, and ends with one journal entry under `HOUSE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from senyum.catalogue import states
from senyum.catalogue.content import Content, content_of, fee_summary, paragraphs, problems, tidy
from senyum.catalogue.models import Comment, Fee, Requirement, Service, Standard
from senyum.core.errors import NotAllowed, NotPossible
from senyum.core.text import plain
from senyum.journal.actor import SYSTEM, Actor
from senyum.journal.record import record
from senyum.malls.commands import HOUSE
from senyum.malls.models import Mall
from senyum.malls.queries import local_day
from senyum.people.access import actor_of, agencies_with
from senyum.people.models import User

#: A review may be announced this far ahead, and last this long: beyond, a date was mistyped.
FURTHEST_DAYS = 366
LONGEST_NOTE = 500
SHORTEST_COMMENT, LONGEST_COMMENT, LONGEST_NAME = 3, 2000, 80
#: Of one phone to one standard, and of all phones to one standard in a day: a flood is stopped, a village is not.
COMMENTS_PER_BROWSER, COMMENTS_PER_DAY = 3, 200
#: Who takes part (PP 96/2012 art. 33 and PermenPANRB 15/2014 want several kinds of people heard).
COMMENT_VOICES = ("", "user", "expert", "agency", "organisation", "media")


def _may(by: User, mall: Mall, permission: str, agency_id: int) -> bool:
    """Whether a person may do that to the standards of an agency of this mall."""
    return agency_id in agencies_with(by, mall, permission)


def _demand(by: User, mall: Mall, permission: str, agency_id: int) -> None:
    if not _may(by, mall, permission, agency_id):
        raise NotAllowed("other_agency", _("Standar ini milik instansi lain, atau peran Anda tidak mengizinkannya."))


def _locked(standard_id: int) -> Standard:
    """The version, with its service locked."""
    service_id = Standard.objects.filter(pk=standard_id).values_list("service_id", flat=True).first()
    if service_id is None:
        raise NotPossible("no_standard", _("Standar pelayanan itu tidak ada."))
    _lock_service(service_id)
    return Standard.objects.select_related("service__agency", "service__current").get(pk=standard_id)


def _lock_service(service_id: int) -> Service:
    # Not its key: tickets that refer to the service's lines do not wait.
    service = Service.objects.select_for_update(no_key=True).filter(pk=service_id).first()
    if service is None:
        raise NotPossible("no_service", _("Layanan itu tidak ada."))
    return service


def _move(standard: Standard, command: str, **changes: Any) -> None:
    after = states.TRANSITIONS.get((standard.state, command))
    if after is None:
        raise NotPossible(
            "standard_state",
            _("Standar ini sudah berubah keadaannya. Muat ulang halaman, lalu lihat apa yang bisa dilakukan."),
            state=standard.state,
        )
    for name, value in {"state": after, **changes}.items():
        setattr(standard, name, value)
    standard.save(update_fields=["state", *changes])


def _tell(
    standard: Standard,
    kind: str,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    service = standard.service
    record(
        mall=HOUSE,
        at=now,
        kind=kind,
        actor=actor,
        subject=("standard", standard.pk, f"{service.name} v{standard.number}"),
        reason=reason,
        data={"agency": service.agency.code, "service": service.code, "version": standard.number, **(data or {})},
    )


def _checked(content: Content) -> Content:
    content = tidy(content)
    wrong = problems(content)
    if wrong:
        raise NotPossible("standard_content", wrong[0].sentence, where=[p.where for p in wrong])
    return content


def _next_number(service: Service) -> int:
    return int(Standard.objects.filter(service=service).aggregate(last=Max("number"))["last"] or 0) + 1


def _new(service: Service, content: Content, now: datetime, **more: Any) -> Standard:
    standard = Standard.objects.create(
        service=service,
        number=_next_number(service),
        standard_minutes=content.standard_minutes,
        drafted_at=now,
        saved_at=now,
        **_columns(content),
        **more,
    )
    _put_rows(standard, content)
    return standard


def _columns(content: Content) -> dict[str, Any]:
    return {
        "time_text": content.time_text,
        "components": dict(content.components),
        "decree_number": content.decree_number,
        "effective_on": content.effective_on,
    }


def _put_rows(standard: Standard, content: Content) -> None:
    Requirement.objects.bulk_create(
        Requirement(standard=standard, sort=sort, **vars(row)) for sort, row in enumerate(content.requirements, start=1)
    )
    Fee.objects.bulk_create(
        Fee(standard=standard, sort=sort, **vars(row)) for sort, row in enumerate(content.fees, start=1)
    )


def _begin_force(standard: Standard, command: str, now: datetime, *, since_before: bool = False) -> None:
    """Make it what citizens are told from `now` on; the one before ends at that moment."""
    service, old = standard.service, standard.service.current
    begin: datetime | None = None if since_before else now
    if old is not None:
        # A clock that was set back does not make a version end before it began.
        begin = max(now, old.in_force_from) if old.in_force_from else now
        _move(old, "supersede", in_force_to=begin)
    _move(standard, command, in_force_from=begin)
    content = content_of(standard)
    rupiah, words = fee_summary(content.fees)
    summary = {
        "current": standard,
        "standard_minutes": content.standard_minutes,
        "time_text": content.time_text,
        "fee_rupiah": rupiah,
        "fee_text": words,
    }
    for name, value in summary.items():
        setattr(service, name, value)
    service.save(update_fields=list(summary))


@transaction.atomic
def adopt(*, service: Service, content: Content, now: datetime, actor: Actor, source: str = "") -> Standard:
    """Take over what was decided elsewhere as the version in force: the seed's facts, a first import.

    It says of itself that it was adopted; nobody approved it here. The first one is in force "since before", so that
    visits of earlier days find it, too. Raises NotPossible("standard_content").
    """
    content = _checked(content)
    service.current = _lock_service(service.pk).current
    first = service.current is None
    standard = _new(service, content, now, adopted=True, source=source)
    _begin_force(standard, "adopt", now, since_before=first)
    _tell(standard, "standard.adopted", actor, now)
    return standard


@transaction.atomic
def start_draft(*, service_id: int, by: User, mall: Mall, now: datetime) -> Standard:
    """A draft that begins as a copy of the version in force (of nothing when there is none).

    Raises NotPossible("draft_open") with the open version's id when somebody already works on one.
    """
    service = _lock_service(service_id)
    _demand(by, mall, "edit_standard", service.agency_id)
    there = Standard.objects.filter(service=service, state__in=states.OPEN, adopted=False).first()
    if there is not None:
        raise NotPossible(
            "draft_open",
            _("Sudah ada rancangan yang terbuka untuk layanan ini. Teruskan yang itu, atau tarik dulu."),
            standard=there.pk,
        )
    current = service.current
    content = content_of(current) if current else Content(service.standard_minutes, service.time_text)
    # A new version is decided anew.
    content = replace(content, decree_number="", effective_on=None)
    standard = _new(service, content, now, based_on=current, author=by, writers=[by.pk])
    _tell(standard, "standard.drafted", actor_of(by), now)
    return standard


@transaction.atomic
def draft_from_import(*, service: Service, content: Content, now: datetime, actor: Actor) -> bool:
    """A draft that nobody in the house wrote, for people to review; False when it was there with the same content.

    A draft of an earlier import is brought to the new content. One that people work on is theirs: NotPossible.
    """
    content = _checked(content)
    current = _lock_service(service.pk).current
    there = Standard.objects.filter(service=service, state__in=states.OPEN, adopted=False).first()
    if there is None:
        there = _new(service, content, now, based_on=current)
        _tell(there, "standard.drafted", actor, now)
        return True
    if there.author_id is not None or there.writers or there.state != states.DRAFT:
        raise NotPossible(
            "draft_open",
            _("Sudah ada rancangan yang terbuka untuk layanan ini. Teruskan yang itu, atau tarik dulu."),
            standard=there.pk,
        )
    if content_of(there) == content:
        return False
    _write(there, content, now)
    _tell(there, "standard.saved", actor, now)
    return True


def _write(standard: Standard, content: Content, now: datetime, **more: Any) -> None:
    """Replace a draft's content."""
    columns = {"standard_minutes": content.standard_minutes, "saved_at": now, **_columns(content), **more}
    _move(standard, "save", **columns)
    Requirement.objects.filter(standard=standard).delete()
    Fee.objects.filter(standard=standard).delete()
    _put_rows(standard, content)


@transaction.atomic
def save_draft(
    *,
    standard_id: int,
    content: Content,
    by: User,
    mall: Mall,
    now: datetime,
    change_note: str = "",
    seen: datetime | None = None,
) -> Standard:
    """Write the draft's content. `seen`: `saved_at` as the writer saw it; a draft saved by somebody else meanwhile is
    refused ("draft_moved") instead of overwritten. Raises NotPossible("standard_content") with the fields.
    """
    content = _checked(content)
    standard = _locked(standard_id)
    _demand(by, mall, "edit_standard", standard.service.agency_id)
    if seen is not None and standard.saved_at != seen:
        raise NotPossible(
            "draft_moved", _("Orang lain baru saja menyimpan rancangan ini. Salin isian Anda, lalu muat ulang halaman.")
        )
    writers = sorted({*standard.writers, by.pk})
    _write(standard, content, now, change_note=paragraphs(change_note)[:LONGEST_NOTE], writers=writers)
    _tell(standard, "standard.saved", actor_of(by), now)
    return standard


@transaction.atomic
def submit(*, standard_id: int, review_from: date, review_to: date, by: User, mall: Mall, now: datetime) -> Standard:
    """Open the draft to the public's comments from the first to the last day, both included (PP 96/2012 art. 33)."""
    standard = _locked(standard_id)
    _demand(by, mall, "edit_standard", standard.service.agency_id)
    today = local_day(mall, now)
    if review_from < today or review_to < review_from:
        raise NotPossible(
            "review_days", _("Masa tanggapan mulai paling cepat hari ini, dan berakhir pada hari itu atau sesudahnya.")
        )
    if review_to > today + timedelta(days=FURTHEST_DAYS):
        raise NotPossible("review_days", _("Masa tanggapan berakhir paling lambat setahun dari sekarang."))
    _move(standard, "submit", submitted_at=now, review_from=review_from, review_to=review_to)
    days = {"review_from": review_from.isoformat(), "review_to": review_to.isoformat()}
    _tell(standard, "standard.submitted", actor_of(by), now, data=days)
    return standard


def _demand_note(reason: str) -> str:
    reason = paragraphs(reason)[:LONGEST_NOTE]
    if not reason:
        raise NotPossible("reason_needed", _("Tulis alasannya."))
    return reason


@transaction.atomic
def give_back(*, standard_id: int, reason: str, by: User, mall: Mall, now: datetime) -> Standard:
    """Back to its writers, with a reason: comments or the approver ask for a change."""
    reason = _demand_note(reason)
    standard = _locked(standard_id)
    _demand(by, mall, "approve_standard", standard.service.agency_id)
    _move(standard, "give_back", closing_note=reason)
    _tell(standard, "standard.given_back", actor_of(by), now, reason=reason)
    return standard


@transaction.atomic
def approve(
    *, standard_id: int, decree_number: str, effective_on: date, by: User, mall: Mall, now: datetime
) -> Standard:
    """Approve what was reviewed, by somebody who wrote none of it. It comes into force on `effective_on`, tomorrow at
    the earliest: nobody's day changes while they wait. Raises NotPossible ("own_draft", "review_open",
    "comments_open", "decree", "effective_on").
    """
    standard = _locked(standard_id)
    _demand(by, mall, "approve_standard", standard.service.agency_id)
    if by.pk == standard.author_id or by.pk in standard.writers:
        raise NotPossible("own_draft", _("Anda ikut menulis rancangan ini. Mintalah orang lain menyetujuinya."))
    today = local_day(mall, now)
    if standard.state == states.IN_REVIEW:
        if standard.review_to is not None and today <= standard.review_to:
            raise NotPossible("review_open", _("Masa tanggapan belum selesai. Setujui sesudah hari terakhirnya."))
        if Comment.objects.filter(standard=standard, state=states.PENDING).exists():
            raise NotPossible("comments_open", _("Masih ada tanggapan yang belum dibaca. Baca semuanya dulu."))
    decree = plain(decree_number)[:120]
    if not decree:
        raise NotPossible("decree", _("Tulis nomor surat keputusannya."))
    if not today < effective_on <= today + timedelta(days=FURTHEST_DAYS):
        raise NotPossible("effective_on", _("Tanggal berlaku paling cepat besok, paling lambat setahun lagi."))
    _move(standard, "approve", decree_number=decree, effective_on=effective_on, approver=by, approved_at=now)
    data = {"decree": decree, "effective_on": effective_on.isoformat()}
    _tell(standard, "standard.approved", actor_of(by), now, data=data)
    return standard


@transaction.atomic
def withdraw(*, standard_id: int, reason: str, by: User, mall: Mall, now: datetime) -> Standard:
    """End an open version that will not come into force. An approved one only by who may approve."""
    reason = _demand_note(reason)
    standard = _locked(standard_id)
    needed = "approve_standard" if standard.state == states.APPROVED else "edit_standard"
    _demand(by, mall, needed, standard.service.agency_id)
    _move(standard, "withdraw", closing_note=reason)
    _tell(standard, "standard.withdrawn", actor_of(by), now, reason=reason)
    return standard


@transaction.atomic
def put_in_force(*, standard_id: int, now: datetime) -> Standard:
    """What was approved becomes what citizens are told. The job calls it when its day has begun."""
    standard = _locked(standard_id)
    _begin_force(standard, "put_in_force", now)
    _tell(standard, "standard.put_in_force", SYSTEM, now)
    return standard


def enforce_due(*, now: datetime) -> int:
    """Put in force what is due: its day has begun in every mall where the agency has a booth. Returns how many."""
    due = []
    for standard in Standard.objects.filter(state=states.APPROVED).select_related("service").order_by("pk"):
        malls = Mall.objects.filter(booths__agency=standard.service.agency_id).distinct()
        days = [local_day(mall, now) for mall in malls] or [now.date()]
        if standard.effective_on is not None and standard.effective_on <= min(days):
            due.append(standard.pk)
    for pk in due:
        put_in_force(standard_id=pk, now=now)
    return len(due)


@transaction.atomic
def add_comment(
    *, standard_id: int, text: str, now: datetime, today: date, browser: str, name: str = "", speaks_as: str = ""
) -> Comment:
    """What somebody says of a standard in review; shown when a person has read it. `browser`: a keyed hash of theirs.

    Raises NotPossible ("review_closed", "comment_text", "comment_limit").
    """
    standard = _locked(standard_id)
    open_now = standard.state == states.IN_REVIEW and standard.review_from and standard.review_to
    if not open_now or not standard.review_from <= today <= standard.review_to:  # type: ignore[operator]  # both set
        raise NotPossible("review_closed", _("Masa tanggapan untuk standar ini tidak sedang terbuka."))
    said = paragraphs(text)
    if not SHORTEST_COMMENT <= len(said) <= LONGEST_COMMENT:
        raise NotPossible("comment_text", _("Tulis tanggapan Anda, paling banyak 2.000 huruf."))
    there = Comment.objects.filter(standard=standard)
    if there.filter(browser=browser).count() >= COMMENTS_PER_BROWSER:
        raise NotPossible("comment_limit", _("Dari ponsel ini sudah ada tiga tanggapan. Terima kasih."))
    if there.filter(at__gt=now - timedelta(days=1)).count() >= COMMENTS_PER_DAY:
        raise NotPossible("comment_limit", _("Hari ini sudah banyak sekali tanggapan. Kirim lagi besok."))
    comment = Comment.objects.create(
        standard=standard,
        at=now,
        text=said,
        name=plain(name)[:LONGEST_NAME],
        speaks_as=speaks_as if speaks_as in COMMENT_VOICES else "",
        browser=browser,
    )
    # No name and no words: what somebody said can be hidden and their name erased, the journal cannot.
    _tell(standard, "standard.commented", Actor("citizen", "", ""), now, data={"comment": comment.pk})
    return comment


@transaction.atomic
def moderate(*, comment_id: int, show: bool, by: User, mall: Mall, now: datetime, answer: str = "") -> Comment:
    """Show a comment to everybody or hide it, with an answer to it."""
    comment = Comment.objects.select_related("standard").filter(pk=comment_id).first()
    if comment is None:
        raise NotPossible("no_comment", _("Tanggapan itu tidak ada."))
    standard = _locked(comment.standard_id)
    comment.refresh_from_db()
    _demand(by, mall, "edit_standard", standard.service.agency_id)
    command = "show" if show else "hide"
    after = states.COMMENT_TRANSITIONS.get((comment.state, command), comment.state)
    comment.state, comment.answer = after, paragraphs(answer)[:LONGEST_COMMENT]
    comment.moderator, comment.moderated_at = by, now
    comment.save(update_fields=["state", "answer", "moderator", "moderated_at"])
    _tell(standard, f"standard.comment_{after}", actor_of(by), now, data={"comment": comment.pk})
    return comment


@transaction.atomic
def forget_commenters(*, before: datetime, now: datetime) -> int:
    """Erase name and browser of comments made before `before`; what was said stays. Returns how many."""
    count = Comment.objects.filter(at__lt=before).exclude(name="", browser="").update(name="", browser="")
    if count:
        record(
            mall=HOUSE,
            at=now,
            kind="retention.erased",
            actor=SYSTEM,
            subject=("retention", now.date().isoformat(), "comments"),
            data={"until": before.isoformat(), "counts": {"Comment.name": count}},
        )
    return count
