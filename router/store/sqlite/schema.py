"""The tables and how an older file becomes a newer one. No rows are read or written here.

Every table carries the site. Ids of letters, messages, lines and customers are counted over the whole file
and never used again; hashes are keyed (see hashing.py). Personal data lies in `message.body`, `line`,
`customer`, `identity`, `sender`, `account`, `draft` and nowhere else; `hint` and `aside` hold hashes.
"""

from __future__ import annotations

import secrets

import apsw

from router.store.port import StoreError

_LETTERBOX = """
CREATE TABLE letter(
  id INTEGER PRIMARY KEY, site TEXT NOT NULL, channel TEXT NOT NULL, hash BLOB NOT NULL,
  received_ms INTEGER NOT NULL, message INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'new',
  attempts INTEGER NOT NULL DEFAULT 0, position INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '', signal BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX letter_hash ON letter(site, channel, hash);
CREATE INDEX letter_new ON letter(site, received_ms, id) WHERE state = 'new';
CREATE INDEX letter_quarantined ON letter(site, received_ms, id) WHERE state = 'quarantined';
"""

_JOURNAL = """
CREATE TABLE journal(
  site TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL,
  epoch INTEGER NOT NULL, entries BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX journal_first ON journal(site, first);
CREATE TABLE bundle(
  site TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX bundle_name ON bundle(site, name);
CREATE TABLE snapshot(
  site TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, release TEXT NOT NULL,
  chunks INTEGER NOT NULL, PRIMARY KEY(site, position)) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot_chunk(
  site TEXT NOT NULL, position INTEGER NOT NULL, number INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX snapshot_chunk_number ON snapshot_chunk(site, position, number);
"""

_ARCHIVE = """
CREATE TABLE message(
  id INTEGER PRIMARY KEY, site TEXT NOT NULL, channel TEXT NOT NULL DEFAULT '',
  conv INTEGER NOT NULL DEFAULT 0, line INTEGER NOT NULL DEFAULT 0, direction TEXT NOT NULL,
  kind TEXT NOT NULL, provider BLOB, status TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  body TEXT NOT NULL) STRICT;
CREATE INDEX message_provider ON message(site, provider) WHERE provider IS NOT NULL;
CREATE INDEX message_spoken ON message(site, conv, id)
  WHERE conv <> 0 AND direction <> 'note' AND kind <> 'notice';
CREATE TABLE line(
  id INTEGER PRIMARY KEY, site TEXT NOT NULL, channel TEXT NOT NULL, hash BLOB NOT NULL,
  key TEXT NOT NULL, peer TEXT NOT NULL, customer INTEGER NOT NULL, extra TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX line_hash ON line(site, channel, hash);
CREATE INDEX line_customer ON line(site, customer);
CREATE TABLE customer(
  id INTEGER PRIMARY KEY, site TEXT NOT NULL, name TEXT NOT NULL, language TEXT NOT NULL,
  segment TEXT NOT NULL DEFAULT '', created_ms INTEGER NOT NULL,
  attributes TEXT NOT NULL DEFAULT '{}') STRICT;
CREATE TABLE identity(
  id INTEGER PRIMARY KEY, site TEXT NOT NULL, customer INTEGER NOT NULL, kind TEXT NOT NULL,
  hash BLOB NOT NULL, value TEXT NOT NULL, verified TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX identity_proved ON identity(site, kind, hash) WHERE verified <> '';
CREATE UNIQUE INDEX identity_customer ON identity(site, customer, kind, hash);
CREATE TABLE timeline(
  site TEXT NOT NULL, position INTEGER NOT NULL, conv INTEGER NOT NULL, line INTEGER NOT NULL,
  kind TEXT NOT NULL, at INTEGER NOT NULL, message INTEGER NOT NULL, agent INTEGER NOT NULL,
  notice TEXT NOT NULL, until_ms INTEGER NOT NULL, detail TEXT NOT NULL,
  PRIMARY KEY(site, position, conv)) STRICT, WITHOUT ROWID;
CREATE INDEX timeline_conv ON timeline(site, conv, position);
CREATE INDEX timeline_line ON timeline(site, line, position) WHERE line <> 0;
CREATE TABLE conversation(
  site TEXT NOT NULL, conv INTEGER NOT NULL, reference TEXT NOT NULL, customer INTEGER NOT NULL,
  line INTEGER NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL, queue TEXT NOT NULL,
  owner INTEGER NOT NULL, opened_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL,
  closed_ms INTEGER NOT NULL, disposition TEXT NOT NULL, record BLOB NOT NULL,
  PRIMARY KEY(site, conv)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX conversation_reference ON conversation(site, reference);
CREATE INDEX conversation_customer ON conversation(site, customer, changed_ms);
CREATE INDEX conversation_owner ON conversation(site, owner, state, changed_ms) WHERE owner <> 0;
CREATE INDEX conversation_changed ON conversation(site, changed_ms);
CREATE INDEX conversation_due ON conversation(site, due_ms, conv) WHERE state = 'parked' AND due_ms > 0;
CREATE TABLE conversation_line(
  site TEXT NOT NULL, line INTEGER NOT NULL, conv INTEGER NOT NULL,
  PRIMARY KEY(site, line, conv)) STRICT, WITHOUT ROWID;
"""

