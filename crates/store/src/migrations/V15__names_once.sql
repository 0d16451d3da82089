-- Events are written without their source and id, which have columns of their own; what is written with them is read all the same.

-- When the act that broke a rule was taken back: it counts no longer, and nobody is told of it any more.
ALTER TABLE violations ADD COLUMN taken_back_at INTEGER;

-- What is being forgotten, until there is a receipt of it: whoever asks again after a kill goes on with the same requests, which tell no longer
-- whose they were.
CREATE TABLE begun_erasures (
    subject BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    requests TEXT NOT NULL,
    mentioned_in TEXT NOT NULL
) STRICT;
