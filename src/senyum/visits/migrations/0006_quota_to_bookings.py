"""The day's quota is shared with bookings now and belongs to them; the table stays where it is."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("visits", "0005_visits_to_erase")]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("DayQuota")], database_operations=[])
    ]
