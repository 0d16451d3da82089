-- The ways still to be tried after this one, as a JSON list.
ALTER TABLE deliveries ADD COLUMN route TEXT;
-- What the peer calls the message: its thread, its ticket, what is edited when it is over.
ALTER TABLE deliveries ADD COLUMN reference TEXT;
-- The delivery whose message this one replaces.
ALTER TABLE deliveries ADD COLUMN updates INTEGER;
-- When the last try began: with the step's instant, the decision's and the answer's it tells where time was lost.
ALTER TABLE deliveries ADD COLUMN sent_at INTEGER;
CREATE INDEX deliveries_released ON deliveries (next_at) WHERE state = 'held';
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE state = 'sent';

-- Until when further alerts to the same reader are gathered into one message.
CREATE TABLE windows (
    person TEXT NOT NULL,
    destination TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (person, destination)
) STRICT, WITHOUT ROWID;

-- What nobody wants to hear of for a while.
CREATE TABLE silences (
    id INTEGER PRIMARY KEY,
    matcher TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    who TEXT,
    why TEXT,
    created_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

-- Spans in which plazo did not run.
CREATE TABLE downtimes (
    began_at INTEGER PRIMARY KEY,
    ended_at INTEGER NOT NULL
) STRICT;
