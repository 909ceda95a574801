"""The words of the search are written once a statement, in one order: two writers wait for each other, never both."""

from django.db import migrations

_ENTRY = r"""
CREATE OR REPLACE FUNCTION catalogue_index_service() RETURNS trigger LANGUAGE plpgsql AS $$
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
  {words}RETURN NULL;
END
$$;
"""

_WORDS_BEFORE = """INSERT INTO catalogue_searchword (word)
  SELECT DISTINCT word FROM unnest(string_to_array(concat_ws(' ', name, more, short, long), ' ')) word
   WHERE length(word) BETWEEN 2 AND 40 ORDER BY word
  ON CONFLICT (word) DO NOTHING;
  """

_PUT = r"""
CREATE FUNCTION catalogue_index_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO catalogue_searchword (word)
  SELECT DISTINCT said.word
  FROM written s JOIN malls_agency a ON a.id = s.agency_id
  CROSS JOIN LATERAL unnest(string_to_array(catalogue_plain(concat_ws(
    ' ', s.name, s.name_su, s.name_en, s.keywords, a.short_name, a.code, a.name)), ' ')) AS said(word)
  WHERE length(said.word) BETWEEN 2 AND 40 ORDER BY said.word
  ON CONFLICT (word) DO NOTHING;
  RETURN NULL;
END
$$;

-- Without a list of columns, which a trigger that sees all rows of a statement cannot have.
CREATE TRIGGER catalogue_service_words_put AFTER INSERT ON catalogue_service
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION catalogue_index_words();
CREATE TRIGGER catalogue_service_words_changed AFTER UPDATE ON catalogue_service
  REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION catalogue_index_words();
"""

_TAKE = """
DROP TRIGGER catalogue_service_words_changed ON catalogue_service;
DROP TRIGGER catalogue_service_words_put ON catalogue_service;
DROP FUNCTION catalogue_index_words();
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0009_life_events"), ("malls", "0001_initial")]

    operations = [
        migrations.RunSQL(_ENTRY.replace("{words}", ""), _ENTRY.replace("{words}", _WORDS_BEFORE)),
        migrations.RunSQL(_PUT, _TAKE),
    ]