# `head` marks the first waiting effect of each lane and `go_ms` says when it may go: so the next ones are
# read from an index as long as the lanes that are due, however many wait. The unique index on heads makes
# two in flight on one lane impossible. An effect that happened leaves its position in `performed`.
_OUTBOX = """
CREATE TABLE outbox(
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, lane TEXT NOT NULL, channel TEXT NOT NULL,
  effect TEXT NOT NULL, conv INTEGER NOT NULL, line INTEGER NOT NULL, message INTEGER NOT NULL,
  notice TEXT NOT NULL, until_ms INTEGER NOT NULL, position INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  go_ms INTEGER NOT NULL, head INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting',
  attempts INTEGER NOT NULL DEFAULT 0, unsure INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
  worker TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX outbox_lane ON outbox(site, lane, position, id) WHERE state = 'waiting';
CREATE UNIQUE INDEX outbox_head ON outbox(site, lane) WHERE head = 1;
CREATE INDEX outbox_go ON outbox(site, go_ms, position, id) WHERE head = 1;
CREATE INDEX outbox_oldest ON outbox(site, created_ms) WHERE state = 'waiting';
CREATE INDEX outbox_dead ON outbox(site, id) WHERE state = 'dead';
CREATE TABLE performed(
  site TEXT NOT NULL, position INTEGER NOT NULL, id INTEGER NOT NULL,
  PRIMARY KEY(site, position, id)) STRICT, WITHOUT ROWID;
"""

_PEOPLE = """
CREATE TABLE lease(
  site TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, until_ms INTEGER NOT NULL,
  epoch INTEGER NOT NULL, PRIMARY KEY(site, name)) STRICT, WITHOUT ROWID;
CREATE TABLE notebook(
  site TEXT NOT NULL, book TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(site, book, key)) STRICT, WITHOUT ROWID;
CREATE TABLE account(
  id INTEGER PRIMARY KEY, site TEXT NOT NULL, login TEXT NOT NULL, data TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX account_login ON account(site, login);
CREATE TABLE session(
  site TEXT NOT NULL, token_hash TEXT NOT NULL, account INTEGER NOT NULL, csrf TEXT NOT NULL,
  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
  PRIMARY KEY(site, token_hash)) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session(site, account);
CREATE INDEX session_expires ON session(site, expires_ms);
CREATE TABLE draft(
  site TEXT NOT NULL, account INTEGER NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(site, account, key)) STRICT, WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

# How far each view has read. A view's own tables are made from the shape of its rows (views.py), which `meta` keeps.
_VIEWS = """
CREATE TABLE view_place(
  view TEXT NOT NULL, site TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(view, site)) STRICT, WITHOUT ROWID;
