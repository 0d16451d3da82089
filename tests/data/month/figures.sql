-- The figures of a report, recomputed from the journal by plain SQL: nothing here knows how plazo computes them.
-- :from and :to are the period in milliseconds.

-- Open hours of `oficina`, day by day: Monday to Friday 8–12 and 13–18, Saturday 8–12, Bogotá (UTC−5), 23 March closed.
CREATE TEMP TABLE open_hours AS
WITH RECURSIVE days (day) AS (
    SELECT date('2026-02-22') UNION ALL SELECT date(day, '+1 day') FROM days WHERE day < '2026-04-10'
), hours (day, opens, closes) AS (
    SELECT day, '08:00', '12:00' FROM days WHERE strftime('%w', day) <> '0'
    UNION ALL SELECT day, '13:00', '18:00' FROM days WHERE strftime('%w', day) NOT IN ('0', '6')
)
SELECT unixepoch(day || ' ' || opens || ':00-05:00') * 1000 AS opens, unixepoch(day || ' ' || closes || ':00-05:00') * 1000 AS closes
FROM hours WHERE day <> '2026-03-23';

-- What moves a client's wait: asking, answering so that it counts, delivering, closing.
CREATE TEMP TABLE steps AS
SELECT request, at, seq,
    CASE
        WHEN type = 'message' AND json_extract(body, '$.direction') = 'in' THEN 'ask'
        WHEN type = 'message' THEN 'answer'
        WHEN type = 'deliver' THEN 'deliver'
        ELSE 'close'
    END AS step,
    json_extract(body, '$.author.name') AS author
FROM journal j
WHERE body IS NOT NULL AND at < :to
  AND (type IN ('deliver', 'close')
    OR (type = 'message' AND json_extract(body, '$.direction') = 'in')
    OR (type = 'message' AND json_extract(body, '$.direction') = 'out' AND NOT EXISTS (
        SELECT 1 FROM json_each(j.effects) e WHERE json_extract(e.value, '$.check') IN ('authorised', 'automatic', 'empty'))));

CREATE INDEX temp.steps_in_order ON steps (request, at, seq);

-- A wait: from an ask that nothing unanswered precedes to the next step that is no ask.
CREATE TEMP TABLE waits AS
WITH marked AS (
    SELECT *, lag(step) OVER (PARTITION BY request ORDER BY at, seq) AS before FROM steps
)
SELECT s.request, s.at AS began_at,
    (SELECT e.at FROM steps e WHERE e.request = s.request AND e.step <> 'ask' AND (e.at, e.seq) > (s.at, s.seq) ORDER BY e.at, e.seq LIMIT 1) AS ended_at,
    (SELECT e.step FROM steps e WHERE e.request = s.request AND e.step <> 'ask' AND (e.at, e.seq) > (s.at, s.seq) ORDER BY e.at, e.seq LIMIT 1) AS ended_by,
    (SELECT e.author FROM steps e WHERE e.request = s.request AND e.step <> 'ask' AND (e.at, e.seq) > (s.at, s.seq) ORDER BY e.at, e.seq LIMIT 1) AS answered_by,
    NOT EXISTS (SELECT 1 FROM steps e WHERE e.request = s.request AND e.step IN ('answer', 'deliver') AND (e.at, e.seq) < (s.at, s.seq)) AS is_first
FROM marked s WHERE s.step = 'ask' AND (s.before IS NULL OR s.before <> 'ask');

CREATE INDEX temp.waits_by_request ON waits (request);

CREATE TEMP TABLE answered AS
SELECT w.*, r.channel, w.ended_at - w.began_at AS elapsed,
    (SELECT coalesce(sum(min(closes, w.ended_at) - max(opens, w.began_at)), 0) FROM open_hours WHERE opens < w.ended_at AND w.began_at < closes) AS working
FROM waits w JOIN requests r ON r.id = w.request
WHERE w.ended_by IN ('answer', 'deliver') AND :from <= w.ended_at AND w.ended_at < :to;

