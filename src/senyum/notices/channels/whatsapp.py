"""WhatsApp through an https gateway in the form of the WhatsApp Business Cloud API (docs/notices.md).

`POST {base}/{phone id}/messages` with a bearer token. A business may begin a conversation only with a *template* that
the operator registered and the platform approved: the gateway keeps the words (`senyum notices templates` prints them),
and a message carries what fills the places. Errors are judged by the platform's code, else by the status. Source: Meta,
WhatsApp Business Platform, "Send message templates" and "Error codes".
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from senyum.notices import messages
from senyum.notices.channels import http
from senyum.notices.channels.letter import Letter, Refused, Unreachable
from senyum.notices.phone import mobile

WHO = "the WhatsApp gateway"
#: Sundanese is no language of the platform's templates: such people get the Indonesian words.
LANGUAGES = {"id": "id", "su": "id", "en": "en"}
#: Nobody is reached under this number, or they do not take such messages: never again.
_NEVER = frozenset({131021, 131026, 131030, 131047, 131050, 130497})
#: Too many at once, for this receiver or this kind: others may go on.
_THIS_ONE_LATER = frozenset({131056, 131049})
#: The platform is busy or broken: later.
_LATER = frozenset({1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131057, 133004})
#: Token, permission, account or payment: every message would fare so, and the operator can mend it.
_OPERATOR = frozenset({0, 3, 10, 33, 190, 368, 131005, 131031, 131042, 133010})
#: The template is not there, not approved, or has other places: the operator can mend it; other templates may do.
_TEMPLATE = frozenset({132000, 132001, 132005, 132007, 132012, 132015, 132016, 132068, 132069})


def send(letter: Letter) -> None:
    """Send the letter's template. Raises Refused for a number that is none or is not reached, else Unreachable."""
    if not (settings.WHATSAPP_URL and settings.WHATSAPP_PHONE_ID and settings.WHATSAPP_TOKEN):
        raise Unreachable("WhatsApp is not set up: see SENYUM_WHATSAPP_URL, _PHONE_ID and _TOKEN")
    post(letter)


def template_name(template: str) -> str:
    """Under which name the operator registers a message."""
    return f"{settings.WHATSAPP_PREFIX}{template}"


def payload(letter: Letter) -> dict[str, Any]:
    """The body of the POST. Raises Refused for a number that is none."""
    try:
        number = mobile(letter.address)
    except ValueError as error:
        raise Refused("this is no Indonesian mobile number") from error
    language = LANGUAGES.get(letter.language, "id")
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": number,
        "type": "template",
        # Comes back with the platform's reports of delivery; the same in every attempt.
        "biz_opaque_callback_data": letter.uid,
        "template": {
            "name": template_name(letter.kind),
            "language": {"policy": "deterministic", "code": language},
            "components": _components(letter, language),
        },
    }


def _components(letter: Letter, language: str) -> list[dict[str, Any]]:
    if letter.kind == "contact_code":
        # An authentication template has the platform's own words; its code stands in the body and behind the button.
        code = [{"type": "text", "text": letter.data["code"]}]
        button = {"type": "button", "sub_type": "url", "index": "0", "parameters": code}
        return [{"type": "body", "parameters": code}, button]
    values = messages.parameters(letter.kind, letter.data, language)
    return [{"type": "body", "parameters": [{"type": "text", "text": value} for value in values]}] if values else []


def post(letter: Letter, *, guards: http.Guards = http.PUBLIC) -> None:
    """Send it and judge the answer. Errors as `send`."""
    body = json.dumps(payload(letter), ensure_ascii=False).encode()
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {settings.WHATSAPP_TOKEN}",
        # Meta's own service does not know it; gateways that do drop a double.
        "idempotency-key": letter.uid,
    }
    url = f"{settings.WHATSAPP_URL}/{settings.WHATSAPP_PHONE_ID}/messages"
    try:
        answer = http.post(url, body, headers, who=WHO, guards=guards)
    except Refused as error:
        # The gateway's address is the operator's: a wrong one is mended, and the message still goes.
        raise Unreachable(error.trouble) from error
    _judge(answer, letter.kind)


def _judge(answer: http.Answer, kind: str) -> None:
    if answer.ok:
        return
    code = _code(answer.body)
    said = f"{WHO} answered {answer.status}" + (f", code {code}" if code is not None else "")
    if code in _NEVER:
        raise Refused(said)
    if code in _THIS_ONE_LATER:
        raise Unreachable(said, whole=False)
    if code in _TEMPLATE:
        raise Unreachable(f"{said}: look at the template {template_name(kind)}", whole=False)
    if answer.status in (401, 403, 404) or code in _OPERATOR or (code is not None and 200 <= code <= 299):
        raise Unreachable(f"{said}: look at token, phone id and account")
    if code in _LATER:
        raise Unreachable(said)
    if 300 <= answer.status < 400:
        raise Unreachable(f"{WHO} answered with a redirect ({answer.status}): correct SENYUM_WHATSAPP_URL")
    http.judge(answer, WHO)


def _code(body: bytes) -> int | None:
    """The platform's error code, None when the answer is none of its kind. Its words may quote the number: unread."""
    try:
        code = json.loads(body)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return code if isinstance(code, int) else None
