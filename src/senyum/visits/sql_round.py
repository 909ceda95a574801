"""Presses of *next* that came together, in two round trips: what there is, and (chosen between them) what changes.

`engine.discipline_round` chooses. The lines are held by advisory locks, so that two batches do not choose the same
people; nothing rests on them: every change is a claim of its own, and a press that comes back empty looks again.
"""

from __future__ import annotations

from senyum.journal.record import INSERT

#: The first key of the advisory locks, one per line.
LINES = 7001
#: Beyond one for each press, so many of a line are read: people who cannot be called just now.
SPARE = 3

#: Batches that call from the same line come one after the other; and nobody else acts at these counters meanwhile.
HOLD = f"""
WITH held AS MATERIALIZED (
  SELECT pg_advisory_xact_lock({LINES}, line_id::int) FROM (
    SELECT DISTINCT line_id FROM catalogue_counterline WHERE counter_id = ANY(%(counters)s::bigint[])
    ORDER BY line_id OFFSET 0) l
), seats AS MATERIALIZED (
  SELECT id FROM roster_countersession WHERE counter_id = ANY(%(counters)s::bigint[]) AND state <> 'closed'
  ORDER BY counter_id FOR UPDATE
)
SELECT (SELECT count(*) FROM held), (SELECT count(*) FROM seats)
"""

#: One row per open session: what `sql.CALL` calls seat, running and ready, and the lines by tier.
SEATS = """
SELECT s.counter_id, s.id, s.user_id, s.state, s.mall_id, m.code, c.number, r.id, r.state, r.visit_id, r.line_id,
       r.label,
       EXISTS (SELECT 1 FROM malls_hallpause p WHERE p.mall_id = s.mall_id AND p.ended_at IS NULL),
       ARRAY(SELECT line_id FROM catalogue_counterline l WHERE l.counter_id = s.counter_id AND l.tier = 1),
       ARRAY(SELECT line_id FROM catalogue_counterline l WHERE l.counter_id = s.counter_id AND l.tier = 2)
FROM roster_countersession s JOIN malls_counter c ON c.id = s.counter_id JOIN malls_mall m ON m.id = s.mall_id
LEFT JOIN LATERAL (
  SELECT t.id, t.state, t.visit_id, t.line_id, (SELECT v.label FROM visits_visit v WHERE v.id = t.visit_id) AS label
  FROM visits_ticket t WHERE t.session_id = s.id AND t.state IN ('called', 'serving') LIMIT 1
) r ON true
WHERE s.counter_id = ANY(%(counters)s::bigint[]) AND s.state <> 'closed'
"""

#: The earliest of each line, times as seconds, and which leg of their visit is at a counter.
CANDIDATES = f"""
SELECT w.id, w.visit_id, l.line_id, extract(epoch FROM w.turn_at)::float8, extract(epoch FROM w.promised_by)::float8,
       extract(epoch FROM w.held_until)::float8,
       (SELECT b.id FROM visits_ticket b WHERE b.visit_id = w.visit_id AND b.state IN ('called', 'serving') LIMIT 1)
FROM (
  SELECT cl.line_id, p.day, count(*) AS presses
  FROM unnest(%(counters)s::bigint[], %(days)s::date[]) AS p(counter, day)
  JOIN catalogue_counterline cl ON cl.counter_id = p.counter AND cl.counter_id = ANY(%(counters)s::bigint[])
  GROUP BY 1, 2
) l CROSS JOIN LATERAL (
  SELECT t.id, t.visit_id, t.turn_at, t.promised_by, t.held_until FROM visits_ticket t
  WHERE t.line_id = l.line_id AND t.day = l.day AND t.state = 'waiting'
  ORDER BY t.turn_at, t.id LIMIT l.presses + {SPARE}
) w
"""

