"""Fixtures for tests of the whole house."""

from senyum.surfaces.ui.browser import browser_context_args, browser_type_launch_args
from tests.house import house

__all__ = ["browser_context_args", "browser_type_launch_args", "house"]
