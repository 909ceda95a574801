"""The frame and the components in Chromium: axe, targets, reflow, in each theme."""

from __future__ import annotations

import pytest

from senyum.surfaces.ui.browser import DESK, PHONE, assert_axe_clean, assert_fits, assert_targets, shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.urls("senyum.surfaces.ui.tests.gallery")]

THEMES = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", ["phone", "desk"])
def test_components(page, live_server, theme, size):
    page.set_viewport_size(PHONE if size == "phone" else DESK)
    page.emulate_media(**THEMES[theme])
    page.goto(f"{live_server.url}/gallery/")
    assert_axe_clean(page)
    assert_targets(page)
    assert_fits(page)
    shoot(page, f"look-{size}-{theme}", full=True)
