-- Rules that were broken. `next_at` is when the ladder goes on, until somebody answers for it.
CREATE TABLE violations (
    id INTEGER PRIMARY KEY,
    request INTEGER NOT NULL,
    at INTEGER NOT NULL,
    noticed_at INTEGER NOT NULL,
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    who TEXT,
    owner TEXT,
    violation TEXT NOT NULL,
    n_told INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER,
    excuse TEXT,
    excused_by TEXT,
    excused_at INTEGER
) STRICT;
CREATE INDEX violations_by_request ON violations (request);
CREATE INDEX violations_by_time ON violations (at);
CREATE INDEX violations_next ON violations (next_at) WHERE next_at IS NOT NULL;

-- Which requests wait for which to be done (rule B4).
CREATE TABLE blocks (
    blocker INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    PRIMARY KEY (blocker, blocked)
) STRICT, WITHOUT ROWID;

-- Whoever asks, as far as the channel tells (rule C3).
ALTER TABLE requests ADD COLUMN contact TEXT;
CREATE INDEX requests_by_contact ON requests (contact) WHERE contact IS NOT NULL AND phase IN ('open', 'waiting');
CREATE INDEX requests_by_customer ON requests (customer) WHERE customer IS NOT NULL AND phase IN ('open', 'waiting');

-- Types of event that were only noted are facts of their own now. What they said besides stands in `refs`; those that cannot do
-- without it become the comments that they were.
UPDATE journal SET body = json_set(json_remove(body, '$.what'), '$.type',
    CASE json_extract(body, '$.what')
        WHEN 'block' THEN 'comment' WHEN 'split' THEN 'comment' WHEN 'stage' THEN 'comment'
        ELSE json_extract(body, '$.what') END)
 WHERE body IS NOT NULL AND json_extract(body, '$.type') = 'noted';

-- An email is acknowledged on its own thread; until now any answer did.
UPDATE requests SET state = json_set(state, '$.marks.unacknowledged_since', json_extract(state, '$.marks.unanswered_since'))
 WHERE json_extract(state, '$.marks.unanswered_since') IS NOT NULL;
