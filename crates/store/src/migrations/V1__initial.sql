-- Instants are milliseconds since 1970 UTC. Migrations are append-only: this file never changes once released.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a request. `state` is the engine's whole knowledge as JSON; the columns before it are for listing.
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    phase TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    owner TEXT,
    customer TEXT,
    opened_at INTEGER NOT NULL,
    due_at INTEGER,
    state TEXT NOT NULL
) STRICT;

-- When each live request wants to be looked at; narrow, so that the queue is rebuilt in a moment.
CREATE TABLE wakes (
    request INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    why INTEGER NOT NULL
) STRICT;

-- The names of a request's conversation on its channel.
CREATE TABLE threads (
    channel TEXT NOT NULL,
    thread TEXT NOT NULL,
    request INTEGER NOT NULL,
    PRIMARY KEY (channel, thread)
) STRICT, WITHOUT ROWID;

-- Every clock that ever ran, finished ones included.
CREATE TABLE clocks (
    request INTEGER NOT NULL,
    kind TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    state TEXT NOT NULL,
    policy TEXT NOT NULL,
    revision INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    due_at INTEGER,
    breached_at INTEGER,
    stopped_at INTEGER,
    clock TEXT NOT NULL,
    PRIMARY KEY (request, kind, cycle)
) STRICT, WITHOUT ROWID;

-- Every event, tick and plan with its outcome; append-only. Ticks have no source.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    request INTEGER NOT NULL,
    at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    source TEXT,
    event TEXT,
    type TEXT NOT NULL,
    body TEXT,
    effects TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX journal_by_event ON journal (source, event) WHERE source IS NOT NULL;
CREATE INDEX journal_by_request ON journal (request);

-- Events that could not be applied.
CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY,
    received_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    cause TEXT NOT NULL
) STRICT;

-- Decisions to tell. One step of one cycle of one clock is decided once.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    request INTEGER,
    kind TEXT,
    cycle INTEGER,
    step TEXT,
    why TEXT NOT NULL,
    planned_at INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX alerts_once ON alerts (request, kind, cycle, step) WHERE request IS NOT NULL;

-- One alert to one recipient by one destination.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    alert INTEGER NOT NULL,
    person TEXT,
    destination TEXT NOT NULL,
    state TEXT NOT NULL,
    rank INTEGER NOT NULL,
    planned_at INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    fence INTEGER NOT NULL DEFAULT 0,
    in_doubt INTEGER NOT NULL DEFAULT 0,
    finished_at INTEGER,
    answer TEXT,
    gathered_into INTEGER
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (rank, planned_at, next_at, destination) WHERE state = 'pending';
CREATE INDEX deliveries_leased ON deliveries (id) WHERE state = 'leased';
CREATE INDEX deliveries_held ON deliveries (person, destination) WHERE state = 'held';
CREATE INDEX deliveries_gathered ON deliveries (gathered_into) WHERE gathered_into IS NOT NULL;

-- Destinations that stand, until when, and why.
CREATE TABLE holds (
    destination TEXT PRIMARY KEY,
    until INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    cause TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who took or put off what, when and how.
CREATE TABLE acts (
    id INTEGER PRIMARY KEY,
    request INTEGER NOT NULL,
    act TEXT NOT NULL,
    who TEXT,
    at INTEGER NOT NULL,
    until INTEGER,
    source TEXT NOT NULL
) STRICT;
CREATE INDEX acts_by_request ON acts (request);

CREATE TABLE revisions (
    id INTEGER PRIMARY KEY,
    taken_at INTEGER NOT NULL,
    source TEXT NOT NULL
) STRICT;

-- When each list of `[daily]` last went out.
CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    last_run_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;
