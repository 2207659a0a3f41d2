CREATE TABLE IF NOT EXISTS {lease} (
    pair     VARCHAR(128) NOT NULL PRIMARY KEY,
    epoch    BIGINT       NOT NULL,
    owner    VARCHAR(255)
);
CREATE TABLE IF NOT EXISTS {heartbeat} (
    pair     VARCHAR(128) NOT NULL PRIMARY KEY,
    beat_ms  BIGINT       NOT NULL
);
CREATE TABLE IF NOT EXISTS {link} (
    shop        VARCHAR(64)  NOT NULL,
    record      VARCHAR(32)  NOT NULL,
    record_key  VARCHAR(255) NOT NULL,
    target_id   VARCHAR(64)  NOT NULL,
    columns     TEXT         NOT NULL,
    kind        VARCHAR(32)  NOT NULL,
    linked_ms   BIGINT       NOT NULL,
    PRIMARY KEY (shop, record, record_key),
    CONSTRAINT ponte_link_target UNIQUE (shop, record, target_id)
);
CREATE TABLE IF NOT EXISTS {wrote} (
    shop        VARCHAR(64)  NOT NULL,
    record      VARCHAR(32)  NOT NULL,
    record_key  VARCHAR(255) NOT NULL,
    part        VARCHAR(64)  NOT NULL,
    fields      TEXT         NOT NULL,
    PRIMARY KEY (shop, record, record_key, part)
);
CREATE TABLE IF NOT EXISTS {need} (
    shop        VARCHAR(64)  NOT NULL,
    record      VARCHAR(32)  NOT NULL,
    record_key  VARCHAR(255) NOT NULL,
    needed      VARCHAR(32)  NOT NULL,
    met         INTEGER      NOT NULL,
    PRIMARY KEY (shop, record, record_key, needed)
);
CREATE TABLE IF NOT EXISTS {decision} (
    shop        VARCHAR(64)  NOT NULL,
    record      VARCHAR(32)  NOT NULL,
    kind        VARCHAR(16)  NOT NULL,
    item        VARCHAR(255) NOT NULL,
    detail      TEXT         NOT NULL,
    decided_ms  BIGINT       NOT NULL,
    PRIMARY KEY (shop, record, kind, item)
);
CREATE TABLE IF NOT EXISTS {generation} (
    flow        VARCHAR(128) NOT NULL PRIMARY KEY,
    generation  VARCHAR(64)  NOT NULL
);
CREATE TABLE IF NOT EXISTS {mail} (
    shop        text NOT NULL,
    record_key  text NOT NULL,
    kind        text NOT NULL,
    item        text NOT NULL,
    standing    text NOT NULL,
    tries       integer NOT NULL,
    next_ms     integer NOT NULL,
    detail      text NOT NULL,
    changed_ms  integer NOT NULL,
    PRIMARY KEY (shop, record_key, kind, item)
);
CREATE TABLE IF NOT EXISTS {approval} (
    flow        text NOT NULL,
    record_key  text NOT NULL,
    digest      text NOT NULL,
    standing    text NOT NULL,
    detail      text NOT NULL,
    reason      text NOT NULL,
    decided_by  text NOT NULL,
    asked_ms    integer NOT NULL,
    decided_ms  integer NOT NULL,
    PRIMARY KEY (flow, record_key)
);
