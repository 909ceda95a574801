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


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of one staffing on the first `days` days: kept, promised, their squares and product."""

    days: int = 0
    k: float = 0.0
    p: float = 0.0
    kk: float = 0.0
    kp: float = 0.0
    pp: float = 0.0

    def share(self) -> float:
        return self.k / self.p if self.p > 0 else 1.0

    def error(self) -> float:
        """Standard error of the share with the day as the unit: people of one day wait together (ratio estimator)."""
        if self.days < 2 or self.p <= 0:
            return 0.0
        share = self.share()
        squares = max(self.kk - 2 * share * self.kp + share * share * self.pp, 0.0)
        return math.sqrt(squares * self.days / (self.days - 1)) / self.p


class Judge:
    """Plays staffings at one desk on the same sampled days, a few first and more while it is close, and remembers.

    `tiers`: numbers of days, ascending; the last are *the* sampled days. `sure`: standard errors at which fewer days
    are enough. `people`: played so far.
    """

    def __init__(self, crowd: Crowd, desk: Desk, tiers: Sequence[int], *, sure: float) -> None:
        self.crowd, self.desk, self.tiers, self._sure = crowd, desk, tuple(tiers), sure
        self._known: dict[bytes, list[_Sums]] = {}
        self.people = 0

    def share(self, table: Ints, tier: int = -1) -> tuple[float, float]:
        """Share kept and its standard error, on the days of a tier."""
        sums = self._sums(table, tier % len(self.tiers))
        return sums.share(), sums.error()

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

    def _far(self, table: Ints, tier: int, target: float) -> int:
        """1 or -1 when the share is surely above or below the target, else 0."""
        share, error = self.share(table, tier)
        # A few days without a single late call show no spread: never surer than one in two thousand.
        return int(math.copysign(1, share - target)) if abs(share - target) > self._sure * max(error, 5e-4) else 0

    def _sums(self, table: Ints, tier: int) -> _Sums:
        known = self._known.setdefault(table.tobytes(), [])
        while len(known) <= tier:
            before = known[-1] if known else _Sums()
            played = self.crowd.play(self.desk, table, first=before.days, end=self.tiers[len(known)])
            self.people += int(played.promised.sum())
            k, p = played.kept, played.promised
            known.append(
                _Sums(
                    days=self.tiers[len(known)],
                    k=before.k + float(k.sum()),
                    p=before.p + float(p.sum()),
                    kk=before.kk + float(k @ k),
                    kp=before.kp + float(k @ p),
                    pp=before.pp + float(p @ p),
                )
            )
        return known[tier]
