"""What PostgreSQL runs as one statement of ours: a commit, and every change of an outbox lane. No tables are made here.

One statement is one round trip, and no transaction ever waits for a client: a node that is paused or cut off in the
middle holds no lock. Functions carry the number of the schema step that made them, because nodes of two releases may
use one database while it is being upgraded.

Lanes are locked by buckets, always in rising order and as the last locks taken, so that two statements never wait for
each other in a circle. Each statement of a function sees what was committed before it began.
"""

from __future__ import annotations

NOT_THE_LEADER = "PB001"
JOURNAL_MOVED = "PB002"

LANE_BUCKETS = 256
"""Locks one statement takes at the most: a commit with a thousand lanes must not use up the server's lock table."""

OUTBOX_FUNCTIONS = f"""
CREATE FUNCTION lanes_lock_1(p_site text, p_lanes text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock({0x50420001}, bucket) FROM (
    SELECT DISTINCT mod(hashtext(p_site || '/' || lane)::bigint + 2147483648, {LANE_BUCKETS})::integer AS bucket
    FROM unnest(p_lanes) lane ORDER BY bucket) buckets;
END $$;

CREATE FUNCTION lanes_promote_1(p_site text, p_lanes text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE outbox SET head = true WHERE site = p_site AND id = ANY(ARRAY(
    SELECT first.id FROM (SELECT DISTINCT unnest(p_lanes) AS name) lane CROSS JOIN LATERAL (
      SELECT o.id FROM outbox o WHERE o.site = p_site AND o.lane = lane.name AND o.state = 'waiting'
      ORDER BY o.position, o.id LIMIT 1) first
    WHERE NOT EXISTS (SELECT 1 FROM outbox h WHERE h.site = p_site AND h.lane = lane.name AND h.head)));
END $$;

CREATE FUNCTION effects_end_1(p_site text, p_effects bigint[], p_reasons text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  lanes text[];
BEGIN
  SELECT array_agg(DISTINCT lane) INTO lanes FROM outbox WHERE site = p_site AND id = ANY(p_effects);
  IF lanes IS NULL THEN RETURN; END IF;
  PERFORM lanes_lock_1(p_site, lanes);
  WITH gone AS (
    DELETE FROM outbox WHERE site = p_site AND id IN (
      SELECT e.id FROM unnest(p_effects, p_reasons) e(id, reason) WHERE e.reason = '')
    RETURNING position, id)
  INSERT INTO performed(site, position, id) SELECT p_site, position, id FROM gone ON CONFLICT DO NOTHING;
  UPDATE outbox SET state = 'dead', head = false, worker = '', reason = e.reason
  FROM unnest(p_effects, p_reasons) e(id, reason)
  WHERE outbox.site = p_site AND outbox.id = e.id AND outbox.id = ANY(p_effects) AND e.reason <> ''
    AND outbox.state = 'waiting';
  PERFORM lanes_promote_1(p_site, lanes);
END $$;

CREATE FUNCTION effect_later_1(p_site text, p_effect bigint, p_go_ms bigint, p_reason text, p_unsure boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  lanes text[];
BEGIN
  SELECT array_agg(lane) INTO lanes FROM outbox WHERE site = p_site AND id = p_effect;
  IF lanes IS NULL THEN RETURN; END IF;
  PERFORM lanes_lock_1(p_site, lanes);
  UPDATE outbox SET attempts = attempts + 1, worker = '', head = false, go_ms = p_go_ms, reason = p_reason,
    unsure = p_unsure WHERE site = p_site AND id = p_effect AND state = 'waiting';
  PERFORM lanes_promote_1(p_site, lanes);
END $$;

CREATE FUNCTION effect_revive_1(p_site text, p_effect bigint, p_go_ms bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  lanes text[];
BEGIN
  SELECT array_agg(lane) INTO lanes FROM outbox WHERE site = p_site AND id = p_effect AND state = 'dead';
  IF lanes IS NULL THEN RETURN false; END IF;
  PERFORM lanes_lock_1(p_site, lanes);
  UPDATE outbox SET state = 'waiting', head = false, attempts = 0, worker = '', go_ms = p_go_ms
    WHERE site = p_site AND id = p_effect AND state = 'dead';
  IF NOT FOUND THEN RETURN false; END IF;
  -- A revived effect goes back to its place. A head that nobody holds makes room; one in flight stays.
  UPDATE outbox SET head = false WHERE site = p_site AND lane = lanes[1] AND head AND worker = '';
  PERFORM lanes_promote_1(p_site, lanes);
  RETURN true;
END $$;
"""  # noqa: S608 - the names are constants

