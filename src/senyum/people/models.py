"""Users, their roles, devices and API tokens."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from senyum.malls.models import Agency, Mall


class User(AbstractUser):
    """Somebody with a log-in: a member of staff, never a citizen."""

    name = models.TextField(_("Nama"), default="", blank=True)
    is_sample = models.BooleanField(default=False)
    #: Wall time after which a password that somebody else chose opens nothing; None: chosen by this user.
    password_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name or self.username


class Login(models.Model):
    """A running log-in of a user in one browser, so that its owner can see and end it. Times are wall times."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="logins")
    session_key = models.TextField(unique=True)
    browser = models.TextField(default="", blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()


class RoleName(models.TextChoices):
    """What somebody may be in a mall."""

    OFFICER = "officer", _("Petugas loket")
    COORDINATOR = "coordinator", _("Koordinator instansi")
    GREETER = "greeter", _("Petugas penyambut")
    MANAGER = "manager", _("Pengelola MPP")
    LEADERSHIP = "leadership", _("Pimpinan")
    ADMINISTRATOR = "administrator", _("Administrator")


AGENCY_ROLES = (RoleName.OFFICER, RoleName.COORDINATOR)


class Role(models.Model):
    """A user's role in one mall; officers and coordinators belong to one agency there."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="roles")
    role = models.TextField(choices=RoleName.choices)
    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "mall", "agency"], name="role_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=Q(role__in=AGENCY_ROLES, agency__isnull=False)
                | (~Q(role__in=AGENCY_ROLES) & Q(agency__isnull=True)),
                name="role_agency_fits",
            ),
        ]


class DeviceKind(models.TextChoices):
    """What stands in the hall."""

    KIOSK = "kiosk", _("Kios")
    DISPLAY = "display", _("Papan panggilan")
    SMILE = "smile", _("Tablet senyum")


class Device(models.Model):
    """A kiosk, board or tablet of one mall, known by its token."""

    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    kind = models.TextField(choices=DeviceKind.choices)
    name = models.TextField()
    active = models.BooleanField(default=True)
    pin_hash = models.TextField(default="", blank=True)
    settings = models.JSONField(default=dict, blank=True)
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mall", "name"], name="device_name_once")]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A bearer token: only the SHA-256 of its secret is kept. `role` is a RoleName or a DeviceKind."""

    prefix = models.CharField(max_length=16, unique=True)
    digest = models.BinaryField()
    role = models.TextField()
    mall = models.ForeignKey(Mall, on_delete=models.CASCADE, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, null=True, related_name="+")
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
