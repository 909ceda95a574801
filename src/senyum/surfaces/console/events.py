"""Life events in the console: the list, one form with its steps, retiring and bringing back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from senyum.catalogue import event_commands
from senyum.catalogue.event_commands import LONGEST_TEXT, LONGEST_TITLE, MOST_STAGES, EventText, StepText
from senyum.catalogue.event_models import LifeEvent
from senyum.catalogue.event_queries import all_events, service_choices
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.people.models import User
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page

#: Empty steps that the form offers beside those it has.
SPARE = 2


def _text(label: Any, most: int = LONGEST_TEXT, *, area: bool = False, hint: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2}) if area else forms.TextInput()
    return forms.CharField(label=label, max_length=most, required=False, widget=widget, help_text=hint)


class EventForm(forms.Form):
    """The event's own words."""

    slug = forms.CharField(label=_("Alamat"), max_length=60, help_text=_("Misalnya bayi-lahir."))
    title = forms.CharField(label=_("Judul"), max_length=LONGEST_TITLE)
    title_su = _text(_("Judul, bahasa Sunda"), LONGEST_TITLE)
    title_en = _text(_("Judul, bahasa Inggris"), LONGEST_TITLE)
    intro = _text(_("Pengantar"), area=True)
    intro_su = _text(_("Pengantar, bahasa Sunda"), area=True)
    intro_en = _text(_("Pengantar, bahasa Inggris"), area=True)
    keywords = _text(_("Kata yang dipakai warga"), area=True, hint=_("Dipakai pencarian, misalnya “orok lahiran”."))
    source = _text(_("Sumber"), hint=_("Peraturan yang mendasari urutannya."))


class StepForm(forms.Form):
    """One step; a row without service and text is left out."""

    service_id = forms.TypedChoiceField(label=_("Layanan"), coerce=int, empty_value=None, required=False)
    stage = forms.IntegerField(label=_("Kunjungan ke"), min_value=1, max_value=MOST_STAGES, initial=1, required=False)
    why = _text(_("Mengapa di urutan ini"))
    why_su = _text(_("Mengapa di urutan ini, bahasa Sunda"))
    why_en = _text(_("Mengapa di urutan ini, bahasa Inggris"))
    gives = _text(_("Berkas yang dihasilkan"), hint=_("Nama berkas seperti di persyaratan, dipisah koma."))
    text = _text(_("Kalau bukan layanan: apa yang diurus di tempat lain"))
    text_su = _text(_("Yang diurus di tempat lain, bahasa Sunda"))
    text_en = _text(_("Yang diurus di tempat lain, bahasa Inggris"))

    def __init__(self, *args: Any, choices: list[tuple[Any, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service_id"].choices = [("", _("bukan layanan")), *choices]  # type: ignore[attr-defined]  # of a ChoiceField


_Steps = forms.formset_factory(StepForm, extra=SPARE, max_num=40, absolute_max=40)


@dataclass(frozen=True)
class EventsContext:
    """Every event with its steps, the retired ones last."""

    rows: tuple[LifeEvent, ...]


@dataclass(frozen=True)
class EventContext:
    """One event's form; `event` None: a new one."""

    event: LifeEvent | None
    form: EventForm
    steps: Any
    action: str


@staff("edit_catalogue")
@require_GET
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The list."""
    return page(request, "console/events.html", EventsContext(tuple(all_events())))


def _step_values(event: LifeEvent) -> list[dict[str, Any]]:
    names = StepText.__dataclass_fields__
    return [{name: getattr(step, name) for name in names} for step in sorted(event.steps.all(), key=lambda s: s.sort)]


@staff("edit_catalogue")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, mall: Mall) -> HttpResponse:
    """A new event."""
    return _edit(request, mall, None)


@staff("edit_catalogue")
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, mall: Mall, life: int) -> HttpResponse:
    """An event's form."""
    event = LifeEvent.objects.filter(pk=life).first()
    if event is None:
        raise Http404
    return _edit(request, mall, event)


def _edit(request: HttpRequest, mall: Mall, event: LifeEvent | None) -> HttpResponse:
    kwargs: dict[str, Any] = {"form_kwargs": {"choices": service_choices()}, "prefix": "step"}
    if request.method == "POST":
        form, steps = EventForm(request.POST), _Steps(request.POST, **kwargs)
        if form.is_valid() and steps.is_valid() and _saved(request, mall, event, form, steps):
            messages.success(request, _("Tersimpan."))
            return redirect("console:events", mall.code)
    elif event is not None:
        words = {name: getattr(event, name) for name in EventForm.base_fields}
        form, steps = EventForm(initial=words), _Steps(initial=_step_values(event), **kwargs)
    else:
        form, steps = EventForm(), _Steps(**kwargs)
    wrong = request.method == "POST"
    return page(
        request, "console/event.html", EventContext(event, form, steps, request.path), status=422 if wrong else 200
    )


def _saved(request: HttpRequest, mall: Mall, event: LifeEvent | None, form: EventForm, steps: Any) -> bool:
    given = [step.cleaned_data for step in steps]
    rows = [StepText(**{**row, "stage": row.get("stage") or 1}) for row in given if row]
    user = request.user
    assert isinstance(user, User)
    try:
        event_commands.put_event(
            event_id=event.pk if event else None,
            given=EventText(**form.cleaned_data, steps=rows),
            by=user,
            mall=mall,
            now=clock.now(),
        )
    except NotPossible as refusal:
        form.add_error(refusal.code if refusal.code in form.fields else None, str(refusal.sentence))
        return False
    return True


@staff("edit_catalogue")
@require_POST
def active(request: HttpRequest, mall: Mall, life: int) -> HttpResponse:
    """Retire an event, or bring it back."""
    user = request.user
    assert isinstance(user, User)
    back = request.POST.get("do") == "revive"
    event_commands.set_event_active(event_id=life, active=back, by=user, mall=mall, now=clock.now())
    messages.success(
        request, _("Ditampilkan lagi.") if back else _("Dipensiunkan. Versi baru tidak memunculkannya lagi.")
    )
    return redirect("console:events", mall.code)
