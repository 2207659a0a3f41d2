CREATE TABLE told (
    channel TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    flow    TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    mark    INTEGER NOT NULL,
    told_ms INTEGER NOT NULL,
    PRIMARY KEY (channel, kind, flow)
);
CREATE TABLE channel (
    name       TEXT    NOT NULL PRIMARY KEY,
    last_ms    INTEGER NOT NULL,
    summary_ms INTEGER NOT NULL
)
