-- A message may wait until its reader is back, who was away when somebody else was told.
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
    held_for TEXT CHECK (replace(held_for, 'digest:', '') IN ('downtime', 'history', 'edit', 'burst', 'quiet', 'daily', 'silence', 'away')),
    route TEXT,
    reference TEXT,
    updates INTEGER,
    sent_at INTEGER,
    silence INTEGER,
    CHECK (state <> 'held' OR held_for IS NOT NULL),
    CHECK (state <> 'gathered' OR gathered_into IS NOT NULL),
    CHECK ((finished_at IS NOT NULL) = (state IN ('sent', 'unneeded', 'handed_over', 'dead', 'dropped')))
) STRICT;
INSERT INTO deliveries_checked SELECT * FROM deliveries;
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
