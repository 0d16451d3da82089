-- Which silence holds a delivery back: two may end at one instant, and one that ends before its time lets go only what it held.
ALTER TABLE deliveries ADD COLUMN silence INTEGER;
UPDATE deliveries SET silence = (SELECT max(s.id) FROM silences s WHERE s.ends_at = deliveries.next_at)
WHERE state = 'held' AND held_for = 'silence';
CREATE INDEX deliveries_silenced ON deliveries (silence) WHERE state = 'held' AND silence IS NOT NULL;

-- Those that may hold, among all that ever were.
CREATE INDEX silences_open ON silences (ends_at) WHERE ended_at IS NULL;
