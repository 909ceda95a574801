"""How well waits were foretold, for each service and month."""

from __future__ import annotations

from django.db import models

from senyum.catalogue.models import Line
from senyum.malls.models import Mall


class Accuracy(models.Model):
    """Promises at issue of one line in one month (`month`: its first day), beside what other systems would have said.

    `n` waits that ended in a call, of which `kept_p50` and `kept_p90` were no longer than promised; `never_called`
    ended without one and are not scored. Errors in minutes: `median_error` and `mae` of p50; `zms`, `queuesg`,
    `last_to_enter_service`: mean absolute error of those (`engine.forecast.naive`). `mean_p90`: promised on the mean.
    `queued`: those of `n` that were told a wait (`planning.accuracy.TOLD_TO_WAIT`), and how many of them were called
    within p50 and p90; None in months that were scored before this was counted. `changes`: of promises made when the
    line's counters came or went, to whoever stood last then; `changes_mae` None where there are none.
    """

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, db_index=False, related_name="+")
    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    n = models.PositiveIntegerField()
    kept_p50 = models.PositiveIntegerField()
    kept_p90 = models.PositiveIntegerField()
    queued = models.PositiveIntegerField(null=True)
    queued_kept_p50 = models.PositiveIntegerField(null=True)
    queued_kept_p90 = models.PositiveIntegerField(null=True)
    changes = models.PositiveIntegerField(null=True)
    changes_kept_p50 = models.PositiveIntegerField(null=True)
    changes_kept_p90 = models.PositiveIntegerField(null=True)
    changes_mae = models.FloatField(null=True)
    never_called = models.PositiveIntegerField()
    median_error = models.FloatField()
    mae = models.FloatField()
    mean_p90 = models.FloatField()
    zms = models.FloatField()
    queuesg = models.FloatField()
    last_to_enter_service = models.FloatField()
    until = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mall", "month", "line"], name="accuracy_once")]