-- A request is opened, or opened again by an ask after a closing; it is solved by delivering, or by closing what was answered.
CREATE TEMP TABLE openings AS
WITH marked AS (
    SELECT *, lag(step) OVER (PARTITION BY request ORDER BY at, seq) AS before FROM steps
)
SELECT request, at, seq FROM marked WHERE step = 'ask' AND (before IS NULL OR before = 'close');

CREATE INDEX temp.openings_by_request ON openings (request, at, seq);

CREATE TEMP TABLE solved AS
WITH ends AS MATERIALIZED (
    SELECT s.request, s.at, s.seq, s.step,
        (SELECT o.at FROM openings o WHERE o.request = s.request AND (o.at, o.seq) < (s.at, s.seq) ORDER BY o.at DESC, o.seq DESC LIMIT 1) AS opened_at,
        EXISTS (SELECT 1 FROM waits w WHERE w.request = s.request AND w.began_at < s.at AND (w.ended_at IS NULL OR s.at < w.ended_at OR (w.ended_at = s.at AND w.ended_by = 'close'))) AS waiting,
        EXISTS (SELECT 1 FROM steps e WHERE e.request = s.request AND e.step IN ('answer', 'deliver') AND (e.at, e.seq) < (s.at, s.seq)) AS heard
    FROM steps s WHERE s.step IN ('deliver', 'close')
), good AS MATERIALIZED (
    SELECT * FROM ends WHERE opened_at IS NOT NULL AND (step = 'deliver' OR (NOT waiting AND heard))
)
SELECT g.request, g.opened_at, g.at, g.at - g.opened_at AS elapsed,
    (SELECT coalesce(sum(min(closes, g.at) - max(opens, g.opened_at)), 0) FROM open_hours WHERE opens < g.at AND g.opened_at < closes) AS working
FROM good g
WHERE :from <= g.at AND g.at < :to
  AND NOT EXISTS (SELECT 1 FROM good e WHERE e.request = g.request AND e.opened_at = g.opened_at AND (e.at, e.seq) < (g.at, g.seq));

CREATE TEMP TABLE closings AS
SELECT s.request, s.at,
    EXISTS (SELECT 1 FROM waits w WHERE w.request = s.request AND w.ended_at = s.at AND w.ended_by = 'close') AS unattended
FROM steps s JOIN requests r ON r.id = s.request
WHERE s.step = 'close' AND r.channel <> 'slack' AND :from <= s.at AND s.at < :to;

-- In whose hands: after each event the last owner that was named, unless a closing came last; up to the next event or the end.
CREATE TEMP TABLE held AS
WITH stretches AS (
    SELECT j.request, j.at AS began_at, coalesce(lead(j.at) OVER (PARTITION BY j.request ORDER BY j.at, j.seq), :to) AS ended_at,
        (SELECT coalesce(json_extract(o.body, '$.owner'), json_extract(o.body, '$.author.name')) FROM journal o
          WHERE o.request = j.request AND o.type IN ('own', 'open') AND o.body IS NOT NULL AND (o.at, o.seq) <= (j.at, j.seq)
          ORDER BY o.at DESC, o.seq DESC LIMIT 1) AS owner,
        coalesce((SELECT s.step FROM steps s WHERE s.request = j.request AND s.step IN ('ask', 'close') AND (s.at, s.seq) <= (j.at, j.seq)
          ORDER BY s.at DESC, s.seq DESC LIMIT 1), '') = 'close' AS is_closed
    FROM journal j JOIN requests r ON r.id = j.request
    WHERE j.body IS NOT NULL AND j.at < :to AND r.channel <> 'slack'
)
SELECT request, owner, max(began_at, :from) AS began_at, min(ended_at, :to) AS ended_at FROM stretches
WHERE NOT is_closed AND began_at < ended_at AND :from < ended_at;

-- Every wait that was answered in the period or lasts at its end.
CREATE TEMP TABLE longest AS
WITH open_waits AS (SELECT request, began_at, :to AS ended_at FROM waits WHERE ended_at IS NULL)
SELECT request, elapsed, working FROM answered
UNION ALL
SELECT request, ended_at - began_at,
    (SELECT coalesce(sum(min(closes, ended_at) - max(opens, began_at)), 0) FROM open_hours WHERE opens < ended_at AND began_at < closes)
FROM open_waits;
