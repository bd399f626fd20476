"""The tables and how those of an older release become ours. No rows are read or written here.

Every table carries the site, first in its key. Ids of letters, messages, lines, customers, effects, accounts and
marks come from sequences and are never used again; hashes are keyed. Personal data lies in `message.body`,
`message.provider_id`, `line`, `customer`, `identity`, `sender`, `account`, `draft`, the words of complaints and of
their steps, and nowhere else.
"""

from __future__ import annotations

import secrets

from router.store.port import StoreError
from router.store.postgresql.connections import Connection
from router.store.postgresql.functions import COMMIT, COMMIT_2, OUTBOX_FUNCTIONS, OUTBOX_FUNCTIONS_2, OUTBOX_FUNCTIONS_3

_LETTERBOX = """
CREATE SEQUENCE letter_id;
CREATE SEQUENCE message_id;
CREATE TABLE letter(
  site text NOT NULL, id bigint NOT NULL, channel text NOT NULL, hash bytea NOT NULL,
  received_ms bigint NOT NULL, message bigint NOT NULL, state text NOT NULL DEFAULT 'new',
  attempts integer NOT NULL DEFAULT 0, position bigint NOT NULL DEFAULT 0,
  reason text NOT NULL DEFAULT '', signal bytea NOT NULL, PRIMARY KEY(site, id));
CREATE UNIQUE INDEX letter_hash ON letter(site, channel, hash);
CREATE INDEX letter_new ON letter(site, received_ms, id) WHERE state = 'new';
CREATE INDEX letter_quarantined ON letter(site, received_ms, id) WHERE state = 'quarantined';
"""

_JOURNAL = """
CREATE TABLE journal(
  site text NOT NULL, first bigint NOT NULL, count bigint NOT NULL, at bigint NOT NULL,
  epoch bigint NOT NULL, entries bytea NOT NULL, PRIMARY KEY(site, first));
CREATE TABLE bundle(
  site text NOT NULL, name text NOT NULL, at bigint NOT NULL, data bytea NOT NULL, PRIMARY KEY(site, name));
CREATE TABLE snapshot(
  site text NOT NULL, position bigint NOT NULL, at bigint NOT NULL, release text NOT NULL,
  chunks integer NOT NULL, PRIMARY KEY(site, position));
CREATE TABLE snapshot_chunk(
  site text NOT NULL, position bigint NOT NULL, number integer NOT NULL, data bytea NOT NULL,
  PRIMARY KEY(site, position, number));
"""

