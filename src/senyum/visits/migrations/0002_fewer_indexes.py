"""Indexes that no question uses, but every call had to keep: docs/decisions/0091-few-indexes.md."""

import django.db.models.deletion
from django.db import migrations, models


DROP = """
DO $$
DECLARE found regclass;
BEGIN
  FOR found IN
    SELECT x.indexrelid::regclass FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
    WHERE x.indnatts = 1 AND NOT x.indisunique AND x.indpred IS NULL AND (x.indrelid::regclass::text, a.attname) IN (
      ('visits_visit', 'mall_id'), ('visits_visit', 'group_id'),
      ('visits_ticket', 'visit_id'), ('visits_ticket', 'mall_id'), ('visits_ticket', 'agency_id'),
      ('visits_ticket', 'line_id'), ('visits_ticket', 'session_id'), ('visits_ticket', 'counter_id'),
      ('visits_ticket', 'missing_id'), ('visits_ticket', 'forwarded_from_id'),
      ('visits_call', 'mall_id'), ('visits_call', 'agency_id'), ('visits_call', 'session_id'),
      ('visits_call', 'counter_id'))
  LOOP
    EXECUTE format('DROP INDEX %s', found);
  END LOOP;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0002_search'),
        ('malls', '0001_initial'),
        ('roster', '0002_undo_note'),
        ('visits', '0001_initial'),
    ]

    operations = [
        # Django's own step would drop every index of these columns, the unique partial ones that keep promises included.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='call',
                    name='agency',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.agency'),
                ),
                migrations.AlterField(
                    model_name='call',
                    name='counter',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.counter'),
                ),
                migrations.AlterField(
                    model_name='call',
                    name='mall',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.mall'),
                ),
                migrations.AlterField(
                    model_name='call',
                    name='session',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roster.countersession'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='agency',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.agency'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='counter',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.counter'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='forwarded_from',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='visits.ticket'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='line',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.line'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='mall',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.mall'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='missing',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='catalogue.requirement'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='session',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='roster.countersession'),
                ),
                migrations.AlterField(
                    model_name='ticket',
                    name='visit',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='visits.visit'),
                ),
                migrations.AlterField(
                    model_name='visit',
                    name='group',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.linegroup'),
                ),
                migrations.AlterField(
                    model_name='visit',
                    name='mall',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.mall'),
                ),
            ],
            database_operations=[migrations.RunSQL(DROP, migrations.RunSQL.noop)],
        ),
        migrations.RemoveIndex(
            model_name='ticket',
            name='ticket_pace',
        ),
        migrations.AlterField(
            model_name='visit',
            name='token',
            field=models.CharField(max_length=32),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('called_at__isnull', False)), fields=['line', 'called_at'], name='ticket_pace'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('forwarded_from__isnull', False)), fields=['forwarded_from'], name='ticket_forwarded'),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.UniqueConstraint(fields=('token',), name='visit_token_once'),
        ),
    ]
