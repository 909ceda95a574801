"""`senyum notices`: what waits to leave, what could not, and whether the ways out work."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from typing import Annotated

import typer

from senyum.core import clock
from senyum.notices import channels, messages, outbox, states, ways
from senyum.notices.channels import Letter, Refused, Unreachable, whatsapp
from senyum.notices.models import Notice
from senyum.notices.phone import mobile

app = typer.Typer(no_args_is_help=True, help="Messages that leave the hall.")


@app.command("list")
def show(
    everything: Annotated[bool, typer.Option("--all", help="Those that were sent, too.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of {id, state, channel, template, about, attempts, trouble}.")
    ] = False,
) -> None:
    """Show what has not been sent (the newest 100), without addresses and texts."""
    rows = Notice.objects.order_by("-id")
    if not everything:
        rows = rows.exclude(state=states.SENT)
    found = [
        {
            "id": n.pk,
            "state": n.state,
            "channel": n.channel,
            "template": n.template,
            "about": f"{n.subject_kind} {n.subject_label}",
            "attempts": n.attempts,
            "trouble": n.trouble,
        }
        for n in rows[:100]
    ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in found:
        typer.echo("  ".join(str(value) for value in row.values() if value != ""))
    if not found:
        typer.echo("Nothing is waiting, nothing has failed.")


@app.command()
def retry(
    ids: Annotated[list[int] | None, typer.Argument(help="Numbers from `list`; none: all that are dead.")] = None,
) -> None:
    """Send again what had been given up, as soon as the worker looks (at most a minute)."""
    count = outbox.retry(ids=ids or None, wall=clock.wall())
    if count:
        outbox.wake()
    typer.echo(f"{count} notices are sent again.")


@app.command()
def test(
    address: Annotated[str, typer.Argument(help="An e-mail address, a mobile number, or the webhook's https address.")],
) -> None:
    """Send a test message now, and say what happened. Ends with 1 when it did not arrive."""
    text = messages.write("test", {}, "id")
    letter = Letter(
        uid=str(uuid.uuid4()),
        mall="",
        address=address,
        kind="test",
        subject=text.subject,
        body=text.body,
        at=clock.wall(),
        about=("test", "", ""),
    )
    try:
        channels.send(_channel_of(address), letter)
    except (Unreachable, Refused) as error:
        typer.echo(f"Not sent: {error.trouble}.", err=True)
        raise typer.Exit(1) from error
    typer.echo("Sent.")


def _channel_of(address: str) -> str:
    if "://" in address:
        return ways.WEBHOOK
    with suppress(ValueError):
        mobile(address)
        return ways.WHATSAPP
    return ways.EMAIL


@app.command()
def templates(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a list of {name, language, category, body, example}.")
    ] = False,
) -> None:
    """Print the WhatsApp templates to register with the gateway, with numbered places and an example for each."""
    kinds = [name for name, message in messages.MESSAGES.items() if message.personal and not message.push] + ["test"]
    found = [
        {
            "name": whatsapp.template_name(kind),
            "language": language,
            "category": "AUTHENTICATION" if kind == "contact_code" else "UTILITY",
            "body": messages.pattern(kind, language),
            "example": list(messages.parameters(kind, messages.example(kind), language)),
        }
        for kind in kinds
        for language in dict.fromkeys(whatsapp.LANGUAGES.values())
    ]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in found:
        typer.echo(f"{row['name']}  {row['language']}  {row['category']}\n\n{row['body']}\n")
        typer.echo("\n".join(f"{{{{{n}}}}} {value}" for n, value in enumerate(row["example"], 1)) + "\n")
