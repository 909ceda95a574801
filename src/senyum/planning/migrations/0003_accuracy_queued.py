from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('planning', '0002_accuracy'),
    ]

    operations = [
        migrations.AddField(
            model_name='accuracy',
            name=name,
            field=models.PositiveIntegerField(null=True),
        )
        for name in ('queued', 'queued_kept_p50', 'queued_kept_p90')
    ]
