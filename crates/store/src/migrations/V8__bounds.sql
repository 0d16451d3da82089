-- What is held back is let go in steps that do not grow with how much waits: each finds its next rows by an index.
DROP INDEX deliveries_held;
CREATE INDEX deliveries_held ON deliveries (held_for, person, destination, next_at) WHERE state = 'held';
DROP INDEX deliveries_released;
CREATE INDEX deliveries_released ON deliveries (next_at) WHERE state = 'held' AND held_for NOT IN ('downtime', 'history', 'edit');
DROP INDEX deliveries_gathered;
CREATE INDEX deliveries_gathered ON deliveries (gathered_into, rank, planned_at) WHERE gathered_into IS NOT NULL;

-- What waits for a destination that stands, and may go another way.
CREATE INDEX deliveries_waiting ON deliveries (destination, decided_at) WHERE state = 'pending' AND updates IS NULL;

-- The most urgent of each destination, without passing what waits for one that stands.
DROP INDEX deliveries_pending;
CREATE INDEX deliveries_pending ON deliveries (destination, rank, planned_at, next_at) WHERE state = 'pending';
