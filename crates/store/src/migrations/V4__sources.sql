-- What is known of each source, for its lag and its silence.
CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    heard_at INTEGER,
    event_at INTEGER,
    failed_at INTEGER,
    cause TEXT,
    silence_told_at INTEGER
) STRICT, WITHOUT ROWID;

-- How far something has been read that is polled.
CREATE TABLE cursors (
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    moved_at INTEGER NOT NULL,
    PRIMARY KEY (source, name)
) STRICT, WITHOUT ROWID;

-- What a hook was too thin to tell and has to be asked for; once each.
CREATE TABLE fetches (
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    id TEXT NOT NULL,
    path TEXT NOT NULL,
    asked TEXT NOT NULL,
    wanted_at INTEGER NOT NULL,
    next_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    cause TEXT,
    PRIMARY KEY (source, name, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX fetches_due ON fetches (next_at) WHERE next_at IS NOT NULL;

-- What the operator was told of a source; once each.
CREATE TABLE alarms (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;

-- Facts about a conversation of which nothing was known yet, such as its owner told before its first message.
CREATE TABLE parked (
    source TEXT NOT NULL,
    event TEXT NOT NULL,
    channel TEXT NOT NULL,
    thread TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (channel, thread, source, event)
) STRICT, WITHOUT ROWID;
