-- Words that are a type in the program are held by the tables too. A row with another word would go by the wrong rule or by none; those
-- that a store may have are set right on the way.

DROP INDEX requests_by_contact;
DROP INDEX requests_by_customer;
CREATE TABLE requests_checked (
    id INTEGER PRIMARY KEY,
    phase TEXT NOT NULL CHECK (phase IN ('unopened', 'open', 'waiting', 'closed', 'merged')),
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    owner TEXT,
    customer TEXT,
    contact TEXT,
    opened_at INTEGER NOT NULL,
    due_at INTEGER,
    -- The shape in which `state` is written; `store/stored.rs` reads each.
    v INTEGER NOT NULL,
    state TEXT NOT NULL
) STRICT;
INSERT INTO requests_checked (id, phase, kind, channel, owner, customer, contact, opened_at, due_at, v, state)
    SELECT id, CASE WHEN phase IN ('unopened', 'open', 'waiting', 'closed', 'merged') THEN phase ELSE 'open' END,
           kind, channel, owner, customer, contact, opened_at, due_at, 1, state FROM requests;
DROP TABLE requests;
ALTER TABLE requests_checked RENAME TO requests;
CREATE INDEX requests_by_contact ON requests (contact) WHERE contact IS NOT NULL AND phase IN ('open', 'waiting');
CREATE INDEX requests_by_customer ON requests (customer) WHERE customer IS NOT NULL AND phase IN ('open', 'waiting');

-- A clock that runs is whole in its request's state, and is not written a second time: `clock` has those that have ended.
CREATE TABLE clocks_checked (
    request INTEGER NOT NULL,
    kind TEXT NOT NULL,
    cycle INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'met', 'breached', 'met_late', 'cancelled')),
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
INSERT INTO clocks_checked
    SELECT request, kind, cycle,
           CASE WHEN state IN ('running', 'paused', 'met', 'breached', 'met_late', 'cancelled') THEN state ELSE 'cancelled' END,
           policy, revision, started_at, due_at, breached_at, stopped_at,
           CASE WHEN json_valid(clock) THEN CAST(round(unixepoch(clock ->> '$.acked_at', 'subsec') * 1000) AS INTEGER) END,
           1, clock FROM clocks;
DROP TABLE clocks;
ALTER TABLE clocks_checked RENAME TO clocks;

DROP INDEX alerts_once;
CREATE TABLE alerts_checked (
    id INTEGER PRIMARY KEY,
    request INTEGER,
    kind TEXT,
    cycle INTEGER,
    step TEXT,
    why TEXT NOT NULL CHECK (why IN
        ('breach', 'escalation', 'warning', 'attention', 'update', 'digest', 'violation', 'list', 'report', 'invitation', 'notice')),
    planned_at INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    v INTEGER NOT NULL,
    content TEXT NOT NULL,
    -- Only the step of a clock is about a request.
    CHECK ((request IS NULL) = (kind IS NULL) AND (request IS NULL) = (cycle IS NULL) AND (request IS NULL) = (step IS NULL))
) STRICT;
INSERT INTO alerts_checked
    SELECT id, request, kind, cycle, step,
           CASE WHEN why IN ('breach', 'escalation', 'warning', 'attention', 'update', 'digest', 'violation', 'list', 'report', 'invitation', 'notice')
                THEN why ELSE 'notice' END,
           planned_at, decided_at, 1, content FROM alerts;
DROP TABLE alerts;
ALTER TABLE alerts_checked RENAME TO alerts;
CREATE UNIQUE INDEX alerts_once ON alerts (request, kind, cycle, step) WHERE request IS NOT NULL;

CREATE TABLE deliveries_checked (
    id INTEGER PRIMARY KEY,
    alert INTEGER NOT NULL,
    person TEXT,
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('pending', 'held', 'leased', 'sent', 'unneeded', 'gathered', 'handed_over', 'dead', 'dropped')),
    rank INTEGER NOT NULL,
    planned_at INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (0 <= attempts),
    fence INTEGER NOT NULL DEFAULT 0 CHECK (0 <= fence),
    in_doubt INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt IN (0, 1)),
    finished_at INTEGER,
    answer TEXT,
    gathered_into INTEGER,
    -- While a message is made of several, it is held itself, as `digest:` and its cause.
    held_for TEXT CHECK (replace(held_for, 'digest:', '') IN ('downtime', 'history', 'edit', 'burst', 'quiet', 'daily', 'silence')),
    route TEXT,
    reference TEXT,
    updates INTEGER,
    sent_at INTEGER,
    silence INTEGER,
    CHECK (state <> 'held' OR held_for IS NOT NULL),
    CHECK (state <> 'gathered' OR gathered_into IS NOT NULL),
    CHECK ((finished_at IS NOT NULL) = (state IN ('sent', 'unneeded', 'handed_over', 'dead', 'dropped')))
) STRICT;
INSERT INTO deliveries_checked
    WITH read AS (
        SELECT *,
               CASE WHEN state = 'held' AND coalesce(replace(held_for, 'digest:', ''), '') NOT IN
                             ('downtime', 'history', 'edit', 'burst', 'quiet', 'daily', 'silence') THEN 'pending'
                    WHEN state = 'gathered' AND gathered_into IS NULL THEN 'unneeded'
                    WHEN state IN ('pending', 'held', 'leased', 'sent', 'unneeded', 'gathered', 'handed_over', 'dead', 'dropped') THEN state
                    ELSE 'dead' END AS checked
        FROM deliveries)
    SELECT id, alert, person, destination, checked, rank, planned_at, decided_at, next_at, max(attempts, 0), max(fence, 0), in_doubt <> 0,
           CASE WHEN checked IN ('sent', 'unneeded', 'handed_over', 'dead', 'dropped') THEN coalesce(finished_at, decided_at) END,
           answer, gathered_into,
           CASE WHEN replace(held_for, 'digest:', '') IN ('downtime', 'history', 'edit', 'burst', 'quiet', 'daily', 'silence') THEN held_for END,
           route, reference, updates, sent_at, silence
    FROM read;
DROP TABLE deliveries;
ALTER TABLE deliveries_checked RENAME TO deliveries;
CREATE INDEX deliveries_leased ON deliveries (id) WHERE state = 'leased';
CREATE INDEX deliveries_gathered ON deliveries (gathered_into, rank, planned_at) WHERE gathered_into IS NOT NULL;
CREATE INDEX deliveries_by_alert ON deliveries (alert);
CREATE INDEX deliveries_held ON deliveries (held_for, person, destination, next_at) WHERE state = 'held';
CREATE INDEX deliveries_released ON deliveries (next_at) WHERE state = 'held' AND held_for NOT IN ('downtime', 'history', 'edit');
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE state = 'sent';
CREATE INDEX deliveries_waiting ON deliveries (destination, decided_at) WHERE state = 'pending' AND updates IS NULL;
CREATE INDEX deliveries_pending ON deliveries (destination, rank, planned_at, next_at) WHERE state = 'pending';
CREATE INDEX deliveries_silenced ON deliveries (silence) WHERE state = 'held' AND silence IS NOT NULL;

-- The journal's bodies are in the form of docs/events.md, which only grows, and need no number.
ALTER TABLE violations ADD COLUMN v INTEGER NOT NULL DEFAULT 1;