#: `was` ('serving') is compared instead of the word itself, and keys are given as arrays, so that the plan goes
#: by the primary keys and never through everybody who is being served.
CHANGE = f"""
WITH p AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(%(presses)s::jsonb) AS p(
    ord int, mall bigint, mall_code text, session bigint, counter bigint, number int, at timestamptz,
    undo timestamptz, finish bigint, finish_visit bigint, finish_line bigint, finish_label text, was text,
    choose bigint, why text, passed int, passed_ids bigint[], actor_kind text, actor_id text, actor_label text)
),
finished AS (
  UPDATE visits_ticket t SET state = 'served', outcome = 'done', ended_at = p.at, invited_at = p.at
  FROM p WHERE t.id = p.finish AND t.id = ANY(ARRAY(SELECT finish FROM p)) AND t.state = p.was
  RETURNING t.id, p.ord
),
called AS (
  UPDATE visits_ticket t SET state = 'called', called_at = p.at, session_id = p.session, counter_id = p.counter
  FROM p WHERE t.id = p.choose AND t.state = 'waiting' AND (SELECT count(*) FROM finished) >= 0
  RETURNING t.id, t.visit_id, t.line_id, t.agency_id, t.priority, p.ord
),
announced AS (
  INSERT INTO visits_call (ticket_id, mall_id, agency_id, session_id, counter_id, kind, at, why, passed_over,
                           passed_labels, reason, quiet)
  SELECT c.id, p.mall, c.agency_id, p.session, p.counter, 'call', p.at, p.why, p.passed,
         CASE WHEN p.passed = 0 THEN '[]'::jsonb ELSE (
           SELECT jsonb_agg((SELECT v.label FROM visits_ticket t JOIN visits_visit v ON v.id = t.visit_id
                             WHERE t.id = q.ticket) ORDER BY q.place)
           FROM unnest(p.passed_ids) WITH ORDINALITY AS q(ticket, place)) END, '', false
  FROM called c JOIN p ON p.ord = c.ord ORDER BY c.ord
  RETURNING id, ticket_id
),
seated AS (
  UPDATE roster_countersession s
  SET last_action = 'next', last_ticket = c.id, last_finished = f.id, undo_until = p.undo
  FROM p LEFT JOIN called c ON c.ord = p.ord LEFT JOIN finished f ON f.ord = p.ord
  WHERE s.id = p.session AND s.id = ANY(ARRAY(SELECT session FROM p)) AND (c.id IS NOT NULL OR f.id IS NOT NULL)
),
told AS (
  {INSERT}
  SELECT q.mall_code, q.at, q.kind, q.actor_kind, q.actor_id, q.actor_label, 'ticket', q.id::text, q.label, '',
         q.data || jsonb_build_object('ticket', q.id, 'visit', q.visit, 'label', q.label, 'line', q.line,
                                      'counter', q.counter, 'counter_number', q.number)
  FROM (
    SELECT p.*, 1 AS place, 'ticket.served' AS kind, f.id, p.finish_visit AS visit, p.finish_label AS label,
           p.finish_line AS line, '{{"outcome": "done"}}'::jsonb AS data
    FROM finished f JOIN p ON p.ord = f.ord
    UNION ALL
    SELECT p.*, 2, 'ticket.called', c.id, c.visit_id, (SELECT v.label FROM visits_visit v WHERE v.id = c.visit_id),
           c.line_id,
           jsonb_build_object('call', a.id, 'why', p.why, 'passed_over', p.passed, 'priority', c.priority,
                              'agency', (SELECT g.short_name FROM malls_agency g WHERE g.id = c.agency_id),
                              'service', (SELECT sv.name FROM catalogue_line l JOIN catalogue_service sv
                                          ON sv.id = l.service_id WHERE l.id = c.line_id))
    FROM called c JOIN p ON p.ord = c.ord JOIN announced a ON a.ticket_id = c.id
  ) q ORDER BY q.ord, q.place
)
SELECT p.ord, (SELECT f.id FROM finished f WHERE f.ord = p.ord), (SELECT c.id FROM called c WHERE c.ord = p.ord) FROM p
"""
