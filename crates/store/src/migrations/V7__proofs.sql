-- A token is bound to a source, and where wanted to types and a channel. Those that were made before bear their own name.
ALTER TABLE tokens ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN types TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN channel TEXT;
ALTER TABLE tokens ADD COLUMN expires_at INTEGER;
ALTER TABLE tokens ADD COLUMN used_at INTEGER;
UPDATE tokens SET source = name;

-- What is let in over TCP without a token; it only ever closes.
INSERT OR IGNORE INTO meta (key, value) SELECT 'open_without_token', 'nothing' WHERE EXISTS (SELECT 1 FROM tokens);

-- How it is known who did something, as event JSON has it. None of what was written down before proofs were kept.
ALTER TABLE acts ADD COLUMN proof TEXT;

-- Mail that bears an address of the house and that nobody vouches for; plazo status counts it.
CREATE INDEX journal_unproven ON journal (at)
    WHERE source = 'email' AND json_extract(body, '$.proof.lacks') IS NOT NULL;

-- Links of alerts that do no longer work: all that were made before that instant for the person, or for everybody (an empty name).
CREATE TABLE link_revocations (
    person TEXT PRIMARY KEY,
    before INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
