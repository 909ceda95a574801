"""Selling places, as few statements: what there is (locked), and what changes (one write).

Requests that came together share both. Whoever sells holds the slots (sorted by id), so that nobody else sells from
them meanwhile; what is freed is deleted and never locked. Behind it stand constraints: a place's number is sold once
(`place_sold_once`), a person has one booking of a service (`one_booking_per_person`).
"""

from __future__ import annotations

from senyum.bookings import states
from senyum.journal.record import INSERT

_COMING = ", ".join(f"'{state}'" for state in states.COMING)
_SLOTS = (
    "jsonb_to_recordset(%(slots)s::jsonb)"
    " AS a(mall bigint, line bigint, day date, starts timestamptz, ends timestamptz, capacity int)"
)

#: The slots that nobody has asked for yet.
ENSURE = f"""
INSERT INTO bookings_slot (mall_id, line_id, day, starts, ends, capacity, closed)
SELECT DISTINCT ON (line, starts) mall, line, day, starts, ends, capacity, false FROM {_SLOTS}
ORDER BY line, starts ON CONFLICT (line_id, starts) DO NOTHING
"""


def lock_slots(lock: str = "FOR UPDATE OF s") -> str:
    """The slots that are asked for, held until the end. Only a race test's negative control takes `lock` out."""
    return f"""
SELECT s.id, s.line_id, extract(epoch FROM s.starts)::float8, s.capacity, s.closed
FROM bookings_slot s JOIN (SELECT DISTINCT line, starts FROM {_SLOTS}) a
  ON a.line = s.line_id AND a.starts = s.starts
ORDER BY s.id {lock}
"""


LOCK_SLOTS = lock_slots()

#: The numbers that are taken; a statement of its own, so that it sees what was committed before the lock.
TAKEN = f"""
SELECT p.slot_id, array_agg(p.number)
FROM bookings_place p JOIN bookings_slot s ON s.id = p.slot_id
JOIN (SELECT DISTINCT line, starts FROM {_SLOTS}) a ON a.line = s.line_id AND a.starts = s.starts
GROUP BY 1
"""

_QUOTAS = "jsonb_to_recordset(%(quotas)s::jsonb) AS q(key text, day date, line bigint, booth bigint)"
QUOTA_ROWS = f"""
INSERT INTO visits_dayquota (key, day, issued) SELECT key, day, 0 FROM {_QUOTAS} ORDER BY key, day
ON CONFLICT (key, day) DO NOTHING
"""
LOCK_QUOTAS = f"""
SELECT d.key FROM visits_dayquota d JOIN {_QUOTAS} ON q.key = d.key AND q.day = d.day
ORDER BY d.key, d.day FOR UPDATE OF d
"""
#: (key, day, tickets issued without a booking, places booked).
QUOTA_USED = f"""
SELECT q.key, q.day, d.issued,
       (SELECT coalesce(sum(l.quantity), 0) FROM bookings_leg l
        WHERE l.day = q.day AND l.counts AND (l.line_id = q.line OR l.booth_id = q.booth))
FROM {_QUOTAS} JOIN visits_dayquota d ON d.key = q.key AND d.day = q.day
"""

HOLDERS = """
SELECT l.contact_hash, l.service_id FROM bookings_leg l
WHERE l.active AND l.contact_hash <> '' AND l.contact_hash = ANY(%(contacts)s::text[])
"""
DEVICES = f"""
SELECT b.device_hash, count(*) FROM bookings_booking b
WHERE b.state IN ({_COMING}) AND b.device_hash <> '' AND b.device_hash = ANY(%(devices)s::text[]) GROUP BY 1
"""
KEYS = """
SELECT k.scope, k.key, encode(k.digest, 'hex'), k.answer ->> 'token'
FROM core_idempotencykey k JOIN jsonb_to_recordset(%(keys)s::jsonb) AS a(scope text, key text)
  ON a.scope = k.scope AND a.key = k.key
"""

SELL = f"""
WITH asked AS MATERIALIZED (
  SELECT * FROM jsonb_to_recordset(%(asked)s::jsonb) AS a(
    ord int, mall bigint, mall_code text, day date, reference text, token text, state text, channel text,
    language text, priority text, quantity int, starts timestamptz, at timestamptz, contact_kind text, contact text,
    contact_hash text, device text, held_until timestamptz, actor_kind text, actor_id text,
    actor_label text, kind text, scope text, key text, digest text, legs jsonb)
),
keyed AS (
  INSERT INTO core_idempotencykey (scope, key, digest, status, answer, at)
  SELECT scope, key, decode(digest, 'hex'), 201, jsonb_build_object('token', token), at FROM asked WHERE key IS NOT NULL
),
booking AS (
  INSERT INTO bookings_booking (mall_id, day, reference, token, state, channel, language, priority, quantity, starts,
                                made_at, sold_at, contact_kind, contact, contact_hash, device_hash, held_until,
                                code_tries, moves, letter_at, letters, why)
  SELECT mall, day, reference, token, state, channel, language, priority, quantity, starts, at, clock_timestamp(),
         contact_kind, decode(contact, 'hex'), contact_hash, device, held_until, 0, 0,
         CASE WHEN contact_hash <> '' THEN at END, '[]'::jsonb, ''
  FROM asked ORDER BY ord
  RETURNING id, token
),
wanted AS MATERIALIZED (
  SELECT a.*, b.id AS booking, l.* FROM asked a JOIN booking b ON b.token = a.token
  CROSS JOIN LATERAL jsonb_to_recordset(a.legs) AS l(
    position int, agency bigint, line bigint, service bigint, booth bigint, slot bigint, capacity int,
    from_ timestamptz, to_ timestamptz, numbers int[])
),
leg AS (
  INSERT INTO bookings_leg (booking_id, agency_id, line_id, service_id, slot_id, booth_id, day, position, quantity,
                            starts, ends, contact_hash, active, counts)
  SELECT booking, agency, line, service, slot, booth, day, position, quantity, from_, to_, contact_hash, true, true
  FROM wanted ORDER BY ord, position
  RETURNING id, booking_id, position
),
place AS (
  INSERT INTO bookings_place (slot_id, leg_id, number, capacity)
  SELECT w.slot, l.id, n, w.capacity
  FROM wanted w JOIN leg l ON l.booking_id = w.booking AND l.position = w.position CROSS JOIN unnest(w.numbers) AS n
),
told AS (
  {INSERT}
  SELECT a.mall_code, a.at, a.kind, a.actor_kind, a.actor_id,
         coalesce(nullif(a.actor_label, ''), a.reference), 'booking', b.id::text, a.reference, '',
         jsonb_build_object('booking', b.id, 'day', a.day, 'starts', a.starts, 'quantity', a.quantity,
                            'channel', a.channel,
                            'lines', (SELECT jsonb_agg(x -> 'line') FROM jsonb_array_elements(a.legs) x))
  FROM asked a JOIN booking b ON b.token = a.token WHERE a.kind IS NOT NULL ORDER BY a.ord
)
SELECT a.ord, b.id FROM asked a JOIN booking b ON b.token = a.token ORDER BY a.ord
"""
