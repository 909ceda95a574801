"""The lives of a service standard and of a comment on it, a table each; docs/catalogue.md is generated from them."""

from __future__ import annotations

DRAFT, IN_REVIEW, APPROVED = "draft", "in_review", "approved"
IN_FORCE, SUPERSEDED, WITHDRAWN = "in_force", "superseded", "withdrawn"
STATES = (DRAFT, IN_REVIEW, APPROVED, IN_FORCE, SUPERSEDED, WITHDRAWN)
#: Somebody still works on it; a service has one of these at a time.
OPEN = (DRAFT, IN_REVIEW, APPROVED)
#: It was or is what citizens are told, and never changes.
SPOKEN = (IN_FORCE, SUPERSEDED)

#: (state, command) -> state after. A pair that is not here is refused.
TRANSITIONS: dict[tuple[str, str], str] = {
    (DRAFT, "save"): DRAFT,
    (DRAFT, "submit"): IN_REVIEW,
    (IN_REVIEW, "give_back"): DRAFT,
    (IN_REVIEW, "approve"): APPROVED,
    (APPROVED, "put_in_force"): IN_FORCE,
    (IN_FORCE, "supersede"): SUPERSEDED,
    (DRAFT, "withdraw"): WITHDRAWN,
    (IN_REVIEW, "withdraw"): WITHDRAWN,
    (APPROVED, "withdraw"): WITHDRAWN,
    # What an agency had decided before Senyum knew of it: the seed's and the first import's facts.
    (DRAFT, "adopt"): IN_FORCE,
}
COMMANDS = tuple(dict.fromkeys(command for _, command in TRANSITIONS))

PENDING, SHOWN, HIDDEN = "pending", "shown", "hidden"
COMMENT_STATES = (PENDING, SHOWN, HIDDEN)
COMMENT_TRANSITIONS: dict[tuple[str, str], str] = {
    (PENDING, "show"): SHOWN,
    (PENDING, "hide"): HIDDEN,
    (SHOWN, "hide"): HIDDEN,
    (HIDDEN, "show"): SHOWN,
}
COMMENT_COMMANDS = ("show", "hide")
