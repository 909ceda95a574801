"""The two hot commands, *issue* and *call next*, as one SQL statement each.

`ISSUE` takes a JSON array of visits, so that requests gathered by `core/batches.py` share one commit.
`CALL` serves one counter; its look-ups are LATERAL or scalar, so that one generic plan is right for few rows and for
many; calls that come together go by `sql_round`.
The order of `CALL` is `engine.discipline.turn_key`; a test compares both on 1,000 random halls.
"""

from __future__ import annotations

from senyum.journal.record import INSERT

#: A further document of the same person takes about half as long as the first (`engine/forecast/line_state.py`), and
#: the places of a table of waits (`engine/forecast/table.py`); said again here, since the engine takes a second to
#: import. A test holds both side by side.
EXTRA_SHARE = 0.5
PLACES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 100, 200, 400, 1000)
_PLACES = f"'{{{','.join(map(str, PLACES))}}}'::float8[]"

#: People ahead are counted exactly up to here. Behind more the line's length of the snapshot is said (at most three
#: seconds old), so that a very long line costs no more than a long one.
AHEAD_LIMIT = 60


def _drawn(values: str) -> str:
    """The wait at the ticket's place, drawn straight between two rows of the line's table (`table.between`)."""
    return f"CASE WHEN part > 0 THEN {values}[low] + ({values}[high] - {values}[low]) * part ELSE {values}[low] END"


ISSUE = f"""
WITH asked AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(%(asked)s::jsonb) AS a(
    ord int, mall bigint, mall_code text, day date, grp bigint, prefix text, token text, channel text,
    priority text, language text, quantity int, age_band text, district text, has_phone boolean,
    at timestamptz, greeted timestamptz, actor_kind text, actor_id text, actor_label text,
    scope text, key text, digest text, legs jsonb)
),
keyed AS (
  INSERT INTO core_idempotencykey (scope, key, digest, status, answer, at)
  SELECT DISTINCT ON (scope, key) scope, key, decode(digest, 'hex'), 201, jsonb_build_object('token', token), at
  FROM asked WHERE key IS NOT NULL ORDER BY scope, key, ord
  ON CONFLICT (scope, key) DO NOTHING
  RETURNING answer ->> 'token' AS token
),
fresh AS MATERIALIZED (
  SELECT * FROM asked WHERE key IS NULL OR token IN (SELECT token FROM keyed)
),
numbers AS (
  INSERT INTO visits_labelsequence (mall_id, day, prefix, last)
  SELECT mall, day, prefix, count(*) FROM fresh GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (mall_id, day, prefix) DO UPDATE SET last = visits_labelsequence.last + excluded.last
  RETURNING mall_id, day, prefix, last
),
numbered AS MATERIALIZED (
  SELECT f.*, n.last - count(*) OVER line + row_number() OVER (line ORDER BY f.ord) AS number
  FROM fresh f JOIN numbers n ON n.mall_id = f.mall AND n.day = f.day AND n.prefix = f.prefix
  WINDOW line AS (PARTITION BY f.mall, f.day, f.prefix)
),
visit AS (
  INSERT INTO visits_visit (mall_id, day, group_id, number, label, token, channel, priority, language, quantity,
                            age_band, district, has_phone, arrived_at, greeted_at)
  SELECT mall, day, grp, number, prefix || '-' || lpad(number::text, greatest(3, length(number::text)), '0'),
         token, channel, priority, language, quantity, age_band, district, has_phone, at, greeted
  FROM numbered ORDER BY ord
  RETURNING id, token, label
),
leg AS MATERIALIZED (
  SELECT n.ord, n.mall, n.day, n.priority, n.quantity, n.at, v.id AS visit, l.*
  FROM numbered n JOIN visit v ON v.token = n.token
  CROSS JOIN LATERAL jsonb_to_recordset(n.legs) AS l(
    leg int, line bigint, agency bigint, turn timestamptz, promised timestamptz,
    start float8, p10 float8[], p50 float8[], p90 float8[], basis text, about int)
),
before AS MATERIALIZED (
  SELECT g.line, g.priority, q.extra,
         CASE WHEN q.ahead < {AHEAD_LIMIT} THEN q.ahead ELSE greatest(q.ahead, g.about) END AS ahead
  FROM (SELECT line, day, priority, max(turn) AS turn, max(about) AS about FROM leg GROUP BY line, day, priority) g
  CROSS JOIN LATERAL (
    SELECT count(*) AS ahead, coalesce(sum(w.quantity - 1), 0) AS extra FROM (
      SELECT t.quantity FROM visits_ticket t
      WHERE t.line_id = g.line AND t.day = g.day AND t.state = 'waiting' AND t.turn_at <= g.turn
      ORDER BY t.turn_at LIMIT {AHEAD_LIMIT}) w
  ) q
),
placed AS MATERIALIZED (
  SELECT l.*, q.ahead + row_number() OVER mine - 1 AS ahead,
         q.extra + sum(l.quantity - 1) OVER mine - (l.quantity - 1) AS extra
  FROM leg l JOIN before q ON q.line = l.line AND q.priority = l.priority
  WINDOW mine AS (PARTITION BY l.line ORDER BY l.turn, l.ord)
),
gapped AS MATERIALIZED (
  SELECT p.*, w.low, w.low + 1 AS high, coalesce((w.place - w.at[w.low]) / (w.at[w.low + 1] - w.at[w.low]), 0) AS part
  FROM placed p
  CROSS JOIN LATERAL (
    SELECT q.place, q.at, width_bucket(q.place, q.at) AS low
    FROM (SELECT (p.ahead + {EXTRA_SHARE} * p.extra)::float8 AS place, {_PLACES} AS at) q
  ) w
),
ticket AS (
  INSERT INTO visits_ticket (visit_id, mall_id, agency_id, line_id, day, leg, state, priority, quantity, queued_at,
                             turn_at, promised_by, delays, rejoins, people_ahead, wait_p10, wait_p50, wait_p90,
                             wait_basis, outcome, case_number, note)
  SELECT visit, mall, agency, line, day, leg, 'waiting', priority, quantity, at, turn, promised, 0, 0, ahead,
         start + {_drawn("p10")}, start + {_drawn("p50")}, start + {_drawn("p90")}, basis, '', '', ''
  FROM gapped ORDER BY ord, leg
  RETURNING id, visit_id, leg, line_id, people_ahead, wait_p10, wait_p50, wait_p90, turn_at, promised_by
),
told AS (
  {INSERT}
  SELECT n.mall_code, n.at, 'visit.issued', n.actor_kind, n.actor_id,
         coalesce(nullif(n.actor_label, ''), v.label), 'visit', v.id::text, v.label, '',
         jsonb_build_object('label', v.label, 'visit', v.id, 'channel', n.channel, 'priority', n.priority,
                            'quantity', n.quantity, 'lines', t.lines, 'tickets', t.tickets)
  FROM numbered n JOIN visit v ON v.token = n.token
  JOIN (SELECT visit_id, jsonb_agg(line_id ORDER BY leg) AS lines, jsonb_agg(id ORDER BY leg) AS tickets
        FROM ticket GROUP BY visit_id) t ON t.visit_id = v.id
  ORDER BY n.ord
)
SELECT n.ord, v.id, v.label, t.id, t.leg, t.line_id, t.people_ahead, t.wait_p10, t.wait_p50, t.wait_p90, t.turn_at,
       t.promised_by
FROM numbered n JOIN visit v ON v.token = n.token JOIN ticket t ON t.visit_id = v.id
ORDER BY n.ord, t.leg
"""


