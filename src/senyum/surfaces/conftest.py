"""What every test of a page may ask for."""

from __future__ import annotations

import os

import pytest

from senyum.surfaces.ui.browser import (  # noqa: F401  # fixtures
    browser_context_args,
    browser_type_launch_args,
)
from senyum.surfaces.ui.testing import PageClient

# Playwright keeps an event loop in the test's thread from its first fixture on; the ORM would refuse to work beside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def page_client() -> PageClient:
    """Nobody logged in; each page it fetches is checked."""
    return PageClient(raise_request_exception=True)
