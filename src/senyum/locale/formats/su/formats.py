"""Sundanese: written as Indonesian; Django ships no formats for it."""

from senyum.locale.formats.id.formats import *  # noqa: F403  # the same constants
