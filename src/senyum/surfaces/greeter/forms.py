"""What the greeter asks and writes down."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from senyum.malls.models import Mall
from senyum.surfaces.greeter.wa import Unreadable, international
from senyum.visits import classes, rules

_NO_ANSWER = ("", _("Tidak dijawab"))
_ONE_OF = {"required": _("Pilih salah satu dari daftar."), "invalid_choice": _("Pilih salah satu dari daftar.")}
_QUANTITY = {
    "required": _("Tulis jumlahnya, paling sedikit 1."),
    "invalid": _("Tulis jumlahnya dengan angka."),
    "min_value": _("Jumlahnya paling sedikit 1."),
    "max_value": _("Jumlah berkas harus antara 1 dan 50."),
}


class TakeForm(forms.Form):
    """A number for somebody at the door. The last three answers may be left out; nobody is asked twice."""

    quantity = forms.IntegerField(
        label=_("Jumlah berkas atau orang"),
        min_value=1,
        max_value=rules.MAX_QUANTITY,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages=_QUANTITY,
    )
    priority = forms.ChoiceField(
        label=_("Perlu bantuan?"),
        choices=[(code, word) for code, word in classes.CLASSES.items()],
        initial=classes.REGULAR,
        widget=forms.RadioSelect,
        error_messages=_ONE_OF,
    )
    language = forms.ChoiceField(
        label=_("Bahasa"), choices=settings.LANGUAGES, initial="id", widget=forms.RadioSelect, error_messages=_ONE_OF
    )
    age_band = forms.ChoiceField(label=_("Umur"), choices=[_NO_ANSWER, *classes.AGE_BANDS.items()], required=False)
    district = forms.ChoiceField(label=_("Kecamatan"), required=False)
    has_phone = forms.ChoiceField(
        label=_("Punya ponsel?"), choices=[_NO_ANSWER, ("1", _("Ya")), ("0", _("Tidak"))], required=False
    )

    def __init__(self, *args: Any, mall: Mall, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        district = self.fields["district"]
        assert isinstance(district, forms.ChoiceField)
        district.choices = [_NO_ANSWER, *((name, name) for name in mall.districts)]

    def clean_has_phone(self) -> bool | None:
        return {"1": True, "0": False}.get(self.cleaned_data["has_phone"])


class PhoneForm(forms.Form):
    """Where the ticket's link goes by WhatsApp. The number stands in the link only: it is never stored."""

    phone = forms.CharField(
        label=_("Nomor WhatsApp"),
        help_text=_("Misalnya 0812 3456 7890. Hanya dipakai di tautan ini, tidak disimpan."),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}),
        error_messages={"required": _("Tulis nomor WhatsApp-nya.")},
    )

    def clean_phone(self) -> str:
        try:
            return international(str(self.cleaned_data["phone"]))
        except Unreadable as error:
            raise forms.ValidationError(
                _("Nomor ini belum lengkap. Tulis seperti 0812 3456 7890, atau dengan + untuk luar negeri.")
            ) from error


class PadForm(forms.Form):
    """A new numbered pad."""

    group = forms.TypedChoiceField(label=_("Kelompok antrean"), coerce=int, error_messages=_ONE_OF)
    count = forms.IntegerField(
        label=_("Banyaknya nomor"),
        min_value=1,
        max_value=200,
        initial=50,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={
            "required": _("Blok nomor berisi 1 sampai 200 nomor."),
            "invalid": _("Blok nomor berisi 1 sampai 200 nomor."),
            "min_value": _("Blok nomor berisi 1 sampai 200 nomor."),
            "max_value": _("Blok nomor berisi 1 sampai 200 nomor."),
        },
    )
    note = forms.CharField(
        label=_("Catatan"),
        help_text=_("Misalnya untuk meja mana, atau mengapa."),
        max_length=200,
        required=False,
    )

    def __init__(self, *args: Any, groups: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group = self.fields["group"]
        assert isinstance(group, forms.ChoiceField)
        group.choices = groups


class LeafForm(forms.Form):
    """One leaf of a pad that was given out by hand."""

    number = forms.CharField(
        label=_("Nomor"),
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "short"}),
        error_messages={"required": _("Tulis nomor di kertasnya.")},
    )
    lines = forms.TypedMultipleChoiceField(
        label=_("Layanan"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Pilih paling sedikit satu layanan."),
            "invalid_choice": _("Pilih salah satu dari daftar."),
        },
    )
    priority = forms.ChoiceField(
        label=_("Golongan"), choices=list(classes.CLASSES.items()), initial=classes.REGULAR, error_messages=_ONE_OF
    )
    quantity = forms.IntegerField(
        label=_("Jumlah berkas atau orang"),
        min_value=1,
        max_value=rules.MAX_QUANTITY,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages=_QUANTITY,
    )

    def __init__(self, *args: Any, lines: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["lines"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = lines

    def clean_number(self) -> int:
        """The number of the leaf, also when its letter was typed with it."""
        digits = str(self.cleaned_data["number"]).strip().upper().lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ- ")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 7):
            raise forms.ValidationError(_("Tulis nomor di kertasnya."))
        return int(digits)
