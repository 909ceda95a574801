"""What a citizen may write or choose."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from senyum.malls.models import Mall
from senyum.visits import classes, rules

_NO_ANSWER = ("", _("Tidak dijawab"))


class TakeForm(forms.Form):
    """Taking a number: the class is self-declared, the last two questions may be skipped.

    `key` is the idempotency key: made with the form, so that a double tap asks for the same thing.
    """

    key = forms.CharField(min_length=16, max_length=64, widget=forms.HiddenInput)
    quantity = forms.IntegerField(
        label=_("Untuk berapa berkas atau orang?"),
        help_text=_("Misalnya 3 untuk kartu tiga anak. Perkiraan waktu jadi lebih tepat."),
        min_value=1,
        max_value=rules.MAX_QUANTITY,
        initial=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
        error_messages={
            "required": _("Tulis jumlahnya, paling sedikit 1."),
            "invalid": _("Tulis jumlahnya dengan angka."),
            "min_value": _("Jumlahnya paling sedikit 1."),
            "max_value": _("Paling banyak 50. Untuk lebih dari itu, bicaralah dengan petugas penyambut."),
        },
    )
    priority = forms.ChoiceField(
        label=_("Perlu bantuan?"),
        help_text=_("Anda didahulukan. Cukup pilih; tidak perlu surat apa pun."),
        choices=[(classes.REGULAR, _("Tidak, terima kasih"))]
        + [(code, word) for code, word in classes.CLASSES.items() if code != classes.REGULAR],
        initial=classes.REGULAR,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Pilih salah satu, atau “Tidak, terima kasih”."),
            "invalid_choice": _("Pilih salah satu dari daftar."),
        },
    )
    age_band = forms.ChoiceField(label=_("Umur Anda"), choices=[_NO_ANSWER, *classes.AGE_BANDS.items()], required=False)
    district = forms.ChoiceField(label=_("Kecamatan Anda"), required=False)

    def __init__(self, *args: Any, mall: Mall, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        district = self.fields["district"]
        assert isinstance(district, forms.ChoiceField)
        district.choices = [_NO_ANSWER, *((name, name) for name in mall.districts)]

    def digest(self, mall: Mall, line_ids: list[int]) -> str:
        """The SHA-256 of what is asked for, in hexadecimal: the same for the same request only."""
        asked = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        text = json.dumps([mall.code, line_ids, asked], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class TicketForm(forms.Form):
    """Which ticket of the visit is meant."""

    ticket = forms.IntegerField(min_value=1)


class DelayForm(TicketForm):
    """For how many minutes the turn is delayed."""

    minutes = forms.TypedChoiceField(choices=[(m, m) for m in rules.DELAY_MINUTES], coerce=int)


class SmileForm(TicketForm):
    """One of the four faces."""

    score = forms.IntegerField()
