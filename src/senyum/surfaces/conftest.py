"""What every test of a page may ask for."""

from __future__ import annotations

import pytest

from senyum.surfaces.ui.testing import PageClient


@pytest.fixture
def page_client() -> PageClient:
    """Nobody logged in; each page it fetches is checked."""
    return PageClient(raise_request_exception=True)
