"""`python -m senyum`: the same as the `senyum` command."""

from senyum.cli import app

app()
