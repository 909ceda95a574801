"""What was known of each service becomes the first version of its standard, adopted and not reviewed here.

No component is made up: what nobody wrote stays empty. It is in force "since before": visits of earlier days find it.
"""

from django.db import migrations
from django.utils import timezone


def first_versions(apps, schema_editor):
    Service = apps.get_model("catalogue", "Service")
    Standard = apps.get_model("catalogue", "Standard")
    Requirement = apps.get_model("catalogue", "Requirement")
    Fee = apps.get_model("catalogue", "Fee")
    now = timezone.now()
    for service in Service.objects.filter(current=None):
        standard = Standard.objects.create(
            service=service,
            number=1,
            state="in_force",
            standard_minutes=max(1, service.standard_minutes),
            time_text=service.time_text,
            source=service.source,
            adopted=True,
            drafted_at=now,
            saved_at=now,
        )
        Requirement.objects.filter(service=service).update(standard=standard)
        if service.fee_rupiah is not None or service.fee_text:
            Fee.objects.create(
                standard=standard, sort=1, amount_rupiah=service.fee_rupiah, amount_text=service.fee_text
            )
        service.current = standard
        service.save(update_fields=["current"])


def back(apps, schema_editor):
    """Only the version in force has a place in the table of before."""
    Requirement = apps.get_model("catalogue", "Requirement")
    Service = apps.get_model("catalogue", "Service")
    for service in Service.objects.exclude(current=None):
        Requirement.objects.filter(standard=service.current_id).update(service=service)
    Requirement.objects.filter(service=None).delete()


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_standards")]

    operations = [migrations.RunPython(first_versions, back)]
