"""Versions of service standards; requirements get a version to belong to."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0002_search'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Comment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('state', models.TextField(choices=[('pending', 'pending'), ('shown', 'shown'), ('hidden', 'hidden')], default='pending')),
                ('name', models.TextField(blank=True, default='')),
                ('speaks_as', models.TextField(blank=True, default='')),
                ('text', models.TextField()),
                ('answer', models.TextField(blank=True, default='')),
                ('moderated_at', models.DateTimeField(blank=True, null=True)),
                ('browser', models.TextField(blank=True, default='')),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Fee',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sort', models.PositiveSmallIntegerField()),
                ('variant', models.TextField(blank=True, default='')),
                ('amount_rupiah', models.PositiveIntegerField(blank=True, null=True)),
                ('amount_text', models.TextField(blank=True, default='')),
                ('kind', models.TextField(blank=True, choices=[('', 'Unknown'), ('pnbp', 'Pnbp'), ('retribution', 'Retribution'), ('tax', 'Tax'), ('other', 'Other')], default='')),
                ('legal_basis', models.TextField(blank=True, default='')),
            ],
            options={
                'ordering': ['sort'],
            },
        ),
        migrations.CreateModel(
            name='Standard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('state', models.TextField(choices=[('draft', 'draft'), ('in_review', 'in_review'), ('approved', 'approved'), ('in_force', 'in_force'), ('superseded', 'superseded'), ('withdrawn', 'withdrawn')], default='draft')),
                ('standard_minutes', models.PositiveSmallIntegerField()),
                ('time_text', models.TextField(blank=True, default='')),
                ('components', models.JSONField(blank=True, default=dict)),
                ('decree_number', models.TextField(blank=True, default='')),
                ('effective_on', models.DateField(blank=True, null=True)),
                ('change_note', models.TextField(blank=True, default='')),
                ('source', models.TextField(blank=True, default='')),
                ('adopted', models.BooleanField(default=False)),
                ('writers', models.JSONField(blank=True, default=list)),
                ('drafted_at', models.DateTimeField()),
                ('saved_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('review_from', models.DateField(blank=True, null=True)),
                ('review_to', models.DateField(blank=True, null=True)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('in_force_from', models.DateTimeField(blank=True, null=True)),
                ('in_force_to', models.DateTimeField(blank=True, null=True)),
                ('closing_note', models.TextField(blank=True, default='')),
            ],
            options={
                'ordering': ['service_id', 'number'],
            },
        ),
        migrations.AddField(
            model_name='requirement',
            name='example_url',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='requirement',
            name='forms',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='requirement',
            name='issued_by',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='comment',
            name='moderator',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='standard',
            name='approver',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='standard',
            name='author',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='standard',
            name='based_on',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.standard'),
        ),
        migrations.AddField(
            model_name='standard',
            name='service',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='standards', to='catalogue.service'),
        ),
        migrations.AddField(
            model_name='fee',
            name='standard',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fees', to='catalogue.standard'),
        ),
        migrations.AddField(
            model_name='comment',
            name='standard',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='comments', to='catalogue.standard'),
        ),
        migrations.AddField(
            model_name='requirement',
            name='standard',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='requirements', to='catalogue.standard'),
        ),
        migrations.AddField(
            model_name='service',
            name='current',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.standard'),
        ),
        migrations.AddIndex(
            model_name='comment',
            index=models.Index(fields=['standard', 'state'], name='comment_of_standard'),
        ),
        migrations.AlterField(
            model_name='requirement',
            name='service',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='requirements', to='catalogue.service'),
        ),
    ]
