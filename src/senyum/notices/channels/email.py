"""E-mail through Django's mail backend (docs/notices.md, docs/settings.md)."""

from __future__ import annotations

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.message import BadHeaderError
from django.core.validators import validate_email
from django.forms import ValidationError

from senyum.notices.channels.letter import Letter, Refused, Unreachable

CALENDAR_NAME = "mpp.ics"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def configured() -> bool:
    """Whether this hall has a way to send e-mail."""
    return bool(settings.EMAIL_HOST) or settings.EMAIL_BACKEND != SMTP


def send(letter: Letter) -> None:
    """One plain-text mail, with a date for the calendar where there is one.

    Raises Refused for an address that is none or that the server rejects for good.
    """
    if not configured():
        raise Unreachable("e-mail is not configured: SENYUM_SMTP_HOST is empty")
    try:
        validate_email(letter.address)
    except ValidationError as error:
        raise Refused("this is no e-mail address") from error
    try:
        _mail(letter).send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _words in error.recipients.values()]
        said = f"the mail server refused the receiver ({', '.join(map(str, codes))})"
        raise (Refused(said) if min(codes, default=0) >= 500 else Unreachable(said, whole=False)) from error
    except smtplib.SMTPDataError as error:
        said = f"the mail server refused the text ({error.smtp_code})"
        raise (Refused(said) if error.smtp_code >= 500 else Unreachable(said, whole=False)) from error
    except smtplib.SMTPResponseException as error:
        # Log-in or sender refused: every letter would fare so, and the operator can mend it.
        raise Unreachable(f"the mail server said {error.smtp_code} ({type(error).__name__})") from error
    except BadHeaderError as error:
        raise Refused("a header of the mail would hold a line break") from error
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(f"the mail server does not answer: {type(error).__name__}") from error


def _mail(letter: Letter) -> EmailMessage:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    message = EmailMessage(
        subject=letter.subject,
        body=letter.body,
        to=[letter.address],
        headers={
            # The same in every attempt: mail programs show a double only once.
            "Message-ID": f"<{letter.uid}@{domain}>",
            "X-Senyum-Notice": letter.uid,
            "Auto-Submitted": "auto-generated",
        },
    )
    if letter.calendar:
        # PUBLISH: a date to keep, not an invitation that asks for an answer (RFC 5546, 3.2.1).
        message.attach(CALENDAR_NAME, letter.calendar, "text/calendar; method=PUBLISH")
    return message