_ARCHIVE = """
CREATE SEQUENCE line_id;
CREATE SEQUENCE customer_id;
CREATE TABLE message(
  site text NOT NULL, id bigint NOT NULL, channel text NOT NULL DEFAULT '', conv bigint NOT NULL DEFAULT 0,
  line bigint NOT NULL DEFAULT 0, direction text NOT NULL, kind text NOT NULL, author text NOT NULL,
  client text NOT NULL DEFAULT '', extras text[] NOT NULL DEFAULT '{}', provider bytea,
  provider_id text NOT NULL DEFAULT '', status text NOT NULL DEFAULT '', reason text NOT NULL DEFAULT '',
  body text NOT NULL, PRIMARY KEY(site, id));
CREATE INDEX message_provider ON message(site, provider, id) WHERE provider IS NOT NULL;
CREATE INDEX message_spoken ON message(site, conv, id)
  WHERE conv <> 0 AND direction <> 'note' AND kind <> 'notice';
CREATE TABLE line(
  site text NOT NULL, id bigint NOT NULL, channel text NOT NULL, hash bytea NOT NULL,
  key text NOT NULL, peer text NOT NULL, customer bigint NOT NULL, extra text NOT NULL, PRIMARY KEY(site, id));
CREATE UNIQUE INDEX line_hash ON line(site, channel, hash);
CREATE INDEX line_customer ON line(site, customer, id);
CREATE TABLE customer(
  site text NOT NULL, id bigint NOT NULL, name text NOT NULL, language text NOT NULL,
  segment text NOT NULL DEFAULT '', created_ms bigint NOT NULL, attributes text NOT NULL DEFAULT '{}',
  person bigint NOT NULL DEFAULT 0, PRIMARY KEY(site, id));
CREATE INDEX customer_person ON customer(site, person) WHERE person <> 0;
CREATE TABLE identity(
  site text NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, customer bigint NOT NULL, kind text NOT NULL,
  hash bytea NOT NULL, value text NOT NULL, verified text NOT NULL, PRIMARY KEY(site, customer, kind, hash));
CREATE UNIQUE INDEX identity_proved ON identity(site, kind, hash) WHERE verified <> '';
CREATE TABLE timeline(
  site text NOT NULL, position bigint NOT NULL, conv bigint NOT NULL, line bigint NOT NULL,
  kind text NOT NULL, at bigint NOT NULL, message bigint NOT NULL, agent bigint NOT NULL,
  notice text NOT NULL, until_ms bigint NOT NULL, detail text NOT NULL, PRIMARY KEY(site, conv, position));
CREATE INDEX timeline_position ON timeline(site, position);
CREATE INDEX timeline_line ON timeline(site, line, position) WHERE line <> 0;
CREATE TABLE conversation(
  site text NOT NULL, conv bigint NOT NULL, reference text NOT NULL, customer bigint NOT NULL,
  line bigint NOT NULL, channel text NOT NULL, state text NOT NULL, queue text NOT NULL,
  owner bigint NOT NULL, opened_ms bigint NOT NULL, changed_ms bigint NOT NULL, due_ms bigint NOT NULL,
  closed_ms bigint NOT NULL, disposition text NOT NULL, record bytea NOT NULL, PRIMARY KEY(site, conv));
CREATE UNIQUE INDEX conversation_reference ON conversation(site, reference);
CREATE INDEX conversation_customer ON conversation(site, customer, changed_ms, conv);
CREATE INDEX conversation_owner ON conversation(site, owner, state, changed_ms) WHERE owner <> 0;
CREATE INDEX conversation_changed ON conversation(site, changed_ms, conv);
CREATE INDEX conversation_due ON conversation(site, due_ms, conv) WHERE state = 'parked' AND due_ms > 0;
CREATE TABLE conversation_line(
  site text NOT NULL, line bigint NOT NULL, conv bigint NOT NULL, PRIMARY KEY(site, line, conv));
"""

# `head` marks the first waiting effect of each lane and `go_ms` says when it may go: so the next ones are read from
# an index as long as the lanes that are due. The unique index on heads makes two in flight on one lane impossible.
_OUTBOX = """
CREATE SEQUENCE outbox_id;
CREATE TABLE outbox(
  site text NOT NULL, id bigint NOT NULL DEFAULT nextval('outbox_id'), lane text NOT NULL, channel text NOT NULL,
  effect text NOT NULL, conv bigint NOT NULL, line bigint NOT NULL, message bigint NOT NULL,
  notice text NOT NULL, until_ms bigint NOT NULL, position bigint NOT NULL, created_ms bigint NOT NULL,
  go_ms bigint NOT NULL, head boolean NOT NULL DEFAULT false, state text NOT NULL DEFAULT 'waiting',
  attempts integer NOT NULL DEFAULT 0, unsure boolean NOT NULL DEFAULT false, reason text NOT NULL DEFAULT '',
  worker text NOT NULL DEFAULT '', PRIMARY KEY(site, id));
CREATE INDEX outbox_lane ON outbox(site, lane, position, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX outbox_head ON outbox(site, lane) WHERE head;
CREATE INDEX outbox_go ON outbox(site, go_ms, position, id) WHERE head;
CREATE INDEX outbox_oldest ON outbox(site, created_ms) WHERE state = 'waiting';
CREATE INDEX outbox_dead ON outbox(site, id) WHERE state = 'dead';
CREATE TABLE performed(
  site text NOT NULL, position bigint NOT NULL, id bigint NOT NULL, PRIMARY KEY(site, position, id));
"""

