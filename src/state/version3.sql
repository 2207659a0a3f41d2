CREATE TABLE run_day (
    flow        TEXT    NOT NULL,
    day         TEXT    NOT NULL,
    runs        INTEGER NOT NULL,
    failed      INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    found       INTEGER NOT NULL,
    took_ms     INTEGER NOT NULL,
    PRIMARY KEY (flow, day)
);
CREATE TABLE alive (
    day        TEXT    NOT NULL PRIMARY KEY,
    since_ms   INTEGER NOT NULL,
    alive_ms   INTEGER NOT NULL
);
CREATE TABLE found (
    flow       TEXT    NOT NULL PRIMARY KEY,
    last_ms    INTEGER NOT NULL,
    longest_ms INTEGER NOT NULL,
    times      INTEGER NOT NULL
)
