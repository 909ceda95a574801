"""Each service has a readable address, kept by the database itself, and every address it once had stays its own."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = r"""
-- "KTP elektronik rusak atau hilang" is "ktp-elektronik-rusak-atau-hilang"; cut at a word, at most 80 letters.
CREATE FUNCTION catalogue_slug(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN length(slug) <= 80 THEN slug ELSE regexp_replace(left(slug, 81), '-[^-]*$', '') END
    FROM (SELECT replace(catalogue_plain(left(said, 400)), ' ', '-') AS slug) AS made
$$;

CREATE FUNCTION catalogue_give_address() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  wanted text := left(coalesce(nullif(catalogue_slug(NEW.name), ''), catalogue_slug(NEW.code)), 80);
  given text := wanted;
  n integer := 1;
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.slug <> '' AND OLD.agency_id = NEW.agency_id AND catalogue_slug(OLD.name) = catalogue_slug(NEW.name) THEN
    NEW.slug := OLD.slug;
    RETURN NEW;
  END IF;
  -- Two services of one agency that are named alike at the same moment: the second waits and sees the first.
  PERFORM pg_advisory_xact_lock(hashtext('catalogue_address'), (NEW.agency_id % 2147483647)::int);
  LOOP
    EXIT WHEN given <> '' AND NOT EXISTS (
      SELECT FROM catalogue_serviceaddress a
       WHERE a.agency_id = NEW.agency_id AND a.slug = given AND a.service_id <> NEW.id);
    n := n + 1;
    given := concat_ws('-', nullif(wanted, ''), n::text);
  END LOOP;
  NEW.slug := given;
  RETURN NEW;
END
$$;

CREATE FUNCTION catalogue_keep_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO catalogue_serviceaddress (agency_id, slug, service_id) VALUES (NEW.agency_id, NEW.slug, NEW.id)
  ON CONFLICT (agency_id, slug) DO NOTHING;
  RETURN NULL;
END
$$;

CREATE TRIGGER catalogue_service_addressed
  BEFORE INSERT OR UPDATE OF name, agency_id, slug ON catalogue_service
  FOR EACH ROW EXECUTE FUNCTION catalogue_give_address();

CREATE TRIGGER catalogue_service_address_kept
  AFTER INSERT OR UPDATE OF name, agency_id, slug ON catalogue_service
  FOR EACH ROW EXECUTE FUNCTION catalogue_keep_address();

UPDATE catalogue_service SET name = name;
"""

BACK = """
DROP TRIGGER catalogue_service_address_kept ON catalogue_service;
DROP TRIGGER catalogue_service_addressed ON catalogue_service;
DROP FUNCTION catalogue_keep_address();
DROP FUNCTION catalogue_give_address();
DROP FUNCTION catalogue_slug(text);
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0007_search_triggers"), ("malls", "0001_initial")]

    operations = [
        migrations.AddField("service", "slug", models.SlugField(default="", editable=False, max_length=100)),
        migrations.CreateModel(
            name="ServiceAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(db_index=False, max_length=100)),
                (
                    "agency",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="malls.agency"
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="catalogue.service"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["agency", "slug"], name="service_address_once")],
            },
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
