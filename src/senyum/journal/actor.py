"""Who did something, as the journal writes it: text only, so that the record survives the person's erasure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """`kind`: citizen, user, device, token, system. A citizen's label is the visit label, never a name."""

    kind: str
    id: str
    label: str


SYSTEM = Actor("system", "senyum", "Senyum")
