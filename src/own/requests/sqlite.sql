CREATE TABLE IF NOT EXISTS {requests} (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    flow      TEXT    NOT NULL,
    what      TEXT    NOT NULL DEFAULT 'sync',
    filter    TEXT,
    who       TEXT    NOT NULL DEFAULT '',
    asked_at  TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP,
    taken_at  TEXT,
    ended_at  TEXT,
    outcome   TEXT,
    said      TEXT,
    taken_by  TEXT,
    beat_ms   INTEGER,
    tries     INTEGER NOT NULL DEFAULT 0
);