# A worker is believed that an effect will never be, or is to wait, only while its claim stands.
OUTBOX_FUNCTIONS_2 = """
CREATE FUNCTION effects_end_2(p_site text, p_effects bigint[], p_reasons text[], p_workers text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  lanes text[];
BEGIN
  SELECT array_agg(DISTINCT lane) INTO lanes FROM outbox WHERE site = p_site AND id = ANY(p_effects);
  IF lanes IS NULL THEN RETURN; END IF;
  PERFORM lanes_lock_1(p_site, lanes);
  WITH gone AS (
    DELETE FROM outbox WHERE site = p_site AND id IN (
      SELECT e.id FROM unnest(p_effects, p_reasons) e(id, reason) WHERE e.reason = '')
    RETURNING position, id)
  INSERT INTO performed(site, position, id) SELECT p_site, position, id FROM gone ON CONFLICT DO NOTHING;
  UPDATE outbox SET state = 'dead', head = false, worker = '', reason = e.reason
  FROM unnest(p_effects, p_reasons, p_workers) e(id, reason, worker)
  WHERE outbox.site = p_site AND outbox.id = e.id AND outbox.id = ANY(p_effects) AND e.reason <> ''
    AND outbox.state = 'waiting' AND e.worker IN ('', outbox.worker);
  PERFORM lanes_promote_1(p_site, lanes);
END $$;

CREATE FUNCTION effect_later_2(
  p_site text, p_effect bigint, p_go_ms bigint, p_reason text, p_unsure boolean, p_worker text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  lanes text[];
BEGIN
  SELECT array_agg(lane) INTO lanes FROM outbox WHERE site = p_site AND id = p_effect;
  IF lanes IS NULL THEN RETURN; END IF;
  PERFORM lanes_lock_1(p_site, lanes);
  UPDATE outbox SET attempts = attempts + 1, worker = '', head = false, go_ms = p_go_ms, reason = p_reason,
    unsure = p_unsure WHERE site = p_site AND id = p_effect AND state = 'waiting' AND p_worker IN ('', worker);
  PERFORM lanes_promote_1(p_site, lanes);
END $$;
"""

# How early an effect may be brought forward once its channel works again.
OUTBOX_FUNCTIONS_3 = """
CREATE FUNCTION effect_later_3(
  p_site text, p_effect bigint, p_go_ms bigint, p_reason text, p_unsure boolean, p_worker text, p_early_ms bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  lanes text[];
BEGIN
  SELECT array_agg(lane) INTO lanes FROM outbox WHERE site = p_site AND id = p_effect;
  IF lanes IS NULL THEN RETURN; END IF;
  PERFORM lanes_lock_1(p_site, lanes);
  UPDATE outbox SET attempts = attempts + 1, worker = '', head = false, go_ms = p_go_ms, reason = p_reason,
    unsure = p_unsure, early_ms = p_early_ms
    WHERE site = p_site AND id = p_effect AND state = 'waiting' AND p_worker IN ('', worker);
  PERFORM lanes_promote_1(p_site, lanes);
END $$;
"""

