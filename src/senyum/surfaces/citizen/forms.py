"""What a citizen may write or choose."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from senyum.bookings import rules as booking_rules
from senyum.malls.models import Mall
from senyum.notices.ways import EMAIL, WHATSAPP
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


class BookForm(forms.Form):
    """The last look: the class is self-declared; `key` makes a double tap one booking; `contact` goes along."""

    key = forms.CharField(min_length=16, max_length=64, widget=forms.HiddenInput)
    contact = forms.CharField(required=False, max_length=254, widget=forms.HiddenInput)
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


class ContactForm(forms.Form):
    """How to reach somebody: an e-mail address or a WhatsApp number in one field, by what this hall can send.

    `ways`: channels of `bookings.queries.contact_ways`; `must`: it may not be left empty, `missing` says why.
    """

    contact = forms.CharField(required=False, max_length=254)

    def __init__(self, *args: Any, ways: tuple[str, ...], must: bool, missing: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ways, self.must = ways, must
        field = self.fields["contact"]
        # Says "may be left empty" by itself; what is missing is told in our own words.
        field.required = must
        field.label, field.help_text = _CONTACT[ways]
        field.error_messages["required"] = missing or _(
            "Tulis dulu alamatnya: layanan ini meminta kontak yang dikonfirmasi."
        )
        field.error_messages["max_length"] = _("Itu terlalu panjang. Tulis satu alamat saja.")
        only_mail, only_phone = ways == (EMAIL,), ways == (WHATSAPP,)
        field.widget.attrs |= {
            "autocomplete": "email" if only_mail else "tel" if only_phone else "on",
            "inputmode": "tel" if only_phone else "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        }

    def clean_contact(self) -> str:
        """The text as it is kept, "" for none."""
        text = unicodedata.normalize("NFKC", str(self.cleaned_data["contact"])).strip()
        if not text:
            return ""
        kind = kind_of(text)
        if kind not in self.ways:
            raise forms.ValidationError(
                _("MPP ini belum dapat mengirim WhatsApp. Tulis alamat email.")
                if kind == WHATSAPP
                else _("MPP ini belum dapat mengirim email. Tulis nomor WhatsApp.")
            )
        if booking_rules.normal_contact(kind, text) is None:
            raise forms.ValidationError(
                _("Alamat email itu belum lengkap. Contohnya nama@contoh.id.")
                if kind == EMAIL
                else _("Nomor itu belum benar. Tulis nomor ponsel Indonesia, misalnya 0812-3456-7890.")
            )
        return text


#: What the field is called, by what the hall can send.
_CONTACT = {
    (EMAIL, WHATSAPP): (_("Email atau nomor WhatsApp"), _("Misalnya nama@contoh.id atau 081234567890.")),
    (EMAIL,): (_("Alamat email"), _("Misalnya nama@contoh.id.")),
    (WHATSAPP,): (_("Nomor WhatsApp"), _("Misalnya 081234567890.")),
}


def kind_of(text: str) -> str:
    """Which channel somebody means by what they wrote."""
    return EMAIL if "@" in text else WHATSAPP


class CodeForm(forms.Form):
    """The six digits that came to the contact; blanks and dashes in between do no harm."""

    code = forms.CharField(
        label=_("Kode enam angka"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "short", "spellcheck": "false"}
        ),
        error_messages={
            "required": _("Tulis enam angka pada pesan yang kami kirim."),
            "max_length": _("Kodenya enam angka saja."),
        },
    )

    def clean_code(self) -> str:
        """The digits alone."""
        digits = re.sub(r"[\s.-]", "", unicodedata.normalize("NFKC", str(self.cleaned_data["code"])))
        if not re.fullmatch(r"[0-9]{6}", digits):
            raise forms.ValidationError(_("Kodenya enam angka, misalnya 042917. Periksa lagi pesannya."))
        return digits


class WaitForm(ContactForm):
    """A wish for the waiting list; `key` makes a double tap one place in it."""

    key = forms.CharField(min_length=16, max_length=64, widget=forms.HiddenInput)
