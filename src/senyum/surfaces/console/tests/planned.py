"""The tiny hall with a roster, and a proposal that was really computed."""

from __future__ import annotations

from senyum.jobs.compute_proposal import compute_one
from senyum.planning import commands
from senyum.planning.asked import Asked
from senyum.planning.models import Proposal
from senyum.planning.tests.small import DAY, NOW
from senyum.rehearsal.queries import SmallHall


def proposal(hall: SmallHall, asked: Asked | None = None, *, agency: str = "", compute: bool = True) -> Proposal:
    """Asked for by the manager; computed with its options unless `compute` is False."""
    made = commands.request(
        mall=hall.mall,
        by=hall.users["pengelola"],
        days=[DAY],
        asked=asked or Asked(),
        now=NOW,
        agency=hall.agencies[agency] if agency else None,
    )
    if compute:
        begun = commands.start(now=NOW, wall=NOW)
        assert begun is not None
        compute_one(begun)
        made.refresh_from_db()
        assert made.state == "ready", made.trouble
    return made
