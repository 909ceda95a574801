"""The only write of published accuracy: a month is computed anew from its tickets, nothing is edited.

A figure that can be computed again from the rows it rests on is no decision, so the journal does not repeat it.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction

from senyum.malls.models import Mall
from senyum.planning.accuracy import changed, first_of, promised, scored
from senyum.planning.models import Accuracy


def score_month(*, mall: Mall, month: date, until: date) -> int:
    """Put the figures of `month` of the mall, from tickets up to and with the day `until`. Returns how many lines."""
    rows = scored(mall, month, promised(mall, month), until, changed(mall, month))
    with transaction.atomic():
        Accuracy.objects.filter(mall=mall, month=first_of(month)).delete()
        Accuracy.objects.bulk_create(rows)
    return len(rows)
