-- What messages cost that are paid for one by one, by month (UTC). The currency is empty where nobody said a price.
CREATE TABLE costs (
    destination TEXT NOT NULL,
    month TEXT NOT NULL,
    currency TEXT NOT NULL,
    n_messages INTEGER NOT NULL CHECK (0 <= n_messages),
    -- Segments of texts, minutes of calls.
    n_units INTEGER NOT NULL CHECK (0 <= n_units),
    micros INTEGER NOT NULL CHECK (0 <= micros),
    PRIMARY KEY (destination, month, currency)
) STRICT, WITHOUT ROWID;

-- Who told a vendor to stop: nothing more goes to them by that way until they undo it.
CREATE TABLE opted_out (
    destination TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (destination, person)
) STRICT, WITHOUT ROWID;

-- What went to somebody's telephone lately, for the bound a person and day: of every delivery an index would be dear.
CREATE TABLE telephoned (
    delivery INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
