"""One press, one change; sentences only the server can write; a QR without styles."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.test import RequestFactory

from senyum.core import clock, speech
from senyum.core.errors import NotPossible
from senyum.surfaces.ui import voice
from senyum.surfaces.ui.once import digest_of, key_of, new_key, once
from senyum.surfaces.ui.qr import qr_svg

KEY = "k" * 20


def _post(path: str = "/x/", **answers):
    return RequestFactory().post(path, {"once": KEY, **answers})


@pytest.mark.django_db
def test_a_second_press_gets_the_first_answer():
    ran = []

    def work() -> int:
        ran.append(1)
        return 41 + len(ran)

    answers = [once(_post(a="1"), "me", clock.now(), work) for _ in range(3)]
    assert answers == [42, 42, 42] and len(ran) == 1
    assert once(_post(a="1"), "somebody else", clock.now(), work) == 43


@pytest.mark.django_db
def test_the_same_key_for_other_answers_is_refused():
    once(_post(a="1"), "me", clock.now(), lambda: None)
    for other in (_post(a="2"), _post("/y/", a="1"), _post(a="1", b="")):
        with pytest.raises(NotPossible, match="key_reused"):
            once(other, "me", clock.now(), lambda: None)


@pytest.mark.django_db
def test_a_refusal_frees_the_key():
    def refuse() -> None:
        raise NotPossible("no", "Tidak.")

    with pytest.raises(NotPossible, match="no"):
        once(_post(), "me", clock.now(), refuse)
    assert once(_post(), "me", clock.now(), lambda: 7) == 7


@pytest.mark.parametrize("key", ["", "short", "x" * 65])
def test_a_form_needs_a_key(key):
    with pytest.raises(NotPossible, match="no_key"):
        key_of(RequestFactory().post("/x/", {"once": key}))


def test_keys_differ_and_the_digest_leaves_them_out():
    assert new_key() != new_key() and key_of(_post()) == KEY
    one = RequestFactory().post("/x/", {"once": new_key(), "a": "1", "csrfmiddlewaretoken": "t"})
    assert digest_of(one) == digest_of(_post(a="1")) != digest_of(_post(a="2"))


def test_a_sentence_is_signed_for_its_language():
    signed = voice.signature("Selamat datang", "id")
    assert voice.is_signed("Selamat datang", "id", signed)
    for text, language in (("Selamat datang.", "id"), ("Selamat datang", "en")):
        assert not voice.is_signed(text, language, signed)


def test_a_long_text_is_cut_at_a_word():
    line = voice.sayable("kata  yang\npanjang " * 40)
    assert len(line) <= speech.MAX_TEXT and "\n" not in line and line.endswith(("kata", "yang", "panjang"))


def test_what_cannot_be_read_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setattr(voice, "synthesizer", lambda: speech.Synthesizer(tmp_path))
    with pytest.raises(Http404):
        voice.clip("Wilujeng sumping", "su")


def test_a_qr_is_black_on_white_without_styles():
    drawn = qr_svg("https://mpp.example/t/abc/")
    assert drawn.startswith("<svg") and 'stroke="#000"' in drawn and "style" not in drawn
