"""Compute the staffing proposals that wait: at once when one is asked for, and each minute (docs/staffing.md)."""

from __future__ import annotations

import structlog
from django.utils import translation
from django.utils.translation import gettext_noop
from procrastinate.contrib.django import app

from senyum.core import clock
from senyum.core.errors import NotPossible
from senyum.planning import charts, commands, compute
from senyum.planning.asked import CannotPlan, from_json
from senyum.planning.compute import Planned
from senyum.planning.models import Proposal
from senyum.planning.queries import days_of
from senyum.planning.solver import PlanningUnavailable

log = structlog.get_logger(__name__)


class _Withdrawn(Exception):
    """Nobody waits for it any more."""


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="compute_proposal", lock="compute_proposal")
def compute_proposal(timestamp: int) -> int:
    """Compute every proposal that waits, one after the other; returns how many. `timestamp`: when it was due."""
    commands.tidy(now=clock.now(), wall=clock.wall())
    count = 0
    while proposal := commands.start(now=clock.now(), wall=clock.wall()):
        with translation.override("id"):
            compute_one(proposal)
        count += 1
    return count


def compute_one(proposal: Proposal) -> None:
    """The plan first, so that somebody can decide; then what else could be bought or saved."""
    try:
        planned = compute.plan(
            mall=proposal.mall,
            agency=proposal.agency,
            days=days_of(proposal),
            asked=from_json(proposal.asked),
            now=clock.now(),
            say=lambda stage, progress: _say(proposal, stage, progress),
        )
        _say(proposal, compute.DRAWING, 62)
        commands.finish(
            proposal_id=proposal.pk,
            days=planned.days,
            basis=planned.basis,
            officers=planned.officers,
            charts=charts.of_plan(planned.days),
            now=clock.now(),
        )
    except (_Withdrawn, NotPossible):
        return
    except (CannotPlan, PlanningUnavailable) as error:
        _fail(proposal, str(error))
        return
    except Exception:
        log.exception("proposal.failed", proposal=proposal.pk)
        # Kept in Indonesian, read in the reader's language (planning/queries.py).
        _fail(
            proposal,
            gettext_noop("Rencana gagal dihitung karena kesalahan program. Catatannya ada di log/worker.log."),
        )
        return
    _options(proposal, planned)


def _fail(proposal: Proposal, trouble: str) -> None:
    try:
        commands.fail(proposal_id=proposal.pk, trouble=trouble, now=clock.now())
    except NotPossible:
        log.info("proposal.withdrawn", proposal=proposal.pk)


def _options(proposal: Proposal, planned: Planned) -> None:
    try:
        _say(proposal, compute.OPTIONS, 70)
        found = compute.options(planned)
        drawn = charts.of_options(found, planned.days[0])
    except _Withdrawn:
        found, drawn = None, {}
    except Exception:
        # The plan stands without them; the page says that they are missing.
        log.exception("proposal.options_failed", proposal=proposal.pk)
        found, drawn = None, {}
    commands.add_options(proposal_id=proposal.pk, options=found, charts=drawn, now=clock.now())


def _say(proposal: Proposal, stage: str, progress: int) -> None:
    if not commands.say_progress(
        proposal_id=proposal.pk, stage=stage, progress=progress, now=clock.now(), wall=clock.wall()
    ):
        raise _Withdrawn
