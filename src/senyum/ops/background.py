"""What `senyum doctor` looks at behind the pages: the worker, its jobs, and the messages that leave the hall."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.conf import settings

from senyum.core import clock
from senyum.ops.database import one, rows, table_exists
from senyum.ops.findings import Finding, Situation
from senyum.ops.words import NOTHING, Words

HEARTBEAT = timedelta(seconds=60)
#: A notice that has waited longer than this (hall's time) is stuck.
PATIENCE = timedelta(minutes=10)
_LATEST = """
    SELECT DISTINCT ON (j.task_name) j.task_name, e.type::text, e.at
    FROM procrastinate_events e JOIN procrastinate_jobs j ON j.id = e.job_id
    WHERE e.type IN ('failed', 'succeeded') AND e.at > now() - interval '26 hours'
    ORDER BY j.task_name, e.at DESC, e.id DESC
"""
_NOTICES = """
    SELECT count(*) FILTER (WHERE state = 'dead' AND failed_at > now() - interval '7 days'),
           count(*) FILTER (WHERE state = 'failed' OR (state IN ('pending', 'sending') AND queued_at < '{}')),
           (array_agg(trouble ORDER BY failed_at DESC NULLS LAST) FILTER (WHERE trouble <> ''))[1]
    FROM notices_notice WHERE state <> 'sent'
"""
_MANAGERS = """
    SELECT count(*) FROM people_user u WHERE u.is_active AND u.email <> ''
    AND EXISTS (SELECT 1 FROM people_role r WHERE r.user_id = u.id AND r.role = 'manager')
"""


_QUIET = """
    SELECT d.name, d.last_seen_at FROM people_device d
    WHERE d.active AND EXISTS (SELECT 1 FROM people_apitoken t WHERE t.device_id = d.id AND t.revoked_at IS NULL
        AND t.created_at < now() - interval '14 days')
    AND (d.last_seen_at IS NULL OR d.last_seen_at < now() - interval '14 days') ORDER BY d.name