# Who may is judged by one clock: the database's. Tests put another one in its place.
_PEOPLE = """
CREATE FUNCTION store_clock_ms() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
  AS 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
CREATE TABLE lease(
  site text NOT NULL, name text COLLATE "C" NOT NULL, owner text NOT NULL, until_ms bigint NOT NULL,
  epoch bigint NOT NULL, PRIMARY KEY(site, name)) WITH (fillfactor = 50);
CREATE INDEX lease_held ON lease(site, name) WHERE owner <> '';
CREATE TABLE notebook(
  site text NOT NULL, book text NOT NULL, key text NOT NULL, value text NOT NULL, PRIMARY KEY(site, book, key));
CREATE SEQUENCE account_id;
CREATE TABLE account(
  site text NOT NULL, id bigint NOT NULL, login text NOT NULL, data text NOT NULL, PRIMARY KEY(site, id));
CREATE UNIQUE INDEX account_login ON account(site, login);
CREATE TABLE session(
  site text NOT NULL, token_hash text NOT NULL, account bigint NOT NULL, csrf text NOT NULL,
  created_ms bigint NOT NULL, expires_ms bigint NOT NULL, PRIMARY KEY(site, token_hash));
CREATE INDEX session_account ON session(site, account);
CREATE INDEX session_expires ON session(site, expires_ms);
CREATE TABLE draft(
  site text NOT NULL, account bigint NOT NULL, key text COLLATE "C" NOT NULL, text text NOT NULL, at bigint NOT NULL,
  PRIMARY KEY(site, account, key));
CREATE INDEX draft_key ON draft(site, key);
CREATE INDEX draft_at ON draft(site, at);
CREATE TABLE meta(name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE view_place(
  site text NOT NULL, view text NOT NULL, position bigint NOT NULL, at bigint NOT NULL, PRIMARY KEY(site, view));
CREATE SEQUENCE sender_id;
CREATE TABLE sender(
  site text NOT NULL, id bigint NOT NULL DEFAULT nextval('sender_id'), kind text NOT NULL, hash bytea NOT NULL,
  value text NOT NULL, mark text NOT NULL, reason text NOT NULL, agent bigint NOT NULL,
  created_ms bigint NOT NULL, until_ms bigint NOT NULL, PRIMARY KEY(site, id));
CREATE UNIQUE INDEX sender_hash ON sender(site, kind, hash);
CREATE INDEX sender_until ON sender(site, until_ms) WHERE until_ms > 0;
"""

# `person` of a customer is the number of the person they are one with, 0 for nobody else; who says so is in `merge`.
# `aside` leads from a line's hash to what came by it and no conversation has; `customer` is set when the hash goes.
_CARE = """
CREATE SEQUENCE merge_id;
CREATE TABLE merge(
  site text NOT NULL, id bigint NOT NULL DEFAULT nextval('merge_id'), one bigint NOT NULL, other bigint NOT NULL,
  why text NOT NULL, agent bigint NOT NULL, at bigint NOT NULL, undone_by bigint NOT NULL DEFAULT 0,
  undone_ms bigint NOT NULL DEFAULT 0, PRIMARY KEY(site, id));
CREATE INDEX merge_one ON merge(site, one);
CREATE INDEX merge_other ON merge(site, other);
CREATE TABLE hint(
  site text NOT NULL, kind text NOT NULL, hash bytea NOT NULL, customer bigint NOT NULL,
  PRIMARY KEY(site, kind, hash, customer));
CREATE INDEX hint_customer ON hint(site, customer);
CREATE TABLE erasure(
  site text NOT NULL, customer bigint NOT NULL, person bigint NOT NULL, agent bigint NOT NULL,
  begun_ms bigint NOT NULL, done_ms bigint NOT NULL DEFAULT 0, PRIMARY KEY(site, customer));
CREATE INDEX erasure_begun ON erasure(site, begun_ms);
CREATE INDEX erasure_open ON erasure(site, begun_ms) WHERE done_ms = 0;
CREATE INDEX erasure_person ON erasure(site, person, customer);
CREATE TABLE aside(
  site text NOT NULL, message bigint NOT NULL, hash bytea NOT NULL, customer bigint NOT NULL DEFAULT 0,
  PRIMARY KEY(site, message));
CREATE INDEX aside_hash ON aside(site, hash);
CREATE INDEX aside_customer ON aside(site, customer) WHERE customer <> 0;
"""

_RELAY = """
CREATE TABLE relay(
  site text NOT NULL, command text COLLATE "C" NOT NULL, at bigint NOT NULL, question bytea NOT NULL, answer bytea,
  PRIMARY KEY(site, command));
CREATE INDEX relay_at ON relay(site, at, command);
"""

_FIRST = _LETTERBOX + _JOURNAL + _ARCHIVE + _OUTBOX + _PEOPLE + _CARE + _RELAY + OUTBOX_FUNCTIONS + COMMIT

# Letters of one line are decided in order; `line` is its hash, as long as the letter waits.
_LINES = """
ALTER TABLE letter ADD COLUMN line bytea NOT NULL DEFAULT '';
CREATE INDEX letter_line ON letter(site, line, id) WHERE state = 'new' AND line <> '';
"""

