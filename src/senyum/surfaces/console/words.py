"""The search's words in the console: add, correct, retire, each after a look at what people would then find."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from senyum.catalogue import synonym_commands
from senyum.catalogue.models import Synonym
from senyum.catalogue.synonym_queries import Preview, Words, preview, words_of
from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.malls.models import Mall
from senyum.surfaces.ui.access import staff
from senyum.surfaces.ui.render import page

_LANGUAGES = [("id", _("Bahasa Indonesia")), ("su", _("Basa Sunda")), ("en", _("English"))]


class WordForm(forms.Form):
    """A word as people say it, and the catalogue's word for it."""

    language = forms.ChoiceField(label=_("Bahasa"), choices=_LANGUAGES)
    word = forms.CharField(
        label=_("Kata warga"), max_length=60, help_text=_("Satu sampai tiga kata, seperti diucapkan.")
    )
    means = forms.CharField(
        label=_("Artinya di katalog"),
        max_length=60,
        required=False,
        help_text=_("Kosongkan untuk kata pengisi, misalnya “tolong”, yang tidak dicari."),
    )
    ask = forms.CharField(
        label=_("Coba dengan pertanyaan"),
        max_length=100,
        required=False,
        help_text=_("Kalau kosong, yang dicoba adalah kata warga itu sendiri."),
    )


@dataclass(frozen=True)
class WordsContext:
    """The rows, the form (of a new row, or of `row`), and what the change would find. `retire`: the form retires."""

    words: Words
    q: str
    form: WordForm
    row: Synonym | None
    retire: bool
    preview: Preview | None


def _row(number: str) -> Synonym | None:
    return Synonym.objects.filter(pk=int(number)).first() if number.isascii() and number.isdecimal() else None


def _page(
    request: HttpRequest,
    form: WordForm,
    row: Synonym | None,
    *,
    retire: bool = False,
    seen: Preview | None = None,
) -> HttpResponse:
    q = request.GET.get("q", "")[:60]
    context = WordsContext(words_of(q), q, form, row, retire, seen)
    return page(request, "console/words.html", context, status=422 if form.errors else 200)


def _initial(row: Synonym | None) -> dict[str, str]:
    return {"language": row.language, "word": row.word, "means": row.means} if row else {"language": "id"}


@staff("edit_catalogue")
@require_GET
def show(request: HttpRequest, mall: Mall) -> HttpResponse:
    """The rows; `?row=N` fills the form with one, `?try=1` shows what the form's change would find. Writes nothing."""
    row = _row(request.GET.get("row", "")[:12])
    retire = row is not None and request.GET.get("do") == "retire"
    if "try" not in request.GET and not retire:
        return _page(request, WordForm(initial=_initial(row)), row)
    if retire and row is not None:
        ask = request.GET.get("ask", "")[:100] or row.word
        return _page(
            request,
            WordForm(initial={**_initial(row), "ask": ask}),
            row,
            retire=True,
            seen=preview(ask, without=row.pk),
        )
    form = WordForm(request.GET)
    if not form.is_valid():
        return _page(request, form, row)
    data = form.cleaned_data
    put = (data["language"], data["word"], data["means"])
    try:
        seen = preview(data["ask"] or data["word"], without=row.pk if row else None, put=put)
    except NotPossible as refusal:
        form.add_error(refusal.code if refusal.code in form.fields else "word", str(refusal.sentence))
        return _page(request, form, row)
    return _page(request, form, row, seen=seen)


@staff("edit_catalogue")
@require_POST
def save(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Put a new word, or correct the row named in the form."""
    form = WordForm(request.POST)
    number = request.POST.get("row", "")[:12]
    row = _row(number)
    if number and row is None:
        raise Http404
    if not form.is_valid():
        return _page(request, form, row)
    values = {name: form.cleaned_data[name] for name in ("language", "word", "means")}
    by = {"now": clock.now(), "actor": request.actor}  # type: ignore[attr-defined]  # set by @staff
    try:
        if row is None:
            synonym_commands.put_synonym(**values, **by)
        else:
            synonym_commands.change_synonym(synonym_id=row.pk, **values, **by)
    except NotPossible as refusal:
        form.add_error(refusal.code if refusal.code in form.fields else "word", str(refusal.sentence))
        return _page(request, form, row)
    messages.success(request, _("Tersimpan. Pencarian memakainya dalam sepuluh detik."))
    return redirect("console:words", mall.code)


@staff("edit_catalogue")
@require_POST
def retire(request: HttpRequest, mall: Mall) -> HttpResponse:
    """Switch a row off for good."""
    row = _row(request.POST.get("row", "")[:12])
    if row is None:
        raise Http404
    synonym_commands.drop_synonym(
        language=row.language,
        word=row.word,
        means=row.means,
        now=clock.now(),
        actor=request.actor,  # type: ignore[attr-defined]  # set by @staff
    )
    messages.success(request, _("Dipensiunkan. Versi baru tidak memunculkannya lagi."))
    return redirect("console:words", mall.code)
