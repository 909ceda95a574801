"""The question: which day, whom, and what if."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from senyum.planning.asked import HOUR_COST, Asked
from senyum.planning.queries import Choices

DAY, WEEK = "day", "week"


class PlanForm(forms.Form):
    """What a manager asks; `asked()` and `agency()` are the answers once it is valid."""

    day = forms.DateField(
        label=_("Tanggal"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    span = forms.ChoiceField(
        label=_("Berapa hari"),
        choices=[(DAY, _("Hari itu saja")), (WEEK, _("Dari hari itu sampai akhir pekan"))],
    )
    agency = forms.ChoiceField(label=_("Siapa yang direncanakan"), required=False)
    ill = forms.IntegerField(label=_("Petugas yang sakit"), min_value=0, max_value=20, required=False)
    ill_agency = forms.ChoiceField(label=_("Dari instansi"), required=False)
    more = forms.IntegerField(
        label=_("Lebih ramai berapa persen"),
        min_value=-50,
        max_value=200,
        required=False,
        help_text=_("40 untuk hari pameran; angka minus untuk hari sepi."),
    )
    saturday = forms.BooleanField(label=_("Buka hari Sabtu, seramai hari Jumat"), required=False)
    move = forms.ChoiceField(label=_("Pindahkan layanan"), required=False)
    beside = forms.ChoiceField(
        label=_("Ke sebelah layanan"), required=False, help_text=_("Loket keduanya lalu saling membantu.")
    )
    closed = forms.CharField(
        label=_("Loket yang ditutup"), required=False, max_length=80, help_text=_("Nomor loket, pisahkan dengan koma.")
    )
    target = forms.IntegerField(label=_("Dipanggil sebelum janjinya (persen)"), min_value=50, max_value=99, initial=90)
    hour_cost = forms.IntegerField(
        label=_("Biaya seorang petugas per jam (rupiah)"), min_value=1_000, max_value=10_000_000, initial=HOUR_COST
    )
    deep = forms.BooleanField(
        label=_("Cari lebih dalam, dengan batas bawah biaya"),
        required=False,
        help_text=_("Makan waktu beberapa menit lebih lama."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, choices: Choices, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.known = choices
        services = [(agency, list(rows)) for agency, rows in choices.services]
        self._choose("agency", [("", _("Seluruh MPP")), *choices.agencies])
        self._choose("ill_agency", [("", _("Instansi mana saja")), *choices.agencies])
        self._choose("move", [("", _("Tidak ada")), *services])
        self._choose("beside", [("", _("Tidak ada")), *services])

    def _choose(self, name: str, rows: Any) -> None:
        field: Any = self.fields[name]
        field.choices = rows

    def clean_closed(self) -> tuple[int, ...]:
        """Numbers of counters of this mall."""
        parts = [p for p in self.cleaned_data["closed"].replace(";", ",").replace(" ", ",").split(",") if p]
        if not all(p.isdecimal() and int(p) in self.known.counters for p in parts):
            raise forms.ValidationError(_("Ada nomor loket yang tidak dikenal di MPP ini."))
        return tuple(sorted({int(p) for p in parts}))

    def clean(self) -> dict[str, Any]:
        """A service is moved to another one of its own agency."""
        values = super().clean() or {}
        move, beside = values.get("move"), values.get("beside")
        if bool(move) != bool(beside):
            self.add_error("beside" if move else "move", _("Pilih kedua layanannya, atau kosongkan keduanya."))
        elif move:
            together = any({move, beside} <= {code for code, _name in rows} for _agency, rows in self.known.services)
            if move == beside or not together:
                self.add_error("beside", _("Pilih layanan lain dari instansi yang sama."))
        if values.get("agency") and values.get("ill_agency") not in ("", values.get("agency")):
            self.add_error("ill_agency", _("Pilih instansi yang direncanakan, atau instansi mana saja."))
        return values

    @property
    def first_day(self) -> date:
        """The date asked for."""
        day: date = self.cleaned_data["day"]
        return day

    def asked(self) -> Asked:
        """The answers as planning knows them."""
        values = self.cleaned_data
        return Asked(
            ill=values["ill"] or 0,
            ill_agency=values["ill_agency"] if values["ill"] else "",
            more=values["more"] or 0,
            saturday=values["saturday"],
            moves=((values["move"], values["beside"]),) if values["move"] else (),
            closed=values["closed"],
            target=values["target"],
            hour_cost=values["hour_cost"],
            deep=values["deep"],
        )
