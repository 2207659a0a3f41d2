CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    flow        TEXT    NOT NULL,
    scope       TEXT    NOT NULL,
    started_ms  INTEGER NOT NULL,
    finished_ms INTEGER,
    outcome     TEXT,
    counts      TEXT,
    error       TEXT
);
CREATE INDEX run_of_flow ON run (flow, id);
CREATE TABLE quarantine (
    flow          TEXT    NOT NULL,
    record_key    TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    message       TEXT    NOT NULL,
    advice        TEXT    NOT NULL,
    first_seen_ms INTEGER NOT NULL,
    last_seen_ms  INTEGER NOT NULL,
    tries         INTEGER NOT NULL,
    PRIMARY KEY (flow, record_key)
);
CREATE TABLE quarantine_left_out (
    flow  TEXT    NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL
);
CREATE TABLE known_order (
    shop  TEXT NOT NULL PRIMARY KEY,
    lines TEXT NOT NULL
)
