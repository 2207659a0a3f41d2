CREATE TABLE paused (
    flow     TEXT    NOT NULL PRIMARY KEY,
    since_ms INTEGER NOT NULL
)
