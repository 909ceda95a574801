import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalogue', '0002_search'),
        ('malls', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('reference', models.CharField(max_length=12, unique=True)),
                ('token', models.CharField(max_length=32, unique=True)),
                ('state', models.TextField(choices=[('held', 'held'), ('booked', 'booked'), ('arrived', 'arrived'), ('cancelled', 'cancelled'), ('released', 'released'), ('expired', 'expired')], default='booked')),
                ('channel', models.TextField()),
                ('language', models.CharField(default='id', max_length=2)),
                ('priority', models.TextField(default='regular')),
                ('quantity', models.PositiveSmallIntegerField(default=1)),
                ('starts', models.DateTimeField()),
                ('made_at', models.DateTimeField()),
                ('sold_at', models.DateTimeField()),
                ('contact_kind', models.TextField(blank=True, default='')),
                ('contact', models.BinaryField(blank=True, default=b'')),
                ('contact_hash', models.CharField(blank=True, default='', max_length=32)),
                ('device_hash', models.CharField(blank=True, default='', max_length=32)),
                ('held_until', models.DateTimeField(null=True)),
                ('code_tries', models.PositiveSmallIntegerField(default=0)),
                ('moves', models.PositiveSmallIntegerField(default=0)),
                ('letter_at', models.DateTimeField(null=True)),
                ('letters', models.JSONField(default=list)),
                ('ended_at', models.DateTimeField(null=True)),
                ('why', models.TextField(blank=True, default='')),
                ('mall', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.mall')),
            ],
        ),
        migrations.CreateModel(
            name='BookingPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('open', models.BooleanField(default=True)),
                ('slot_minutes', models.PositiveSmallIntegerField(default=30)),
                ('walkin_percent', models.PositiveSmallIntegerField(default=60)),
                ('days_ahead', models.PositiveSmallIntegerField(default=14)),
                ('opens_at', models.TimeField()),
                ('closes_minutes', models.PositiveSmallIntegerField(default=60)),
                ('places', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('most_quantity', models.PositiveSmallIntegerField(default=5)),
                ('contact', models.TextField(choices=[('optional', 'Optional'), ('confirmed', 'Confirmed')], default='optional')),
                ('early_minutes', models.PositiveSmallIntegerField(default=30)),
                ('late_minutes', models.PositiveSmallIntegerField(default=15)),
                ('hold_minutes', models.PositiveSmallIntegerField(default=10)),
                ('offer_minutes', models.PositiveSmallIntegerField(default=30)),
                ('line', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.line')),
                ('mall', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='malls.mall')),
            ],
        ),
        # The table was made by visits, which wrote it alone before there were bookings.
        migrations.SeparateDatabaseAndState(
            database_operations=[],
            state_operations=[
                migrations.CreateModel(
                    name='DayQuota',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('key', models.TextField()),
                        ('day', models.DateField()),
                        ('issued', models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        'db_table': 'visits_dayquota',
                        'constraints': [models.UniqueConstraint(fields=('key', 'day'), name='day_quota_once')],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name='Leg',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('position', models.PositiveSmallIntegerField()),
                ('quantity', models.PositiveSmallIntegerField()),
                ('starts', models.DateTimeField()),
                ('ends', models.DateTimeField()),
                ('contact_hash', models.CharField(blank=True, default='', max_length=32)),
                ('active', models.BooleanField(default=True)),
                ('counts', models.BooleanField(default=True)),
                ('agency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.agency')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='legs', to='bookings.booking')),
                ('booth', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.booth')),
                ('line', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.line')),
                ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.service')),
            ],
            options={
                'ordering': ['position'],
            },
        ),
        migrations.CreateModel(
            name='Slot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('starts', models.DateTimeField()),
                ('ends', models.DateTimeField()),
                ('capacity', models.PositiveSmallIntegerField()),
                ('closed', models.BooleanField(default=False)),
                ('line', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.line')),
                ('mall', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.mall')),
            ],
        ),
        migrations.CreateModel(
            name='Place',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('capacity', models.PositiveSmallIntegerField()),
                ('leg', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='places', to='bookings.leg')),
                ('slot', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bookings.slot')),
            ],
        ),
        migrations.AddField(
            model_name='leg',
            name='slot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='legs', to='bookings.slot'),
        ),
        migrations.CreateModel(
            name='WaitEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('earliest', models.DateTimeField()),
                ('latest', models.DateTimeField()),
                ('quantity', models.PositiveSmallIntegerField(default=1)),
                ('token', models.CharField(max_length=32, unique=True)),
                ('language', models.CharField(default='id', max_length=2)),
                ('priority', models.TextField(default='regular')),
                ('state', models.TextField(choices=[('waiting', 'waiting'), ('offered', 'offered'), ('taken', 'taken'), ('passed', 'passed'), ('left', 'left'), ('lapsed', 'lapsed')], default='waiting')),
                ('asked_at', models.DateTimeField()),
                ('contact_kind', models.TextField()),
                ('contact', models.BinaryField()),
                ('contact_hash', models.CharField(max_length=32)),
                ('ended_at', models.DateTimeField(null=True)),
                ('booking', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='bookings.booking')),
                ('line', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.line')),
                ('mall', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='malls.mall')),
            ],
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['mall', 'day', 'state'], name='booking_mall_day'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('state__in', ('held', 'booked')), models.Q(('device_hash', ''), _negated=True)), fields=['device_hash'], name='booking_device'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('state', 'held')), fields=['held_until'], name='booking_held'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('state', 'booked')), fields=['starts'], name='booking_coming'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('letter_at__isnull', False)), fields=['letter_at'], name='booking_letter'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1)), name='booking_quantity'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'held'), _negated=True), ('held_until__isnull', False), _connector='OR'), name='booking_held_until'),
        ),
        migrations.AddConstraint(
            model_name='bookingpolicy',
            constraint=models.UniqueConstraint(fields=('mall', 'line'), name='booking_policy_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='bookingpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('walkin_percent__lte', 100)), name='booking_policy_percent'),
        ),
        migrations.AddConstraint(
            model_name='bookingpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('slot_minutes__gte', 5), ('slot_minutes__lte', 480)), name='booking_policy_slot'),
        ),
        migrations.AddIndex(
            model_name='slot',
            index=models.Index(fields=['mall', 'day'], name='slot_mall_day'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.UniqueConstraint(fields=('line', 'starts'), name='slot_once'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.CheckConstraint(condition=models.Q(('ends__gt', models.F('starts'))), name='slot_order'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.UniqueConstraint(fields=('slot', 'number'), name='place_sold_once'),
        ),
        migrations.AddConstraint(
            model_name='place',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1), ('number__lte', models.F('capacity'))), name='place_within_capacity'),
        ),
        migrations.AddIndex(
            model_name='leg',
            index=models.Index(condition=models.Q(('counts', True)), fields=['booth', 'day'], name='leg_booth_day'),
        ),
        migrations.AddIndex(
            model_name='leg',
            index=models.Index(condition=models.Q(('counts', True)), fields=['line', 'day'], name='leg_line_day'),
        ),
        migrations.AddConstraint(
            model_name='leg',
            constraint=models.UniqueConstraint(fields=('booking', 'position'), name='leg_position_once'),
        ),
        migrations.AddConstraint(
            model_name='leg',
            constraint=models.UniqueConstraint(condition=models.Q(('active', True), models.Q(('contact_hash', ''), _negated=True)), fields=('contact_hash', 'service'), name='one_booking_per_person'),
        ),
        migrations.AddIndex(
            model_name='waitentry',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['line', 'day', 'id'], name='wait_next'),
        ),
        migrations.AddIndex(
            model_name='waitentry',
            index=models.Index(condition=models.Q(('state', 'offered')), fields=['booking'], name='wait_offered'),
        ),
        migrations.AddConstraint(
            model_name='waitentry',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('waiting', 'offered'))), fields=('line', 'day', 'contact_hash'), name='one_wait_per_person'),
        ),
    ]