"""


def devices(situation: Situation) -> Iterator[Finding]:
    """Whether paired devices are in use."""
    if not table_exists(situation, "people_device"):
        return
    quiet = rows(situation, _QUIET)
    names = ", ".join(name for name, _seen in quiet[:5]) + (" ..." if len(quiet) > 5 else "")
    yield Finding(
        "devices",
        "warn" if quiet else "ok",
        Words(f"Perangkat lama tidak dipakai: {names}", f"Devices long unused: {names}")
        if quiet
        else Words("Perangkat yang terpasang dipakai", "Paired devices are in use"),
        Words(
            "Nyalakan, atau akhiri pemasangannya di halaman Perangkat.",
            "Switch them on, or end their pairing on the page of devices.",
        )
        if quiet
        else NOTHING,
    )


def worker(situation: Situation) -> Iterator[Finding]:
    """Whether the worker lives, while the hall is running."""
    if not situation.running or not table_exists(situation, "procrastinate_workers"):
        return
    (age,) = one(situation, "SELECT now() - max(last_heartbeat) FROM procrastinate_workers")
    alive = age is not None and age < HEARTBEAT
    yield Finding(
        "worker",
        "ok" if alive else "bad",
        Words("Pekerja latar belakang hidup", "The background worker lives")
        if alive
        else Words("Pekerja latar belakang tidak bekerja", "The background worker does not work"),
        NOTHING
        if alive
        else Words("Lihat log/worker.log di folder data.", "See log/worker.log in the data directory."),
    )


def jobs(situation: Situation) -> Iterator[Finding]:
    """Whether the last run of each background job went well."""
    if not table_exists(situation, "procrastinate_events"):
        return
    failing = {name.rpartition(".")[2]: at for name, kind, at in rows(situation, _LATEST) if kind == "failed"}
    if not failing:
        yield Finding("jobs", "ok", Words("Tugas latar belakang berhasil", "The background jobs succeed"))
        return
    told = ", ".join(f"{name} ({_hour(at)})" for name, at in sorted(failing.items()))
    yield Finding(
        "jobs",
        "bad",
        Words(f"Tugas latar belakang gagal: {told}", f"Background jobs fail: {told}"),
        Words("Lihat log/worker.log di folder data.", "See log/worker.log in the data directory."),
    )


def _hour(at: datetime) -> str:
    return at.astimezone().strftime("%d/%m %H.%M")


def notices(situation: Situation) -> Iterator[Finding]:
    """Whether messages are stuck in the outbox, or were given up."""
    if not table_exists(situation, "notices_notice"):
        return
    since = clock.now() - PATIENCE * max(1.0, clock.speed())
    dead, stuck, trouble = one(situation, _NOTICES.format(since.isoformat()))
    if not dead and not stuck:
        yield Finding("notices", "ok", Words("Tidak ada pesan yang macet", "No message is stuck"))
        return
    why = f" ({trouble})" if trouble else ""
    yield Finding(
        "notices",
        "warn",
        Words(
            f"Pesan: {stuck} macet, {dead} tidak terkirim dalam 7 hari{why}",
            f"Messages: {stuck} stuck, {dead} given up in 7 days{why}",
        ),
        Words(
            "Lihat `senyum notices list`, betulkan sebabnya, lalu `senyum notices retry`.",
            "See `senyum notices list`, mend the cause, then `senyum notices retry`.",
        ),
    )


def email(situation: Situation) -> Iterator[Finding]:
    """Whether there is a way to send e-mail, and somebody to send it to."""
    from senyum.notices.channels import email as channel

    if settings.DEMO:
        said = Words(
            "Peragaan: pesan hanya ditulis ke log/notices.jsonl", "Demo: messages only go to log/notices.jsonl"
        )
        yield Finding("email", "ok", said)
    elif not channel.configured():
        yield Finding(
            "email",
            "warn",
            Words("Surel belum disetel; tidak ada pesan yang keluar", "E-mail is not set up; no message leaves"),
            Words(
                "Setel SENYUM_SMTP_HOST (docs/notices.md), lalu `senyum notices test ALAMAT`.",
                "Set SENYUM_SMTP_HOST (docs/notices.md), then `senyum notices test ADDRESS`.",
            ),
        )
    elif table_exists(situation, "people_user") and one(situation, _MANAGERS) == (0,):
        yield Finding(
            "email",
            "warn",
            Words("Tidak ada pengelola yang punya alamat surel", "No hall manager has an e-mail address"),
            Words(
                "Beri pengelola alamat surel; tombol darurat menulis kepada mereka.",
                "Give the managers an address; the emergency button writes to them.",
            ),
        )
    else:
        yield Finding("email", "ok", Words("Surel disetel", "E-mail is set up"))


def webhook(_: Situation) -> Iterator[Finding]:
    """Whether the webhook, if there is one, can be called."""
    url = settings.NOTICE_WEBHOOK_URL
    if not url:
        return
    sound = url.startswith("https://") and bool(settings.NOTICE_WEBHOOK_SECRET)
    yield Finding(
        "webhook",
        "ok" if sound else "bad",
        Words("Webhook disetel", "The webhook is set up")
        if sound
        else Words("Webhook tidak bisa dipakai", "The webhook cannot be used"),
        NOTHING
        if sound
        else Words(
            "Setel SENYUM_WEBHOOK_URL (https) dan SENYUM_WEBHOOK_SECRET.",
            "Set SENYUM_WEBHOOK_URL (https) and SENYUM_WEBHOOK_SECRET.",
        ),
    )


def whatsapp(_: Situation) -> Iterator[Finding]:
    """Whether the WhatsApp gateway, if there is one, has all that it needs."""
    given = (settings.WHATSAPP_URL, settings.WHATSAPP_PHONE_ID, settings.WHATSAPP_TOKEN)
    if not any(given):
        return
    sound = all(given) and settings.WHATSAPP_URL.startswith("https://")
    yield Finding(
        "whatsapp",
        "ok" if sound else "bad",
        Words("WhatsApp disetel", "WhatsApp is set up")
        if sound
        else Words("WhatsApp belum lengkap disetel", "WhatsApp is not set up completely"),
        NOTHING
        if sound
        else Words(
            "Setel SENYUM_WHATSAPP_URL (https), SENYUM_WHATSAPP_PHONE_ID dan SENYUM_WHATSAPP_TOKEN.",
            "Set SENYUM_WHATSAPP_URL (https), SENYUM_WHATSAPP_PHONE_ID and SENYUM_WHATSAPP_TOKEN.",
        ),
    )


CHECKS: tuple[Callable[[Situation], Iterator[Finding]], ...] = (
    worker,
    jobs,
    devices,
    notices,
    email,
    webhook,
    whatsapp,
)
