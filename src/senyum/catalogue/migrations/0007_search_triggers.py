"""The index of the search is kept by the database itself: whoever writes a service or renames an agency, by any way."""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION catalogue_plain(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT btrim(regexp_replace(
           regexp_replace(normalize(lower(coalesce(said, '')), NFKD), '[\u0300-\u036f]', '', 'g'),
           '[^a-z0-9]+', ' ', 'g'))
$$;

CREATE FUNCTION catalogue_vector(said text, weight "char") RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT setweight(to_tsvector('pg_catalog.simple', said) || to_tsvector('pg_catalog.indonesian', said), weight)
$$;

CREATE FUNCTION catalogue_index_service() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  agency record;
  name text := catalogue_plain(concat_ws(' ', NEW.name, NEW.name_su, NEW.name_en));
  more text := catalogue_plain(NEW.keywords);
  short text;
  long text;
BEGIN
  SELECT a.short_name, a.name, a.code INTO agency FROM malls_agency a WHERE a.id = NEW.agency_id;
  short := catalogue_plain(concat_ws(' ', agency.short_name, agency.code));
  long := catalogue_plain(agency.name);
  INSERT INTO catalogue_searchentry (service_id, words, name_words)
  VALUES (NEW.id,
          catalogue_vector(name, 'A')
            || setweight(to_tsvector('pg_catalog.english', catalogue_plain(NEW.name_en)), 'A')
            || catalogue_vector(short, 'B') || catalogue_vector(more, 'C') || catalogue_vector(long, 'D'),
          cardinality(string_to_array(catalogue_plain(NEW.name), ' ')))
  ON CONFLICT (service_id) DO UPDATE SET words = excluded.words, name_words = excluded.name_words;
  -- In order, so that two services put at once wait for each other and never both.
  INSERT INTO catalogue_searchword (word)
  SELECT DISTINCT word FROM unnest(string_to_array(concat_ws(' ', name, more, short, long), ' ')) word
   WHERE length(word) BETWEEN 2 AND 40 ORDER BY word
  ON CONFLICT (word) DO NOTHING;
  RETURN NULL;
END
$$;

CREATE FUNCTION catalogue_index_agency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE catalogue_service SET name = name WHERE agency_id = NEW.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER catalogue_service_searched
  AFTER INSERT OR UPDATE OF name, name_su, name_en, keywords, agency_id ON catalogue_service
  FOR EACH ROW EXECUTE FUNCTION catalogue_index_service();

CREATE TRIGGER catalogue_agency_searched
  AFTER UPDATE OF name, short_name, code ON malls_agency
  FOR EACH ROW WHEN ((OLD.name, OLD.short_name, OLD.code) IS DISTINCT FROM (NEW.name, NEW.short_name, NEW.code))
  EXECUTE FUNCTION catalogue_index_agency();

UPDATE catalogue_service SET name = name;
"""

BACK = """
DROP TRIGGER catalogue_agency_searched ON malls_agency;
DROP TRIGGER catalogue_service_searched ON catalogue_service;
DROP FUNCTION catalogue_index_agency();
DROP FUNCTION catalogue_index_service();
DROP FUNCTION catalogue_vector(text, "char");
DROP FUNCTION catalogue_plain(text);
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0006_search_index"), ("malls", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
