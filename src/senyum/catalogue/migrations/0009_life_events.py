import django.db.models.deletion
from django.db import migrations, models


def _text():
    return models.TextField(blank=True, default="")


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0008_addresses")]

    operations = [
        migrations.CreateModel(
            name="LifeEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("title", models.CharField(max_length=120)),
                ("title_su", models.CharField(blank=True, default="", max_length=120)),
                ("title_en", models.CharField(blank=True, default="", max_length=120)),
                ("intro", _text()),
                ("intro_su", _text()),
                ("intro_en", _text()),
                ("keywords", _text()),
                ("source", _text()),
                ("sort", models.PositiveSmallIntegerField(default=0)),
                ("active", models.BooleanField(default=True)),
                ("is_house", models.BooleanField(default=False)),
                ("changed_at", models.DateTimeField()),
            ],
            options={"ordering": ["sort", "slug"]},
        ),
        migrations.CreateModel(
            name="LifeEventStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sort", models.PositiveSmallIntegerField()),
                ("text", _text()),
                ("text_su", _text()),
                ("text_en", _text()),
                ("why", _text()),
                ("why_su", _text()),
                ("why_en", _text()),
                ("stage", models.PositiveSmallIntegerField(default=1)),
                ("gives", _text()),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="catalogue.lifeevent"
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalogue.service",
                    ),
                ),
            ],
            options={
                "ordering": ["stage", "sort"],
                "constraints": [
                    models.UniqueConstraint(fields=["event", "sort"], name="life_event_step_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("service__isnull", False)),
                        fields=["event", "service"],
                        name="life_event_service_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("service__isnull", False), models.Q(("text", ""), _negated=True), _connector="OR"),
                        name="life_event_step_says",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stage__gte", 1), ("stage__lte", 9)), name="life_event_step_stage"
                    ),
                ],
            },
        ),
    ]