_SEALED = """
CREATE TABLE sealed(
  site text NOT NULL, first bigint NOT NULL, last bigint NOT NULL, rows integer NOT NULL, sum bytea NOT NULL,
  data bytea NOT NULL, PRIMARY KEY(site, first));
CREATE UNIQUE INDEX sealed_last ON sealed(site, last);
ALTER TABLE sealed ALTER COLUMN data SET STORAGE EXTERNAL;
"""

# `early_ms`: before it nothing brings forward what was put off, not even that its channel works again.
_EARLY = """
ALTER TABLE outbox ADD COLUMN early_ms bigint NOT NULL DEFAULT 0;
CREATE INDEX outbox_put_off ON outbox(site, channel, early_ms, position, id) WHERE head AND attempts > 0;
"""

# What the customer-care part keeps of its own: complaints, reviews and the help page's articles. Each is a room's own.
_COMPLAINTS = """
CREATE SEQUENCE complaint_id;
CREATE TABLE complaint(
  site text NOT NULL, id bigint NOT NULL DEFAULT nextval('complaint_id'), command text NOT NULL,
  customer bigint NOT NULL, stage text NOT NULL, kind text NOT NULL, severity text NOT NULL, queue text NOT NULL,
  owner bigint NOT NULL, recorder bigint NOT NULL, opened_ms bigint NOT NULL, closed_ms bigint NOT NULL,
  due_ms bigint NOT NULL, version bigint NOT NULL, forgotten boolean NOT NULL DEFAULT false, data text NOT NULL,
  words text NOT NULL, PRIMARY KEY(site, id));
CREATE UNIQUE INDEX complaint_command ON complaint(site, command);
CREATE INDEX complaint_customer ON complaint(site, customer);
CREATE INDEX complaint_opened ON complaint(site, opened_ms);
CREATE INDEX complaint_due ON complaint(site, due_ms, id) WHERE due_ms > 0;
CREATE INDEX complaint_closed ON complaint(site, closed_ms, id) WHERE closed_ms > 0;
CREATE INDEX complaint_worded ON complaint(site, closed_ms, id) WHERE NOT forgotten AND closed_ms > 0;
CREATE TABLE complaint_step(
  site text NOT NULL, complaint bigint NOT NULL, number bigint NOT NULL, command text NOT NULL, at bigint NOT NULL,
  agent bigint NOT NULL, deed text NOT NULL, changes text NOT NULL, words text NOT NULL,
  PRIMARY KEY(site, complaint, number));
CREATE UNIQUE INDEX complaint_step_command ON complaint_step(site, command);
CREATE TABLE complaint_link(
  site text NOT NULL, complaint bigint NOT NULL, conv bigint NOT NULL, role text NOT NULL, at bigint NOT NULL,
  agent bigint NOT NULL, PRIMARY KEY(site, complaint, conv));
CREATE INDEX complaint_link_conv ON complaint_link(site, conv);
"""
_REVIEWS = """
CREATE TABLE remark(
  site text NOT NULL, conv bigint NOT NULL, customer bigint NOT NULL, said_ms bigint NOT NULL DEFAULT 0,
  words text NOT NULL DEFAULT '""', seen_ms bigint NOT NULL DEFAULT 0, seen_by bigint NOT NULL DEFAULT 0,
  forgotten boolean NOT NULL DEFAULT false, PRIMARY KEY(site, conv));
CREATE INDEX remark_customer ON remark(site, customer);
CREATE TABLE review(
  site text NOT NULL, conv bigint NOT NULL, customer bigint NOT NULL, agent bigint NOT NULL, reviewer bigint NOT NULL,
  stage text NOT NULL, week bigint NOT NULL, begun_ms bigint NOT NULL, handed_ms bigint NOT NULL,
  version bigint NOT NULL, forgotten boolean NOT NULL DEFAULT false, data text NOT NULL, words text NOT NULL,
  PRIMARY KEY(site, conv));
CREATE INDEX review_customer ON review(site, customer);
CREATE INDEX review_week ON review(site, week, conv);
CREATE INDEX review_begun ON review(site, begun_ms, conv);
CREATE INDEX review_agent ON review(site, agent, begun_ms, conv);
CREATE INDEX review_handed ON review(site, handed_ms, conv) WHERE handed_ms > 0;
CREATE INDEX timeline_rated ON timeline(site, at, position) WHERE kind = 'Rated';
CREATE INDEX conversation_ended ON conversation(site, closed_ms) WHERE closed_ms > 0 AND owner <> 0;
"""
# `placement`: who put a person into a segment and why; `customer` is the person's number of then. The index of segments
# says `>` so that nobody else's question for a segment that is not empty takes it for theirs.
_CUSTOMERS = """
CREATE SEQUENCE placement_id;
CREATE TABLE placement(
  site text NOT NULL, id bigint NOT NULL DEFAULT nextval('placement_id'), command text NOT NULL,
  customer bigint NOT NULL, at bigint NOT NULL, agent bigint NOT NULL, was text NOT NULL, segment text NOT NULL,
  why text NOT NULL, PRIMARY KEY(site, id));
CREATE UNIQUE INDEX placement_command ON placement(site, command);
CREATE INDEX placement_customer ON placement(site, customer, id);
CREATE INDEX customer_segment ON customer(site, segment, id) WHERE segment > '';
CREATE INDEX customer_named ON customer(site, left(lower(name COLLATE "C"), 100), id) WHERE name <> '';
"""
_ARTICLES = """
CREATE SEQUENCE article_id;
CREATE TABLE article(
  site text NOT NULL, id bigint NOT NULL DEFAULT nextval('article_id'), slug text NOT NULL, version bigint NOT NULL,
  data text NOT NULL, PRIMARY KEY(site, id));
CREATE UNIQUE INDEX article_slug ON article(site, slug);
CREATE TABLE article_version(
  site text NOT NULL, article bigint NOT NULL, number bigint NOT NULL, command text NOT NULL, at bigint NOT NULL,
  agent bigint NOT NULL, deed text NOT NULL, data text NOT NULL, PRIMARY KEY(site, article, number));
CREATE UNIQUE INDEX article_version_command ON article_version(site, command);
CREATE TABLE article_revision(site text NOT NULL PRIMARY KEY, revision bigint NOT NULL);
CREATE TABLE article_count(
  site text NOT NULL, day bigint NOT NULL, article bigint NOT NULL, views bigint NOT NULL, yes bigint NOT NULL,
  no bigint NOT NULL, PRIMARY KEY(site, day, article));
CREATE TABLE article_vote(
  site text NOT NULL, article bigint NOT NULL, visitor bytea NOT NULL, helped boolean NOT NULL, day bigint NOT NULL,
  PRIMARY KEY(site, article, visitor));
CREATE INDEX article_vote_day ON article_vote(site, day);
CREATE TABLE article_missed(
  site text NOT NULL, day bigint NOT NULL, said text NOT NULL, times bigint NOT NULL,
  PRIMARY KEY(site, day, said));
"""

