"""The house's settings with the plain booking beside its pages: `senyum bench rush` measures against it."""

from senyum.settings import *  # noqa: F403 - all of them, but one

ROOT_URLCONF = "senyum.bench.plain_urls"
