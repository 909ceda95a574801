"""The templates that only these tests show."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_templates(settings):
    """Look into tests/templates, too."""
    own = str(Path(__file__).parent / "templates")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [own]}]
