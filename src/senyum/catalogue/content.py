"""What a version of a standard says, as values: read from rows, compared, checked, summed up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from senyum.catalogue import components, rules
from senyum.catalogue.standard_models import Fee, Standard
from senyum.core.text import plain

#: The most of each that a standard can hold: far beyond any real one, and below what would hurt a page.
MOST_REQUIREMENTS, MOST_FEES = 60, 40
LONGEST_LINE = 600
#: What PostgreSQL's integer holds.
MOST_RUPIAH = 2_147_483_647
MOST_MINUTES = 480


@dataclass(frozen=True)
class RequirementText:
    """A requirement to put: Indonesian text, its translations, and what is known of it ("" where unknown)."""

    text: str
    text_su: str = ""
    text_en: str = ""
    legal_basis: str = ""
    reason: str = ""
    issued_by: str = ""
    forms: str = ""
    example_url: str = ""


#: What a fee is by law, as people read it.
FEE_KINDS: dict[str, str | Promise] = {
    Fee.Kind.PNBP.value: _("PNBP"),
    Fee.Kind.RETRIBUTION.value: _("Retribusi"),
    Fee.Kind.TAX.value: _("Pajak"),
    Fee.Kind.OTHER.value: _("Lainnya"),
}


@dataclass(frozen=True)
class FeeText:
    """One variant's price: an amount in rupiah (0: gratis), or None with words on what it depends."""

    amount_rupiah: int | None
    variant: str = ""
    amount_text: str = ""
    kind: str = ""
    legal_basis: str = ""

    @property
    def kind_word(self) -> str | Promise:
        """What the public reads beside the price: "" where the kind says nothing."""
        return "" if self.kind == Fee.Kind.OTHER else FEE_KINDS.get(self.kind, "")