_COMMIT = f"""
CREATE FUNCTION commit_<step>(
  p_site text, p_epoch bigint, p_first bigint, p_count bigint, p_at bigint, p_entries bytea,
  t_position bigint[], t_conv bigint[], t_line bigint[], t_kind text[], t_at bigint[], t_message bigint[],
  t_agent bigint[], t_notice text[], t_until_ms bigint[], t_detail text[],
  c_conv bigint[], c_reference text[], c_customer bigint[], c_line bigint[], c_channel text[], c_state text[],
  c_queue text[], c_owner bigint[], c_opened_ms bigint[], c_changed_ms bigint[], c_due_ms bigint[],
  c_closed_ms bigint[], c_disposition text[], c_record bytea[],
  l_line bigint[], l_conv bigint[],
  m_message bigint[], m_conv bigint[], m_line bigint[],
  d_message bigint[], d_status text[], d_reason text[],
  k_message bigint[], k_hash bytea[], k_provider text[],
  s_letter bigint[], s_position bigint[], s_reason text[],
  e_position bigint[], e_lane text[], e_channel text[], e_effect text[], e_conv bigint[], e_line bigint[],
  e_message bigint[], e_notice text[], e_until_ms bigint[], e_go_ms bigint[],
  x_effect bigint[], x_reason text[]<ended>
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  next_position bigint;
BEGIN
  PERFORM 1 FROM lease WHERE site = p_site AND name = 'lead' AND owner <> '' AND epoch = p_epoch FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION USING ERRCODE = '{NOT_THE_LEADER}', MESSAGE = 'not the leader'; END IF;
  SELECT first + count INTO next_position FROM journal WHERE site = p_site ORDER BY first DESC LIMIT 1;
  IF p_first <> coalesce(next_position, 1) THEN
    RAISE EXCEPTION USING ERRCODE = '{JOURNAL_MOVED}', MESSAGE = 'the journal has moved';
  END IF;
  IF p_count > 0 THEN
    INSERT INTO journal(site, first, count, at, epoch, entries)
      VALUES (p_site, p_first, p_count, p_at, p_epoch, p_entries);
  END IF;
  IF cardinality(t_position) > 0 THEN
    INSERT INTO timeline(site, position, conv, line, kind, at, message, agent, notice, until_ms, detail)
    SELECT p_site, * FROM unnest(t_position, t_conv, t_line, t_kind, t_at, t_message, t_agent, t_notice, t_until_ms,
      t_detail);
  END IF;
  IF cardinality(c_conv) > 0 THEN
    INSERT INTO conversation(site, conv, reference, customer, line, channel, state, queue, owner, opened_ms,
      changed_ms, due_ms, closed_ms, disposition, record)
    SELECT p_site, * FROM unnest(c_conv, c_reference, c_customer, c_line, c_channel, c_state, c_queue, c_owner,
      c_opened_ms, c_changed_ms, c_due_ms, c_closed_ms, c_disposition, c_record)
    ON CONFLICT (site, conv) DO UPDATE SET reference = excluded.reference, customer = excluded.customer,
      line = excluded.line, channel = excluded.channel, state = excluded.state, queue = excluded.queue,
      owner = excluded.owner, opened_ms = excluded.opened_ms, changed_ms = excluded.changed_ms,
      due_ms = excluded.due_ms, closed_ms = excluded.closed_ms, disposition = excluded.disposition,
      record = excluded.record;
  END IF;
  IF cardinality(l_line) > 0 THEN
    INSERT INTO conversation_line(site, line, conv) SELECT p_site, * FROM unnest(l_line, l_conv)
    ON CONFLICT DO NOTHING;
  END IF;
  IF cardinality(m_message) > 0 THEN
    UPDATE message SET conv = e.conv, line = e.line,
      channel = coalesce((SELECT n.channel FROM line n WHERE n.site = p_site AND n.id = e.line), message.channel)
    FROM unnest(m_message, m_conv, m_line) e(id, conv, line)
    WHERE message.site = p_site AND message.id = e.id AND message.id = ANY(m_message);
  END IF;
  IF cardinality(d_message) > 0 THEN
    UPDATE message SET status = e.status, reason = e.reason FROM unnest(d_message, d_status, d_reason)
      e(id, status, reason)
    WHERE message.site = p_site AND message.id = e.id AND message.id = ANY(d_message);
  END IF;
  IF cardinality(k_message) > 0 THEN
    UPDATE message SET provider = e.hash, provider_id = e.provider FROM unnest(k_message, k_hash, k_provider)
      e(id, hash, provider)
    WHERE message.site = p_site AND message.id = e.id AND message.id = ANY(k_message);
  END IF;
  -- A letter that is settled stays settled where it was; its signal has done its work.
  IF cardinality(s_letter) > 0 THEN
    UPDATE letter SET state = 'settled', position = e.position, reason = e.reason, signal = ''<settled>
    FROM unnest(s_letter, s_position, s_reason) e(id, position, reason)
    WHERE letter.site = p_site AND letter.id = e.id AND letter.id = ANY(s_letter) AND letter.state <> 'settled';
  END IF;
  IF cardinality(e_lane) > 0 OR cardinality(x_effect) > 0 THEN
    PERFORM lanes_lock_1(p_site, e_lane || coalesce(
      (SELECT array_agg(DISTINCT lane) FROM outbox WHERE site = p_site AND id = ANY(x_effect)), '{{}}'));
  END IF;
  IF cardinality(e_lane) > 0 THEN
    INSERT INTO outbox(site, position, lane, channel, effect, conv, line, message, notice, until_ms, created_ms, go_ms)
    SELECT p_site, e.position, e.lane, e.channel, e.effect, e.conv, e.line, e.message, e.notice, e.until_ms, p_at,
      e.go_ms FROM unnest(e_position, e_lane, e_channel, e_effect, e_conv, e_line, e_message, e_notice, e_until_ms,
      e_go_ms) WITH ORDINALITY e(position, lane, channel, effect, conv, line, message, notice, until_ms, go_ms, number)
    ORDER BY e.number;
    PERFORM lanes_promote_1(p_site, e_lane);
  END IF;
  IF cardinality(x_effect) > 0 THEN PERFORM effects_end_<step>(p_site, x_effect, x_reason<end>); END IF;
END $$;
"""  # noqa: S608 - the names are constants


def _commit(**words: str) -> str:
    """Return the commit as a step of the schema made it."""
    made = _COMMIT
    for word, text in words.items():
        made = made.replace(f"<{word}>", text)
    return made


COMMIT = _commit(step="1", ended="", settled="", end="")
COMMIT_2 = _commit(step="2", ended=", x_worker text[]", settled=", line = ''", end=", x_worker")
