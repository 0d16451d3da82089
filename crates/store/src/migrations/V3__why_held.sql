-- What a held delivery waits for, so that each cause is gathered into a message of its own: `downtime` or `edit`.
ALTER TABLE deliveries ADD COLUMN held_for TEXT;
UPDATE deliveries SET held_for = 'downtime' WHERE state = 'held';
DROP INDEX deliveries_held;
CREATE INDEX deliveries_held ON deliveries (held_for, person, destination) WHERE state = 'held';