@dataclass(frozen=True)
class Content:
    """All that a version says. `components` holds only texts that somebody wrote."""

    standard_minutes: int
    time_text: str = ""
    components: Mapping[str, str] = field(default_factory=dict)
    requirements: Sequence[RequirementText] = ()
    fees: Sequence[FeeText] = ()
    decree_number: str = ""
    effective_on: date | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong: `where` is a field ("time_text", "components.product", "requirements.2.example_url")."""

    where: str
    sentence: str | Promise


def paragraphs(text: str) -> str:
    """Several lines of text with nothing in it that hides or turns what is read; blank lines at both ends go."""
    lines = [plain(line) for line in re.split(r"\r\n?|\n", text)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def tidy(content: Content) -> Content:
    """The same content with every text made fit to be kept; empty components, requirements and fees are dropped."""
    texts = {code: paragraphs(text) for code, text in content.components.items()}
    return Content(
        standard_minutes=content.standard_minutes,
        time_text=plain(content.time_text),
        components={code: text for code, text in texts.items() if text},
        requirements=tuple(
            row
            for row in (RequirementText(**{k: plain(v) for k, v in vars(r).items()}) for r in content.requirements)
            if any(vars(row).values())
        ),
        fees=tuple(
            FeeText(f.amount_rupiah, plain(f.variant), plain(f.amount_text), f.kind, plain(f.legal_basis))
            for f in content.fees
            if f.amount_rupiah is not None or plain(f.variant) or plain(f.amount_text) or plain(f.legal_basis)
        ),
        decree_number=plain(content.decree_number),
        effective_on=content.effective_on,
    )


def problems(content: Content) -> list[Problem]:
    """All that is wrong with a tidy content, in sentences that say what to do; an empty list when it can be kept."""
    found = []
    if not 1 <= content.standard_minutes <= MOST_MINUTES:
        found.append(Problem("standard_minutes", _("Tulis waktu di loket dalam menit, dari 1 sampai 480.")))
    found += [
        Problem(where, _("Terlalu panjang: paling banyak %(most)s huruf.") % {"most": LONGEST_LINE})
        for where, text in (("time_text", content.time_text), ("decree_number", content.decree_number))
        if len(text) > LONGEST_LINE
    ]
    for code, text in content.components.items():
        if code not in components.TEXTS:
            found.append(Problem(f"components.{code}", _("Komponen ini tidak dikenal.")))
        elif len(text) > components.LONGEST:
            most = {"most": components.LONGEST}
            found.append(Problem(f"components.{code}", _("Terlalu panjang: paling banyak %(most)s huruf.") % most))
    if len(content.requirements) > MOST_REQUIREMENTS:
        found.append(Problem("requirements", _("Terlalu banyak persyaratan. Gabungkan yang sejenis.")))
    if len(content.fees) > MOST_FEES:
        found.append(Problem("fees", _("Terlalu banyak baris tarif. Gabungkan yang sejenis.")))
    for place, row in enumerate(content.requirements):
        found += [Problem(f"requirements.{place}.{p.where}", p.sentence) for p in requirement_problems(row)]
    for place, fee in enumerate(content.fees):
        found += [Problem(f"fees.{place}.{p.where}", p.sentence) for p in fee_problems(fee)]
    return found


def requirement_problems(row: RequirementText) -> list[Problem]:
    """What is wrong with one requirement."""
    found = [] if row.text else [Problem("text", _("Tulis dokumen atau keadaan yang diminta."))]
    found += [
        Problem(name, _("Terlalu panjang: paling banyak %(most)s huruf.") % {"most": LONGEST_LINE})
        for name, text in vars(row).items()
        if len(text) > LONGEST_LINE
    ]
    if row.example_url and not re.fullmatch(r"https://[^\s/?#@\\]+\.[^\s@\\]+", row.example_url):
        found.append(Problem("example_url", _("Alamat contoh harus lengkap dan diawali https://")))
    return found


def fee_problems(fee: FeeText) -> list[Problem]:
    """What is wrong with one fee."""
    found = []
    if fee.amount_rupiah is None and not fee.amount_text:
        found.append(Problem("amount_rupiah", _("Tulis tarifnya, atau apa yang menentukannya.")))
    if fee.amount_rupiah is not None and not 0 <= fee.amount_rupiah <= MOST_RUPIAH:
        found.append(Problem("amount_rupiah", _("Tulis tarif sebagai bilangan rupiah bulat, misalnya 30000.")))
    if fee.kind not in Fee.Kind.values:
        found.append(Problem("kind", _("Pilih jenis tarif: PNBP, retribusi, pajak, atau lainnya.")))
    found += [
        Problem(name, _("Terlalu panjang: paling banyak %(most)s huruf.") % {"most": LONGEST_LINE})
        for name, text in (("variant", fee.variant), ("amount_text", fee.amount_text), ("legal_basis", fee.legal_basis))
        if len(text) > LONGEST_LINE
    ]
    return found


def content_of(standard: Standard) -> Content:
    """What the rows of a version say (two queries unless they are prefetched)."""
    return Content(
        standard_minutes=standard.standard_minutes,
        time_text=standard.time_text,
        components=dict(standard.components),
        requirements=tuple(
            RequirementText(**{name: getattr(row, name) for name in RequirementText.__dataclass_fields__})
            for row in standard.requirements.all()
        ),
        fees=tuple(
            FeeText(**{name: getattr(row, name) for name in FeeText.__dataclass_fields__})
            for row in standard.fees.all()
        ),
        decree_number=standard.decree_number,
        effective_on=standard.effective_on,
    )


def filled(content: Content) -> frozenset[str]:
    """The codes of the components of which something is known."""
    codes = set(content.components)
    codes |= {components.REQUIREMENTS} if content.requirements else set()
    codes |= {components.TIME} if content.time_text else set()
    codes |= {components.FEE} if content.fees else set()
    return frozenset(codes)


def fee_summary(fees: Sequence[FeeText]) -> tuple[int | None, str]:
    """One amount and its words for lists: the only fee as it is, gratis when all are, else each variant in words."""
    if not fees:
        return None, ""
    if len(fees) == 1:
        return fees[0].amount_rupiah, fees[0].amount_text
    if all(fee.amount_rupiah == 0 and not fee.amount_text for fee in fees):
        return 0, ""
    # Data in the catalogue's language, as fee_text always was.
    return None, "; ".join(f"{fee.variant}: {_words(fee)}" if fee.variant else _words(fee) for fee in fees)


def _words(fee: FeeText) -> str:
    if fee.amount_rupiah is None:
        return fee.amount_text
    amount = "gratis" if fee.amount_rupiah == 0 else rules.rupiah(fee.amount_rupiah)
    return f"{amount} ({fee.amount_text})" if fee.amount_text else amount
