"""What the sampled days say of a staffing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from senyum.engine.staffing.agency_day import Desk
from senyum.engine.staffing.crowd import Crowd

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Counts = NDArray[np.int32]
#: Staffings played on all days that others are compared with, the latest.
_REFERENCES = 3
#: A few days without a single late call show no spread: nobody is surer than this.
_LEAST_ERROR = 5e-4
#: Nor does a comparison make the error smaller than this share of what it is without one: a rare bad day is in no line.
_COMPARED = 1 / 3


@dataclass(frozen=True, slots=True, eq=False)
class _Design:
    """What is known of all days when a staffing has been played on the first: columns that its misses go along with.

    `fit`: (columns, days) maps values of the first days to their slopes; `rows`: (days, columns), their mean taken off;
    `ahead`: by how much the columns of the days to come lie above; `leverage`: what the slopes add to the variance.
    """

    fit: Floats
    rows: Floats
    ahead: Floats
    leverage: float


class Judge:
    """Plays staffings at one desk on the same sampled days, a few first and more while it is close, and remembers.

    `tiers`: numbers of days, ascending; the last are *the* sampled days. `sure`: standard errors at which fewer days
    are enough. `people`: played so far.

    What the days to come will say is estimated by regression (Cochran 1977, chapter 7): how many people they bring and
    how much work, and how staffings fared on them that were played to the end, is known, and one staffing fares much as
    another does. The error is that of the days to come only: those that were played are certain.
    """

    def __init__(self, crowd: Crowd, desk: Desk, tiers: Sequence[int], *, sure: float) -> None:
        self.crowd, self.desk, self.tiers, self._sure = crowd, desk, tuple(tiers), sure
        self._known: dict[bytes, tuple[Counts, Counts]] = {}
        self._references: list[Floats] = []
        self._designs: dict[int, _Design] = {}
        self.people = 0

    def share(self, table: Ints, tier: int = -1) -> tuple[float, float]:
        """Share kept and its standard error, on the days of a tier.

        The day is the unit of the error: people of one day wait together (ratio estimator).
        """
        kept, promised = self._days(table, tier % len(self.tiers))
        total, days = float(promised.sum()), len(kept)
        if total <= 0:
            return 1.0, 0.0
        share = float(kept.sum()) / total
        if days < 2:
            return share, 0.0
        rest = kept - share * promised
        return share, math.sqrt(float(rest @ rest) * days / (days - 1)) / total

    def keeps(self, table: Ints, target: float) -> bool:
        """Whether the sampled days keep the target. Most staffings need the first days only to be sure."""
        for tier in range(len(self.tiers) - 1):
            said = self._far(table, tier, target)
            if said:
                return said > 0
        return self.share(table)[0] >= target

    def surely_broken(self, table: Ints, target: float) -> bool:
        """Whether a part of the days is enough to say so."""
        for tier in range(max(1, len(self.tiers) - 1)):
            said = self._far(table, tier, target)
            if said:
                return said < 0
        return False

    def estimate(self, table: Ints, tier: int) -> tuple[float, float]:
        """What all sampled days keep, judged by those of a tier, and the error of that (0 when they are all)."""
        kept, promised = self._days(table, tier)
        total, days, all_days = float(promised.sum()), len(kept), self.tiers[-1]
        if total <= 0:
            return 1.0, 0.0
        share = float(kept.sum()) / total
        if days == all_days or days < 2:
            return share, 0.0
        rest = (kept - share * promised) * (days / total)
        design, unseen = self._design(tier), 1 - days / all_days
        slopes = design.fit @ rest
        left = rest - design.rows @ slopes
        free = max(days - 1 - len(slopes), 1)
        variance = float(left @ left) / free * (1 / (all_days - days) + 1 / days + design.leverage)
        alone = math.sqrt(float(rest @ rest) / (days - 1) * (1 / (all_days - days) + 1 / days))
        # Student's t with so few free days, as a normal one (first term of its expansion at three errors).
        error = max(math.sqrt(variance) * (1 + 2.5 / free), _COMPARED * alone)
        return share + unseen * float(design.ahead @ slopes), unseen * error

    def _far(self, table: Ints, tier: int, target: float) -> int:
        """1 or -1 when the share is surely above or below the target, else 0."""
        share, error = self.estimate(table, tier)
        far = abs(share - target) > self._sure * max(error, _LEAST_ERROR)
        return int(math.copysign(1, share - target)) if far else 0

    def _days(self, table: Ints, tier: int) -> tuple[Counts, Counts]:
        """People kept and promised on each of the first days."""
        key, end = table.tobytes(), self.tiers[tier]
        known = self._known.get(key)
        first = len(known[0]) if known else 0
        if first < end:
            played = self.crowd.play(self.desk, table, first=first, end=end)
            self.people += int(played.promised.sum())
            more = played.kept.astype(np.int32), played.promised.astype(np.int32)
            known = (np.concatenate([known[0], more[0]]), np.concatenate([known[1], more[1]])) if known else more
            self._known[key] = known
            if end == self.tiers[-1]:
                self._refer(*known)
        assert known
        return known[0][:end], known[1][:end]

    def _refer(self, kept: Counts, promised: Counts) -> None:
        """Compare others with a staffing that was played to the end."""
        total = float(promised.sum())
        if total <= 0:
            return
        rest = kept - float(kept.sum()) / total * promised
        self._references = [*self._references, rest][-_REFERENCES:]
        self._designs.clear()

    def _design(self, tier: int) -> _Design:
        if tier not in self._designs:
            days = self.tiers[tier]
            columns = np.column_stack([*self.crowd.load(self.tiers[-1]), *self._references]).astype(np.float64)
            columns = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-9)
            rows = columns[:days] - columns[:days].mean(axis=0)
            ahead = columns[days:].mean(axis=0) - columns[:days].mean(axis=0)
            inverse = np.linalg.pinv(rows.T @ rows, rcond=1e-6, hermitian=True)
            self._designs[tier] = _Design(inverse @ rows.T, rows, ahead, float(ahead @ inverse @ ahead))
        return self._designs[tier]
