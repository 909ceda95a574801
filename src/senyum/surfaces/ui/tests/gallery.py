"""A page with every component, for the tests that look at them."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import path

from senyum.surfaces.ui.access import public
from senyum.surfaces.ui.render import page
from senyum.urls import handler400, handler403, handler404, handler500
from senyum.urls import urlpatterns as house

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class GalleryForm(forms.Form):
    name = forms.CharField(
        label="Nama panggilan",
        help_text="Hanya untuk menyapa Anda.",
        error_messages={"required": "Tulis nama panggilan."},
    )
    day = forms.DateField(label="Tanggal", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    way = forms.ChoiceField(
        label="Anda datang untuk",
        choices=[("self", "Diri sendiri"), ("other", "Orang lain")],
        widget=forms.RadioSelect,
        error_messages={"required": "Pilih salah satu."},
    )
    note = forms.CharField(label="Catatan", required=False, widget=forms.Textarea(attrs={"rows": 2}))
    sure = forms.BooleanField(label="Saya sudah membawa kartu keluarga", required=False)


@dataclass(frozen=True)
class GalleryContext:
    form: forms.Form


@public
def gallery(request: HttpRequest) -> HttpResponse:
    form = GalleryForm(request.POST) if request.method == "POST" else GalleryForm()
    return page(request, "ui/gallery.html", GalleryContext(form=form), status=422 if form.errors else 200)


urlpatterns = [*house, path("gallery/", gallery)]
