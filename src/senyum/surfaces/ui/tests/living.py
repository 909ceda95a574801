"""A page with a live part, and a stream that a test holds in its hand."""

from __future__ import annotations

import itertools
import queue
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from senyum.core.errors import Stale
from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.render import page
from senyum.surfaces.ui.tests.gallery import handler400, handler403, handler404, handler500
from senyum.surfaces.ui.tests.gallery import urlpatterns as gallery

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

#: What the stream sends next; None ends it.
events: queue.Queue[str | None] = queue.Queue()
#: The Last-Event-ID of each stream that was opened.
opened: list[str] = []
fetched = itertools.count(1)


@dataclass(frozen=True)
class LivingContext:
    count: int


@public
def whole(request: HttpRequest) -> HttpResponse:
    return page(request, "ui/living.html", LivingContext(count=0))


@public
def part(request: HttpRequest) -> HttpResponse:
    return page(request, "ui/living_part.html", LivingContext(count=next(fetched)))


@public
def stale(request: HttpRequest) -> HttpResponse:
    raise Stale("stale", "A-027 sudah dipanggil loket 5.")


@public
def stream(request: HttpRequest) -> StreamingHttpResponse:
    opened.append(request.headers.get("Last-Event-ID", ""))

    def send():
        yield "retry: 1500\n\n"
        while (event := events.get()) is not None:
            yield event

    response = StreamingHttpResponse(send(), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    *gallery,
    path("living/", whole),
    path("living/part/", part),
    path("living/stale/", stale),
    path("living/stream/", stream),
]