#: The person asked to be passed over until later, or another leg of their visit is at a counter.
_KEPT_BACK = """(
      coalesce(n.held_until > %(now)s, false) OR (
        SELECT true FROM visits_ticket b
        WHERE b.visit_id = n.visit_id AND b.state IN ('called', 'serving')
          AND b.id IS DISTINCT FROM (SELECT id FROM running)
        LIMIT 1) IS TRUE)"""


def call_statement(*, lock: str = "FOR UPDATE SKIP LOCKED", recheck: str = "AND t.state = 'waiting'") -> str:
    """The statement of *call next*. Only the race tests' negative control takes `lock` and `recheck` out."""
    return f"""
WITH seat AS MATERIALIZED (
  SELECT s.id, s.mall_id, s.agency_id, s.counter_id, s.state, m.code AS mall, c.number AS counter_number
  FROM roster_countersession s JOIN malls_counter c ON c.id = s.counter_id JOIN malls_mall m ON m.id = s.mall_id
  WHERE s.counter_id = %(counter)s AND s.state <> 'closed' AND (%(user)s::bigint IS NULL OR s.user_id = %(user)s)
  FOR UPDATE OF s
),
running AS MATERIALIZED (
  SELECT t.id, t.state, t.visit_id, t.line_id, v.label
  FROM seat s
  CROSS JOIN LATERAL (
    SELECT t.* FROM visits_ticket t WHERE t.session_id = s.id AND t.state IN ('called', 'serving') LIMIT 1
  ) t
  CROSS JOIN LATERAL (SELECT v.label FROM visits_visit v WHERE v.id = t.visit_id LIMIT 1) v
),
ready AS MATERIALIZED (
  SELECT s.* FROM seat s
  WHERE s.state = 'open'
    AND (SELECT id FROM running) IS NOT DISTINCT FROM %(seen)s::bigint
    AND NOT EXISTS (SELECT 1 FROM running WHERE state = 'called')
    AND NOT EXISTS (SELECT 1 FROM malls_hallpause p WHERE p.mall_id = s.mall_id AND p.ended_at IS NULL)
),
finished AS (
  UPDATE visits_ticket t
  SET state = 'served', outcome = 'done', ended_at = %(now)s, invited_at = %(now)s
  WHERE t.id = (SELECT id FROM running) AND t.state = 'serving' AND EXISTS (SELECT 1 FROM ready)
  RETURNING t.id
),
near AS MATERIALIZED (
  SELECT w.*, cl.tier, CASE WHEN cl.tier = 1 OR w.promised_by < %(now)s THEN 1 ELSE 2 END AS standing
  FROM ready
  JOIN catalogue_counterline cl ON cl.counter_id = ready.counter_id
  CROSS JOIN LATERAL (
    SELECT t.id, t.visit_id, t.turn_at, t.promised_by, t.held_until FROM visits_ticket t
    WHERE t.line_id = cl.line_id AND t.day = %(day)s AND t.state = 'waiting'
    ORDER BY t.turn_at, t.id LIMIT %(reach)s
  ) w
),
chosen AS MATERIALIZED (
  SELECT t.id, t.visit_id, t.line_id, t.turn_at, n.tier, n.standing
  FROM (
    SELECT * FROM near WHERE (SELECT count(*) FROM finished) >= 0 ORDER BY standing, turn_at, id
  ) n
  CROSS JOIN LATERAL (
    SELECT t.* FROM visits_ticket t WHERE t.id = n.id AND NOT {_KEPT_BACK} {recheck} {lock}
  ) t
  LIMIT 1
),
passed AS MATERIALIZED (
  SELECT count(*) AS people, coalesce(jsonb_agg(
           (SELECT v.label FROM visits_visit v WHERE v.id = q.visit_id) ORDER BY q.turn_at, q.id)
           FILTER (WHERE q.place <= 5), '[]'::jsonb) AS labels
  FROM (
    SELECT n.*, row_number() OVER (ORDER BY n.turn_at, n.id) AS place
    FROM near n, chosen c
    WHERE n.id <> c.id AND (n.turn_at, n.id) < (c.turn_at, c.id) AND (n.standing > c.standing OR {_KEPT_BACK})
  ) q
),
called AS (
  UPDATE visits_ticket t
  SET state = 'called', called_at = %(now)s, session_id = (SELECT id FROM ready),
      counter_id = (SELECT counter_id FROM ready)
  WHERE t.id = (SELECT id FROM chosen) {recheck}
  RETURNING t.id, t.visit_id, t.line_id, t.agency_id, t.queued_at, t.priority
),
announced AS (
  INSERT INTO visits_call (ticket_id, mall_id, agency_id, session_id, counter_id, kind, at, why, passed_over,
                           passed_labels, reason, quiet)
  SELECT called.id, ready.mall_id, called.agency_id, ready.id, ready.counter_id, 'call', %(now)s,
         CASE WHEN chosen.tier = 1 THEN 'earliest' WHEN chosen.standing = 1 THEN 'past_promise' ELSE 'helping' END,
         passed.people, passed.labels, '', false
  FROM called, chosen, ready, passed
  RETURNING id, why, passed_over
),
seated AS (
  UPDATE roster_countersession s
  SET last_action = 'next', last_ticket = (SELECT id FROM called), last_finished = (SELECT id FROM finished),
      undo_until = %(undo_until)s
  WHERE s.id = (SELECT id FROM ready) AND EXISTS (SELECT 1 FROM called UNION ALL SELECT 1 FROM finished)
),
told AS (
  {INSERT}
  SELECT q.mall, %(now)s, q.kind, %(actor_kind)s, %(actor_id)s, %(actor_label)s, 'ticket', q.id::text, q.label, '',
         q.data || jsonb_build_object('ticket', q.id, 'visit', q.visit_id, 'label', q.label, 'line', q.line_id,
                                      'counter', q.counter_id, 'counter_number', q.counter_number)
  FROM (
    SELECT 1 AS place, ready.mall, 'ticket.served' AS kind, r.id, r.visit_id, r.label, r.line_id, ready.counter_id,
           ready.counter_number, jsonb_build_object('outcome', 'done') AS data
    FROM finished JOIN running r ON r.id = finished.id, ready
    UNION ALL
    SELECT 2, ready.mall, 'ticket.called', called.id, called.visit_id,
           (SELECT v.label FROM visits_visit v WHERE v.id = called.visit_id), called.line_id, ready.counter_id,
           ready.counter_number,
           jsonb_build_object('call', announced.id, 'why', announced.why, 'passed_over', announced.passed_over,
                              'agency', (SELECT a.short_name FROM malls_agency a WHERE a.id = called.agency_id),
                              'service', (SELECT sv.name FROM catalogue_line l JOIN catalogue_service sv
                                          ON sv.id = l.service_id WHERE l.id = called.line_id),
                              'priority', called.priority)
    FROM called, announced, ready
  ) q ORDER BY q.place
)
SELECT (SELECT id FROM seat) AS session, (SELECT state FROM seat) AS session_state,
       (SELECT id FROM running) AS running, (SELECT state FROM running) AS running_state,
       (SELECT label FROM running) AS running_label, (SELECT id FROM ready) AS ready,
       (SELECT id FROM finished) AS finished, (SELECT id FROM called) AS called,
       (SELECT why FROM announced) AS why, (SELECT passed_over FROM announced) AS passed_over,
       CASE WHEN EXISTS (SELECT 1 FROM called) THEN NULL ELSE (
         SELECT count(*) FROM near n WHERE NOT {_KEPT_BACK}) END AS eligible
"""


CALL = call_statement()
#: How many of each line are looked at: more than counters that could hold one locked at the same moment.
REACH, FAR_REACH = 48, 5000