MIGRATIONS: tuple[str, ...] = (
    _FIRST,
    _LINES + OUTBOX_FUNCTIONS_2 + COMMIT_2,
    _SEALED,
    _EARLY + OUTBOX_FUNCTIONS_3,
    _COMPLAINTS + _REVIEWS + _CUSTOMERS + _ARTICLES,
)
"""One step per release that changed the tables; a step is never edited once released."""

_VERSION_TABLE = "CREATE TABLE IF NOT EXISTS schema_version(version integer NOT NULL, at timestamptz NOT NULL)"

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('patchbay schema ' || current_schema(), 0))"


async def migrate(conn: Connection) -> None:
    """Bring the database to this release's tables, in one transaction, or leave it as it was.

    Nodes that start together wait for each other here; who comes second finds everything done.
    """
    async with conn.transaction():
        await conn.execute(_LOCK)
        await conn.execute(_VERSION_TABLE)
        version = int(await conn.fetchval("SELECT coalesce(max(version), 0) FROM schema_version"))
        if version > len(MIGRATIONS):
            raise StoreError("the database was written by a newer release of Patchbay")
        for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
            await conn.execute(step)
            await conn.execute("INSERT INTO schema_version(version, at) VALUES ($1, clock_timestamp())", number)
        await conn.execute(
            "INSERT INTO meta(name, value) VALUES ('generation', $1) ON CONFLICT (name) DO NOTHING", new_generation()
        )


def new_generation() -> str:
    """Return the name of a new life of the data: random, so that two restored copies never share one."""
    return secrets.token_hex(8)
