"""What search engines may keep: nothing, unless a page says so (decision 0211)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]
Handler = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Robots-Tag"
#: No page of a person, of a token or of the staff is followed either: its links carry tokens.
NOTHING = "noindex, nofollow, noarchive"


def indexable(view: View) -> View:
    """Search engines may keep this page (below `@public`): when it was found, asks for nothing but a language, and the
    hall is not a sample one, whose fees and hours are made up.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        mall = getattr(request, "mall", None)
        sample = settings.DEMO or (mall is not None and mall.is_sample)
        if response.status_code == 200 and not sample and set(request.GET) <= {"lang"}:
            response.headers[HEADER] = "all"
        elif response.status_code == 200:
            response.headers[HEADER] = "noindex"
        return response

    inner.indexable = True  # type: ignore[attr-defined]  # read by tests
    return inner


class RobotsMiddleware:
    """Everything else is none of a search engine's business; a redirect says nothing of itself."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not 300 <= response.status_code < 400:
            response.headers.setdefault(HEADER, NOTHING)
        return response
