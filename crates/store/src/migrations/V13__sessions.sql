-- Who is signed in to the pages. Of a session's word only its hash is kept.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    -- Key of the person; none where a user of this machine opened it.
    person TEXT,
    machine_user TEXT,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- What the browser calls itself.
    browser TEXT,
    CHECK ((person IS NULL) <> (machine_user IS NULL))
) STRICT;

-- Links that work once, and were used.
CREATE TABLE spent_links (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who changed the file, where that was done from a page.
ALTER TABLE revisions ADD COLUMN who TEXT;
