"""Service standards: versions with their requirements and fees, and what the public says of a draft."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from senyum.catalogue import states
from senyum.people.models import User


class Standard(models.Model):
    """One version of a service's standard.

    `components` maps the codes of `components.TEXTS` to text; a component that nobody filled in is not in it.
    `time_text`: until the product is ready; `standard_minutes`: at the counter. `writers`: ids of all who saved it;
    `author` began it (None: adopted from data of before). `in_force_from` and `in_force_to` are the moments at which
    it became and ceased to be what citizens are told: two versions never overlap, so (service, moment) names one
    version for ever (decision 0180). `in_force_from` None: since before Senyum kept versions.
    `effective_on` is the decree's date. `source` is a note on where adopted facts came from.
    """

    service = models.ForeignKey("catalogue.Service", on_delete=models.PROTECT, related_name="standards")
    number = models.PositiveIntegerField()
    state = models.TextField(choices=[(s, s) for s in states.STATES], default=states.DRAFT)
    standard_minutes = models.PositiveSmallIntegerField()
    time_text = models.TextField(default="", blank=True)
    components = models.JSONField(default=dict, blank=True)
    decree_number = models.TextField(default="", blank=True)
    effective_on = models.DateField(null=True, blank=True)
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    change_note = models.TextField(default="", blank=True)
    source = models.TextField(default="", blank=True)
    adopted = models.BooleanField(default=False)
    author = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    writers = models.JSONField(default=list, blank=True)
    drafted_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    review_from = models.DateField(null=True, blank=True)
    review_to = models.DateField(null=True, blank=True)
    approver = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    in_force_from = models.DateTimeField(null=True, blank=True)
    in_force_to = models.DateTimeField(null=True, blank=True)
    closing_note = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["service_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["service", "number"], name="standard_number_once"),
            models.UniqueConstraint(
                fields=["service"],
                # An adopted version is a draft for the moment in which its rows are written.
                condition=Q(state__in=states.OPEN, adopted=False),
                name="standard_one_open_per_service",
            ),
            models.UniqueConstraint(
                fields=["service"], condition=Q(state=states.IN_FORCE), name="standard_one_in_force_per_service"
            ),
            models.CheckConstraint(condition=Q(standard_minutes__gte=1), name="standard_minutes_at_least_one"),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | Q(author__isnull=True) | ~Q(approver=F("author")),
                name="standard_approved_by_another",
            ),
            # What is in force was approved by a person, or says that it was adopted.
            models.CheckConstraint(
                condition=~Q(state__in=(states.APPROVED, *states.SPOKEN))
                | Q(adopted=True)
                | Q(approver__isnull=False, approved_at__isnull=False, effective_on__isnull=False),
                name="standard_approved_or_adopted",
            ),
            models.CheckConstraint(
                condition=~Q(state=states.IN_REVIEW)
                | Q(review_from__isnull=False, review_to__isnull=False, review_to__gte=F("review_from")),
                name="standard_review_has_days",
            ),
            models.CheckConstraint(
                condition=~Q(state=states.SUPERSEDED) | Q(in_force_to__isnull=False), name="standard_superseded_ended"
            ),
            models.CheckConstraint(
                condition=Q(in_force_to__isnull=True) | Q(state=states.SUPERSEDED), name="standard_ended_superseded"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} v{self.number}"


class Requirement(models.Model):
    """A document or condition of one version of a standard, in order.

    `legal_basis`, `reason`, `issued_by` (who gives it out), `forms` (accepted forms: original, copy, photo) and
    `example_url` (a picture or example, https) are empty where nobody has said.
    """

    standard = models.ForeignKey(Standard, on_delete=models.CASCADE, related_name="requirements")
    sort = models.PositiveSmallIntegerField()
    text = models.TextField()
    text_su = models.TextField(default="", blank=True)
    text_en = models.TextField(default="", blank=True)
    legal_basis = models.TextField(default="", blank=True)
    reason = models.TextField(default="", blank=True)
    issued_by = models.TextField(default="", blank=True)
    forms = models.TextField(default="", blank=True)
    example_url = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["sort"]
        constraints = [
            models.UniqueConstraint(fields=["standard", "sort"], name="requirement_sort_once"),
            models.CheckConstraint(
                condition=Q(example_url="") | Q(example_url__startswith="https://"), name="requirement_example_https"
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Fee(models.Model):
    """One variant's price: an amount in rupiah (0: gratis), or None with `amount_text` on what it depends.

    `kind`: PNBP goes to the state, a retribution to the region; empty where nobody has said.
    """

    class Kind(models.TextChoices):
        UNKNOWN = ""
        PNBP = "pnbp"
        RETRIBUTION = "retribution"
        TAX = "tax"
        OTHER = "other"

    standard = models.ForeignKey(Standard, on_delete=models.CASCADE, related_name="fees")
    sort = models.PositiveSmallIntegerField()
    variant = models.TextField(default="", blank=True)
    amount_rupiah = models.PositiveIntegerField(null=True, blank=True)
    amount_text = models.TextField(default="", blank=True)
    kind = models.TextField(choices=Kind.choices, default=Kind.UNKNOWN, blank=True)
    legal_basis = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["sort"]
        constraints = [
            models.UniqueConstraint(fields=["standard", "sort"], name="fee_sort_once"),
            models.CheckConstraint(
                condition=Q(amount_rupiah__isnull=False) | ~Q(amount_text=""), name="fee_amount_or_words"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.variant} {self.amount_rupiah}"


class Comment(models.Model):
    """What somebody said of a standard in its review (PP 96/2012 art. 33). `name` is optional, and erased later.

    `speaks_as`: one of `COMMENT_VOICES`, what kind of person takes part. `browser`: a keyed hash that limits how much
    one phone sends; erased with the name.
    """

    standard = models.ForeignKey(Standard, on_delete=models.CASCADE, related_name="comments")
    at = models.DateTimeField()
    state = models.TextField(choices=[(s, s) for s in states.COMMENT_STATES], default=states.PENDING)
    name = models.TextField(default="", blank=True)
    speaks_as = models.TextField(default="", blank=True)
    text = models.TextField()
    answer = models.TextField(default="", blank=True)
    moderator = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    moderated_at = models.DateTimeField(null=True, blank=True)
    browser = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["standard", "state"], name="comment_of_standard")]

    def __str__(self) -> str:
        return f"#{self.pk}"
