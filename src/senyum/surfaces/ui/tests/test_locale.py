"""Every visible string in three languages, and the catalogues that hold them."""

from __future__ import annotations

import gettext
import io
import re

import pytest
from django.utils import translation

from scripts import build_locale
from senyum.surfaces.ui.languages import teach_sundanese

PLACES = re.compile(r"%\(\w[^)]*\)s|\{\w*\}|%%")


def test_every_visible_string_has_sundanese_and_english():
    missing = build_locale.missing()
    told = "\n".join(f"{', '.join(sorted(files))}: {key!r}" for key, files in sorted(missing.items()))
    assert not missing, f"Add these to src/senyum/locale/parts/<part>.yaml:\n{told}"


def test_no_two_parts_contradict_each_other():
    assert build_locale.contradictions() == []


@pytest.mark.parametrize("language", build_locale.LANGUAGES)
def test_translations_keep_the_placeholders(language):
    for key, entry in build_locale.read_parts().items():
        word = entry.words[language]
        for form in word if isinstance(word, tuple) else (word,):
            assert sorted(PLACES.findall(form)) == sorted(PLACES.findall(entry.message.id)), (key, form)


def _part(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    return build_locale.read_parts(tmp_path)


def test_a_catalogue_is_read_by_gettext(tmp_path):
    entries = _part(
        tmp_path,
        """
        - {id: "Masuk", su: "Lebet", en: "Log in"}
        - {id: "Buka", context: "loket", su: "Muka", en: "Open"}
        - {id: "%(n)s orang", su: ["%(n)s jalmi", "%(n)s jalmi"], en: ["%(n)s person", "%(n)s people"]}
        - {id: "é \\"x\\"\\n", su: "é", en: "e"}
        """,
    )
    read = gettext.GNUTranslations(io.BytesIO(build_locale.mo(entries, "en")))
    assert read.gettext("Masuk") == "Log in"
    assert read.pgettext("loket", "Buka") == "Open"
    assert read.gettext("Buka") == "Buka"
    assert read.ngettext("%(n)s orang", "%(n)s orang", 1) == "%(n)s person"
    assert read.ngettext("%(n)s orang", "%(n)s orang", 3) == "%(n)s people"
    assert read.gettext('é "x"\n') == "e"
    assert 'msgid "é \\"x\\"\\n"' in build_locale.po(entries, "en")
    assert 'msgctxt "loket"' in build_locale.po(entries, "en")


@pytest.mark.parametrize("row", ['{id: "a", su: "b"}', '{su: "b", en: "c"}', '{id: "a", su: "", en: "c"}', '"a"'])
def test_a_row_that_lacks_something_is_refused(tmp_path, row):
    with pytest.raises(build_locale.PartError, match=r"x\.yaml"):
        _part(tmp_path, f"- {row}")


def test_yaml_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(build_locale.PartError, match=r"x\.yaml"):
        _part(tmp_path, "- {id: ")


def test_contradictions_name_both_parts(tmp_path):
    (tmp_path / "ui.yaml").write_text('- {id: "a", su: "b", en: "c"}')
    (tmp_path / "aa.yaml").write_text('- {id: "a", su: "x", en: "c"}')
    assert build_locale.contradictions(tmp_path) == ["aa.yaml and ui.yaml translate 'a' differently"]
    assert build_locale.read_parts(tmp_path)["a"].part == "ui.yaml"


@pytest.mark.parametrize(
    ("template", "ids"),
    [
        ('{% translate "Satu" %}', ["Satu"]),
        ("<c-card title=\"{% translate 'Dua' %}\">", ["Dua"]),
        ('{% translate "Buka" context "loket" %}', ["loket\x04Buka"]),
        ("{% blocktranslate with name=a.b %}Halo {{ name }}{% endblocktranslate %}", ["Halo %(name)s"]),
        ("{% blocktranslate trimmed %}\n  satu\n  dua 5%\n{% endblocktranslate %}", ["satu dua 5%%"]),
        (
            "{% blocktranslate count n=n %}{{ n }} orang{% plural %}{{ n }} orang{% endblocktranslate %}",
            ["%(n)s orang"],
        ),
        ('{{ _("Tiga") }}', ["Tiga"]),
        ("{# {% translate 'tidak' %} #}", []),
    ],
)
def test_what_templates_say_is_found(tmp_path, monkeypatch, template, ids):
    place = tmp_path / "src" / "templates"
    place.mkdir(parents=True)
    (place / "a.html").write_text(template)
    monkeypatch.setattr(build_locale, "SOURCE", tmp_path / "src")
    assert [m.key for m, _ in build_locale.template_messages()] == ids


def test_what_python_says_is_found(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("x = [_('Satu'), gettext_lazy('Dua'), pgettext('k', 'Tiga'), other('Empat'), _(y)]")
    monkeypatch.setattr(build_locale, "SOURCE", tmp_path)
    assert [m.key for m, _ in build_locale.python_messages()] == ["Satu", "Dua", "k\x04Tiga"]


def test_sundanese_falls_back_to_indonesian():
    teach_sundanese()
    with translation.override("su"):
        assert translation.gettext("This field is required.") == "Bidang ini tidak boleh kosong."
        assert translation.gettext("Belum diterjemahkan sama sekali") == "Belum diterjemahkan sama sekali"
