-- Who was said to be away while plazo ran; those of the file stand in the file.
CREATE TABLE absences (
    id INTEGER PRIMARY KEY,
    person TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    -- Who stands in; the lead where nobody is named.
    substitute TEXT,
    -- Who said so.
    who TEXT,
    created_at INTEGER NOT NULL,
    -- When it was ended before its time.
    ended_at INTEGER,
    CHECK (starts_at < ends_at)
) STRICT;

-- A clock may end as waived.
CREATE TABLE clocks_waived (
    request INTEGER NOT NULL,
    kind TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'met', 'breached', 'met_late', 'cancelled', 'waived')),
    policy TEXT NOT NULL,
    revision INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    due_at INTEGER,
    breached_at INTEGER,
    stopped_at INTEGER,
    -- When somebody took it.
    acked_at INTEGER,
    v INTEGER NOT NULL,
    clock TEXT,
    PRIMARY KEY (request, kind, cycle)
) STRICT, WITHOUT ROWID;
INSERT INTO clocks_waived SELECT * FROM clocks;
DROP TABLE clocks;
ALTER TABLE clocks_waived RENAME TO clocks;
