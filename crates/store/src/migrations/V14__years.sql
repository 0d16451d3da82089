-- Costs follow the work at hand and not the past: what lives is found by indexes of its own, what is counted is kept with the transaction.

-- When a request ended, and what of it has been let go since: 1 words, 2 entries, 4 messages; 8 where somebody was forgotten in it (`keeping.rs`).
ALTER TABLE requests ADD COLUMN ended_at INTEGER;
ALTER TABLE requests ADD COLUMN let_go INTEGER NOT NULL DEFAULT 0;
UPDATE requests SET ended_at = CASE
        WHEN NOT json_valid(state) THEN opened_at
        WHEN json_type(state, '$.last_event_at') = 'integer' THEN (state ->> '$.last_event_at') / 1000
        ELSE coalesce(CAST(round(unixepoch(state ->> '$.last_event_at', 'subsec') * 1000) AS INTEGER), opened_at) END
    WHERE phase IN ('closed', 'merged');
CREATE INDEX requests_ended ON requests (let_go, ended_at) WHERE phase IN ('closed', 'merged');
CREATE INDEX requests_live ON requests (due_at, id) WHERE phase IN ('open', 'waiting');
-- Everything of a client, finished or not: who asks what is kept of them, or wants it erased.
CREATE INDEX requests_of_contact ON requests (contact) WHERE contact IS NOT NULL;
CREATE INDEX requests_of_customer ON requests (customer COLLATE NOCASE) WHERE customer IS NOT NULL;

-- What belongs to a request, where it is let go of.
CREATE INDEX threads_by_request ON threads (request);

-- What happened in a period.
CREATE INDEX journal_by_time ON journal (at, request) WHERE body IS NOT NULL;
CREATE INDEX quarantine_by_time ON quarantine (received_at);
CREATE INDEX violations_by_rule ON violations (rule, at);
-- Deliveries that are few among many.
CREATE INDEX deliveries_rare ON deliveries (state, id) WHERE state IN ('dead', 'dropped', 'handed_over');
CREATE INDEX deliveries_doubtful ON deliveries (state) WHERE in_doubt = 1;

-- How many there are: requests by phase and by channel, deliveries that are settled by their state. Those on their way are few, and counted.
CREATE TABLE counts (
    subject TEXT NOT NULL CHECK (subject IN ('phase', 'channel', 'delivery')),
    word TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (subject, word)
) STRICT, WITHOUT ROWID;
INSERT INTO counts SELECT 'phase', phase, count(*) FROM requests GROUP BY phase;
INSERT INTO counts SELECT 'channel', channel, count(*) FROM requests GROUP BY channel;
INSERT INTO counts SELECT 'delivery', state, count(*) FROM deliveries WHERE state NOT IN ('pending', 'held', 'leased') GROUP BY state;
CREATE TRIGGER requests_counted AFTER INSERT ON requests BEGIN
    INSERT INTO counts VALUES ('phase', NEW.phase, 1), ('channel', NEW.channel, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER requests_uncounted AFTER DELETE ON requests BEGIN
    UPDATE counts SET n = n - 1 WHERE subject = 'phase' AND word = OLD.phase;
    UPDATE counts SET n = n - 1 WHERE subject = 'channel' AND word = OLD.channel;
END;
CREATE TRIGGER requests_moved AFTER UPDATE OF phase ON requests WHEN OLD.phase <> NEW.phase BEGIN
    UPDATE counts SET n = n - 1 WHERE subject = 'phase' AND word = OLD.phase;
    INSERT INTO counts VALUES ('phase', NEW.phase, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER requests_went AFTER UPDATE OF channel ON requests WHEN OLD.channel <> NEW.channel BEGIN
    UPDATE counts SET n = n - 1 WHERE subject = 'channel' AND word = OLD.channel;
    INSERT INTO counts VALUES ('channel', NEW.channel, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER deliveries_settled AFTER UPDATE OF state ON deliveries
    WHEN OLD.state <> NEW.state AND NEW.state NOT IN ('pending', 'held', 'leased') BEGIN
    INSERT INTO counts VALUES ('delivery', NEW.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER deliveries_unsettled AFTER UPDATE OF state ON deliveries
    WHEN OLD.state <> NEW.state AND OLD.state NOT IN ('pending', 'held', 'leased') BEGIN
    UPDATE counts SET n = n - 1 WHERE subject = 'delivery' AND word = OLD.state;
END;
CREATE TRIGGER deliveries_counted AFTER INSERT ON deliveries WHEN NEW.state NOT IN ('pending', 'held', 'leased') BEGIN
    INSERT INTO counts VALUES ('delivery', NEW.state, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER deliveries_uncounted AFTER DELETE ON deliveries WHEN OLD.state NOT IN ('pending', 'held', 'leased') BEGIN
    UPDATE counts SET n = n - 1 WHERE subject = 'delivery' AND word = OLD.state;
END;

-- How far a file of history was read in, so that an import that was cut off goes on.
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    -- Of the file's beginning: another file of that name begins anew.
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    -- Records that were read, those that were refused among them.
    n_records INTEGER NOT NULL DEFAULT 0,
    n_events INTEGER NOT NULL DEFAULT 0,
    n_refused INTEGER NOT NULL DEFAULT 0,
    began_at INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,
    ended_at INTEGER,
    UNIQUE (file, digest)
) STRICT;

-- Requests of which nothing is let go or erased, and why.
CREATE TABLE legal_holds (
    request INTEGER PRIMARY KEY,
    who TEXT,
    why TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- What was erased, for whoever must show that it was. Of whom, nothing but a keyed hash is kept.
CREATE TABLE erasures (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    who TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('client', 'person', 'request')),
    subject BLOB NOT NULL,
    receipt TEXT NOT NULL
) STRICT;

-- Requests that their source wants erased, until they are.
CREATE TABLE wanted_erasures (
    request INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- Reports of periods of which requests are no longer kept, as they were.
CREATE TABLE past_reports (
    name TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (name, from_at, to_at)
) STRICT, WITHOUT ROWID;

-- What the store took and what was left of its disk, a row a day.
CREATE TABLE disk_days (
    day TEXT PRIMARY KEY,
    used INTEGER NOT NULL,
    free INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
