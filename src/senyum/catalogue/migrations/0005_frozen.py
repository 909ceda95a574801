"""A version once in force never changes, and there is one at a time: the database sees to it (decision 0180)."""

import django.db.models.deletion
from django.db import migrations, models

#: One version at any moment. `in_force_from` null: since before Senyum kept versions.
NO_OVERLAP = """
ALTER TABLE catalogue_standard ADD CONSTRAINT standard_one_at_a_time EXCLUDE USING gist (
    service_id WITH =, tstzrange(in_force_from, in_force_to) WITH &&
) WHERE (state IN ('in_force', 'superseded'));
ALTER TABLE catalogue_standard ADD CONSTRAINT standard_approved_by_no_writer CHECK (
    approver_id IS NULL OR NOT writers @> to_jsonb(approver_id)
);
"""

#: What is in force never changes; what is reviewed or approved changes no more than its steps.
FROZEN = """
CREATE FUNCTION catalogue_standard_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- The steps of its life: all else is what was reviewed, approved and told to citizens.
    steps text[] := CASE
        WHEN OLD.state IN ('in_force', 'superseded', 'withdrawn') THEN ARRAY['state', 'in_force_to']
        WHEN OLD.state = 'approved' THEN ARRAY['state', 'in_force_from', 'closing_note']
        ELSE ARRAY['state', 'decree_number', 'effective_on', 'approver_id', 'approved_at', 'closing_note',
                   'review_from', 'review_to', 'submitted_at']
    END;
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a service standard that left its draft is never deleted'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'standard_frozen';
    END IF;
    IF to_jsonb(NEW) - steps IS DISTINCT FROM to_jsonb(OLD) - steps
       OR (OLD.state = 'in_force' AND NEW.state NOT IN ('in_force', 'superseded'))
       OR (OLD.state IN ('superseded', 'withdrawn') AND NEW IS DISTINCT FROM OLD)
    THEN
        RAISE EXCEPTION 'a service standard that left its draft never changes'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'standard_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER standard_frozen BEFORE UPDATE OR DELETE ON catalogue_standard
    FOR EACH ROW EXECUTE FUNCTION catalogue_standard_frozen();

CREATE FUNCTION catalogue_rows_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    versions bigint[] := ARRAY[
        CASE WHEN TG_OP <> 'INSERT' THEN OLD.standard_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.standard_id END
    ];
BEGIN
    -- Whoever submits the draft at this moment is waited for.
    PERFORM FROM catalogue_standard WHERE id = ANY (versions) FOR SHARE;
    IF EXISTS (SELECT FROM catalogue_standard WHERE id = ANY (versions) AND state <> 'draft') THEN
        RAISE EXCEPTION 'requirements and fees of a service standard that left its draft never change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'standard_frozen';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER requirement_frozen BEFORE INSERT OR UPDATE OR DELETE ON catalogue_requirement
    FOR EACH ROW EXECUTE FUNCTION catalogue_rows_frozen();
CREATE TRIGGER fee_frozen BEFORE INSERT OR UPDATE OR DELETE ON catalogue_fee
    FOR EACH ROW EXECUTE FUNCTION catalogue_rows_frozen();
"""

THAW = """
DROP TRIGGER fee_frozen ON catalogue_fee;
DROP TRIGGER requirement_frozen ON catalogue_requirement;
DROP TRIGGER standard_frozen ON catalogue_standard;
DROP FUNCTION catalogue_rows_frozen();
DROP FUNCTION catalogue_standard_frozen();
"""
OVERLAP = """
ALTER TABLE catalogue_standard DROP CONSTRAINT standard_approved_by_no_writer;
ALTER TABLE catalogue_standard DROP CONSTRAINT standard_one_at_a_time;
"""



class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0004_first_versions'),
    ]

    operations = [
        # Never dropped on the way back: other apps' constraints need it, too.
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS btree_gist", migrations.RunSQL.noop),
        migrations.RemoveConstraint(
            model_name='requirement',
            name='requirement_sort_once',
        ),
        migrations.RemoveField(
            model_name='requirement',
            name='service',
        ),
        migrations.AlterField(
            model_name='requirement',
            name='standard',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='requirements', to='catalogue.standard'),
        ),
        migrations.AddConstraint(
            model_name='requirement',
            constraint=models.UniqueConstraint(fields=('standard', 'sort'), name='requirement_sort_once'),
        ),
        migrations.AddConstraint(
            model_name='requirement',
            constraint=models.CheckConstraint(condition=models.Q(('example_url', ''), ('example_url__startswith', 'https://'), _connector='OR'), name='requirement_example_https'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.UniqueConstraint(fields=('service', 'number'), name='standard_number_once'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.UniqueConstraint(condition=models.Q(('adopted', False), ('state__in', ('draft', 'in_review', 'approved'))), fields=('service',), name='standard_one_open_per_service'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'in_force')), fields=('service',), name='standard_one_in_force_per_service'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.CheckConstraint(condition=models.Q(('standard_minutes__gte', 1)), name='standard_minutes_at_least_one'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.CheckConstraint(condition=models.Q(('approver__isnull', True), ('author__isnull', True), models.Q(('approver', models.F('author')), _negated=True), _connector='OR'), name='standard_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('approved', 'in_force', 'superseded')), _negated=True), ('adopted', True), models.Q(('approved_at__isnull', False), ('approver__isnull', False), ('effective_on__isnull', False)), _connector='OR'), name='standard_approved_or_adopted'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'in_review'), _negated=True), models.Q(('review_from__isnull', False), ('review_to__gte', models.F('review_from')), ('review_to__isnull', False)), _connector='OR'), name='standard_review_has_days'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'superseded'), _negated=True), ('in_force_to__isnull', False), _connector='OR'), name='standard_superseded_ended'),
        ),
        migrations.AddConstraint(
            model_name='standard',
            constraint=models.CheckConstraint(condition=models.Q(('in_force_to__isnull', True), ('state', 'superseded'), _connector='OR'), name='standard_ended_superseded'),
        ),
        migrations.AddConstraint(
            model_name='fee',
            constraint=models.UniqueConstraint(fields=('standard', 'sort'), name='fee_sort_once'),
        ),
        migrations.AddConstraint(
            model_name='fee',
            constraint=models.CheckConstraint(condition=models.Q(('amount_rupiah__isnull', False), models.Q(('amount_text', ''), _negated=True), _connector='OR'), name='fee_amount_or_words'),
        ),
        migrations.RunSQL(NO_OVERLAP, OVERLAP),
        migrations.RunSQL(FROZEN, THAW),
    ]
