"""Every message can be written in every language, in one line of subject."""

from __future__ import annotations

import pytest
from django.conf import settings

from senyum.notices import messages


@pytest.mark.parametrize("template", list(messages.MESSAGES))
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_a_message_is_written_with_what_it_needs(template: str, language: str) -> None:
    data = {name: f"<{name}>\nBcc: x" for name in messages.MESSAGES[template].needs}
    text = messages.write(template, data, language)
    assert "\n" not in text.subject and "%(" not in text.subject + text.body
    assert all(f"<{name}>" in text.subject + text.body for name in data)


def test_an_unknown_message_or_missing_data_is_refused() -> None:
    with pytest.raises(ValueError, match="no message"):
        messages.write("greeting", {}, "id")
    with pytest.raises(ValueError, match="needs agency, mall, time"):
        messages.check("emergency", {"counter": "3"})
