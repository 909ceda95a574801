"""Pages in a real Chromium: fixtures for pytest-playwright, and what is asked of every screen.

`page` (pytest-playwright) with `live_server` (pytest-django) shows pages without streams. `assert_axe_clean`,
`assert_targets` and `shoot` are called in each state of a screen.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[4]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SCREENS = ROOT / "docs/screens"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
    "--force-color-profile=srgb",
]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1366, "height": 768}
BOARD = {"width": 1920, "height": 1080}


def chromium() -> str:
    """The path of a Chromium: `SENYUM_CHROMIUM`, else the system's. LookupError with what to do when there is none."""
    found = os.environ.get("SENYUM_CHROMIUM") or next((p for n in NAMES if (p := shutil.which(n))), None)
    if found is None:
        raise LookupError("No Chromium: install it (apt-get install chromium) or name it in SENYUM_CHROMIUM.")
    return found


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium instead of a downloaded one."""
    return {**browser_type_launch_args, "executable_path": chromium(), "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Indonesian, in Jakarta's time, at the desk's size."""
    return {**browser_context_args, "locale": "id-ID", "timezone_id": "Asia/Jakarta", "viewport": DESK}


def assert_axe_clean(page: Page, *, within: str = "document") -> None:
    """No violation of WCAG 2.2 A and AA nor of axe's best practices on what is shown now."""
    # Chromium's policy for the page forbids added script elements; an init through CDP is not one.
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        """async (within) => {
            const root = within === 'document' ? document : document.querySelector(within);
            return await axe.run(root, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']});
        }""",
        within,
    )
    told = [
        f"{v['id']} ({v['impact']}): {v['help']}\n    " + "\n    ".join(n["html"][:200] for n in v["nodes"][:5])
        for v in found["violations"]
    ]
    assert not told, f"{page.url}:\n" + "\n".join(told)


def assert_targets(page: Page, minimum: int = 44) -> None:
    """Everything that can be touched is at least `minimum` px wide and high. Links inside a sentence are excepted."""
    small: list[str] = page.evaluate(
        """(minimum) => [...document.querySelectorAll(
                'a[href],button,input:not([type=hidden]),select,textarea,summary,[role=button]')]
            .filter(e => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !e.disabled)
            .map(e => [e, (e.closest('label') || e).getBoundingClientRect()])
            .filter(([e, r]) => r.width > 1 && (r.width < minimum - .5 || r.height < minimum - .5))
            .filter(([e]) => !(e.matches('p a,li a,dd a,td a') && getComputedStyle(e).display === 'inline'))
            .map(([e, r]) => `${e.outerHTML.slice(0, 120)} is ${Math.round(r.width)} x ${Math.round(r.height)}`)""",
        minimum,
    )
    assert not small, f"{page.url}: smaller than {minimum} px:\n" + "\n".join(small)


def assert_fits(page: Page) -> None:
    """Nothing makes the page scroll sideways."""
    wide: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth + 1 ? [] :
            [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
                && !e.closest('.scroll,.tabs')).slice(0, 8).map(e => e.outerHTML.slice(0, 120))"""
    )
    assert not wide, f"{page.url} is wider than the screen:\n" + "\n".join(wide)


def shoot(page: Page, name: str, *, full: bool = False) -> Path:
    """Save what is shown as docs/screens/NAME.png."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path, full_page=full, animations="disabled")
    return path