"""

_SENDERS = """
CREATE TABLE sender(
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, kind TEXT NOT NULL, hash BLOB NOT NULL,
  value TEXT NOT NULL, mark TEXT NOT NULL, reason TEXT NOT NULL, agent INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX sender_hash ON sender(site, kind, hash);
CREATE INDEX sender_page ON sender(site, id);
CREATE INDEX sender_until ON sender(site, until_ms) WHERE until_ms > 0;
"""

_RELAY = """
CREATE TABLE relay(
  site TEXT NOT NULL, command TEXT NOT NULL, at INTEGER NOT NULL, question BLOB NOT NULL, answer BLOB,
  PRIMARY KEY(site, command)) STRICT, WITHOUT ROWID;
CREATE INDEX relay_unanswered ON relay(site, at) WHERE answer IS NULL;
"""

# `person` is the number of the person a customer is one with, 0 for nobody else; who says so stands in `merge`.
# `aside` leads from a line's hash to what came by it and no conversation has; `customer` is set when the hash goes.
_CARE = """
ALTER TABLE customer ADD COLUMN person INTEGER NOT NULL DEFAULT 0;
CREATE INDEX customer_person ON customer(site, person) WHERE person <> 0;
CREATE TABLE merge(
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, one INTEGER NOT NULL, other INTEGER NOT NULL,
  why TEXT NOT NULL, agent INTEGER NOT NULL, at INTEGER NOT NULL, undone_by INTEGER NOT NULL DEFAULT 0,
  undone_ms INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX merge_one ON merge(site, one);
CREATE INDEX merge_other ON merge(site, other);
CREATE TABLE hint(
  site TEXT NOT NULL, kind TEXT NOT NULL, hash BLOB NOT NULL, customer INTEGER NOT NULL,
  PRIMARY KEY(site, kind, hash, customer)) STRICT, WITHOUT ROWID;
CREATE INDEX hint_customer ON hint(site, customer);
CREATE TABLE erasure(
  site TEXT NOT NULL, customer INTEGER NOT NULL, person INTEGER NOT NULL, agent INTEGER NOT NULL,
  begun_ms INTEGER NOT NULL, done_ms INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(site, customer)) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_begun ON erasure(site, begun_ms);
CREATE INDEX erasure_open ON erasure(site, begun_ms) WHERE done_ms = 0;
CREATE INDEX erasure_person ON erasure(site, person);
CREATE TABLE aside(
  site TEXT NOT NULL, message INTEGER NOT NULL, hash BLOB NOT NULL, customer INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(site, message)) STRICT, WITHOUT ROWID;
CREATE INDEX aside_hash ON aside(site, hash);
CREATE INDEX aside_customer ON aside(site, customer) WHERE customer <> 0;
CREATE INDEX draft_key ON draft(site, key);
CREATE INDEX draft_at ON draft(site, at);
"""

# Letters of one line are decided in order; `line` is its hash, as long as the letter waits.
_LINES = """
ALTER TABLE letter ADD COLUMN line BLOB NOT NULL DEFAULT x'';
CREATE INDEX letter_line ON letter(site, line, id) WHERE state = 'new' AND line <> x'';
"""

# Parts of the journal that are packed: `sum` is of what is in `data` when it is unpacked.
_SEALED = """
CREATE TABLE sealed(
  site TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, rows INTEGER NOT NULL, sum BLOB NOT NULL,
  data BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX sealed_first ON sealed(site, first);
CREATE UNIQUE INDEX sealed_last ON sealed(site, last);
"""

# `early_ms`: before it nothing brings forward what was put off, not even that its channel works again.
_EARLY = """
ALTER TABLE outbox ADD COLUMN early_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_put_off ON outbox(site, channel, early_ms, position, id) WHERE head = 1 AND attempts > 0;
"""

# What the customer-care part keeps of its own: complaints, reviews and the help page's articles. Each is a room's own.
_COMPLAINTS = """
CREATE TABLE complaint(
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, command TEXT NOT NULL, customer INTEGER NOT NULL,
  stage TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, queue TEXT NOT NULL, owner INTEGER NOT NULL,
  recorder INTEGER NOT NULL, opened_ms INTEGER NOT NULL, closed_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL,
  version INTEGER NOT NULL, forgotten INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL, words TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX complaint_command ON complaint(site, command);
CREATE INDEX complaint_customer ON complaint(site, customer);
CREATE INDEX complaint_opened ON complaint(site, opened_ms);
CREATE INDEX complaint_due ON complaint(site, due_ms, id) WHERE due_ms > 0;
CREATE INDEX complaint_closed ON complaint(site, closed_ms, id) WHERE closed_ms > 0;
CREATE INDEX complaint_worded ON complaint(site, closed_ms, id) WHERE forgotten = 0 AND closed_ms > 0;
CREATE TABLE complaint_step(
  site TEXT NOT NULL, complaint INTEGER NOT NULL, number INTEGER NOT NULL, command TEXT NOT NULL, at INTEGER NOT NULL,
  agent INTEGER NOT NULL, deed TEXT NOT NULL, changes TEXT NOT NULL, words TEXT NOT NULL,
  PRIMARY KEY(site, complaint, number)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX complaint_step_command ON complaint_step(site, command);
CREATE TABLE complaint_link(
  site TEXT NOT NULL, complaint INTEGER NOT NULL, conv INTEGER NOT NULL, role TEXT NOT NULL, at INTEGER NOT NULL,
  agent INTEGER NOT NULL, PRIMARY KEY(site, complaint, conv)) STRICT, WITHOUT ROWID;
CREATE INDEX complaint_link_conv ON complaint_link(site, conv);
"""
_REVIEWS = """
CREATE TABLE remark(
  site TEXT NOT NULL, conv INTEGER NOT NULL, customer INTEGER NOT NULL, said_ms INTEGER NOT NULL DEFAULT 0,
  words TEXT NOT NULL DEFAULT '""', seen_ms INTEGER NOT NULL DEFAULT 0, seen_by INTEGER NOT NULL DEFAULT 0,
  forgotten INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(site, conv)) STRICT, WITHOUT ROWID;
CREATE INDEX remark_customer ON remark(site, customer);
CREATE TABLE review(
  site TEXT NOT NULL, conv INTEGER NOT NULL, customer INTEGER NOT NULL, agent INTEGER NOT NULL,
  reviewer INTEGER NOT NULL, stage TEXT NOT NULL, week INTEGER NOT NULL, begun_ms INTEGER NOT NULL,
  handed_ms INTEGER NOT NULL, version INTEGER NOT NULL, forgotten INTEGER NOT NULL DEFAULT 0, data TEXT NOT NULL,
  words TEXT NOT NULL, PRIMARY KEY(site, conv)) STRICT, WITHOUT ROWID;
CREATE INDEX review_customer ON review(site, customer);
CREATE INDEX review_week ON review(site, week, conv);
CREATE INDEX review_begun ON review(site, begun_ms, conv);
CREATE INDEX review_agent ON review(site, agent, begun_ms, conv);
CREATE INDEX review_handed ON review(site, handed_ms, conv) WHERE handed_ms > 0;
CREATE INDEX timeline_rated ON timeline(site, at, position) WHERE kind = 'Rated';
CREATE INDEX conversation_ended ON conversation(site, closed_ms) WHERE closed_ms > 0 AND owner <> 0;
"""
_ARTICLES = """
CREATE TABLE article(
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, slug TEXT NOT NULL, version INTEGER NOT NULL,
  data TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX article_slug ON article(site, slug);
CREATE INDEX article_number ON article(site, id);
CREATE TABLE article_version(
  site TEXT NOT NULL, article INTEGER NOT NULL, number INTEGER NOT NULL, command TEXT NOT NULL, at INTEGER NOT NULL,
  agent INTEGER NOT NULL, deed TEXT NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY(site, article, number)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX article_version_command ON article_version(site, command);
CREATE TABLE article_revision(site TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE article_count(
  site TEXT NOT NULL, day INTEGER NOT NULL, article INTEGER NOT NULL, views INTEGER NOT NULL, yes INTEGER NOT NULL,
  no INTEGER NOT NULL, PRIMARY KEY(site, day, article)) STRICT, WITHOUT ROWID;
CREATE TABLE article_vote(
  site TEXT NOT NULL, article INTEGER NOT NULL, visitor BLOB NOT NULL, helped INTEGER NOT NULL, day INTEGER NOT NULL,
  PRIMARY KEY(site, article, visitor)) STRICT, WITHOUT ROWID;
CREATE INDEX article_vote_day ON article_vote(site, day);
CREATE TABLE article_missed(
  site TEXT NOT NULL, day INTEGER NOT NULL, said TEXT NOT NULL, times INTEGER NOT NULL,
  PRIMARY KEY(site, day, said)) STRICT, WITHOUT ROWID;
"""

# `placement`: who put a person into a segment and why; `customer` is the person's number of then. The index of segments
# says `>` so that nobody else's question for a segment that is not empty takes it for theirs.
_CUSTOMERS = """
CREATE TABLE placement(
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, command TEXT NOT NULL, customer INTEGER NOT NULL,
  at INTEGER NOT NULL, agent INTEGER NOT NULL, was TEXT NOT NULL, segment TEXT NOT NULL, why TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX placement_command ON placement(site, command);
CREATE INDEX placement_customer ON placement(site, customer, id);
CREATE INDEX customer_segment ON customer(site, segment, id) WHERE segment > '';
CREATE INDEX customer_named ON customer(site, substr(lower(name), 1, 100), id) WHERE name <> '';
"""

MIGRATIONS: tuple[str, ...] = (
    _LETTERBOX + _JOURNAL + _ARCHIVE + _OUTBOX + _PEOPLE,
    _VIEWS,
    _SENDERS,
    _RELAY,
    _CARE,
    _LINES,
    _SEALED,
    _EARLY,
    _COMPLAINTS + _REVIEWS + _CUSTOMERS + _ARTICLES,
)
"""One step per release that changed the tables; a step is never edited once released."""


def migrate(conn: apsw.Connection) -> None:
    """Bring the file to this release's tables, in one transaction, or leave it as it was."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        version = int(conn.pragma("user_version"))
        if version > len(MIGRATIONS):
            raise StoreError("the database was written by a newer release of Patchbay")
        for step in MIGRATIONS[version:]:
            conn.execute(step)
        conn.pragma("user_version", len(MIGRATIONS))
        conn.execute("INSERT OR IGNORE INTO meta(name, value) VALUES ('generation', ?)", (new_generation(),))
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise


def new_generation() -> str:
    """Return the name of a new life of the data: random, so that two restored copies never share one."""
    return secrets.token_hex(8)
