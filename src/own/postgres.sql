CREATE TABLE IF NOT EXISTS {lease} (
    pair     varchar(128) PRIMARY KEY,
    epoch    bigint       NOT NULL,
    owner    varchar(255)
);
CREATE TABLE IF NOT EXISTS {heartbeat} (
    pair     varchar(128) PRIMARY KEY,
    beat_ms  bigint       NOT NULL
);
CREATE TABLE IF NOT EXISTS {link} (
    shop        varchar(64)  NOT NULL,
    record      varchar(32)  NOT NULL,
    record_key  varchar(255) COLLATE "C" NOT NULL,
    target_id   varchar(64)  COLLATE "C" NOT NULL,
    columns     text         NOT NULL,
    kind        varchar(32)  NOT NULL,
    linked_ms   bigint       NOT NULL,
    PRIMARY KEY (shop, record, record_key),
    CONSTRAINT ponte_link_target UNIQUE (shop, record, target_id)
);
CREATE TABLE IF NOT EXISTS {wrote} (
    shop        varchar(64)  NOT NULL,
    record      varchar(32)  NOT NULL,
    record_key  varchar(255) COLLATE "C" NOT NULL,
    part        varchar(64)  NOT NULL,
    fields      text         NOT NULL,
    PRIMARY KEY (shop, record, record_key, part)
);
CREATE TABLE IF NOT EXISTS {need} (
    shop        varchar(64)  NOT NULL,
    record      varchar(32)  NOT NULL,
    record_key  varchar(255) COLLATE "C" NOT NULL,
    needed      varchar(32)  NOT NULL,
    met         integer      NOT NULL,
    PRIMARY KEY (shop, record, record_key, needed)
);
CREATE TABLE IF NOT EXISTS {decision} (
    shop        varchar(64)  NOT NULL,
    record      varchar(32)  NOT NULL,
    kind        varchar(16)  NOT NULL,
    item        varchar(255) COLLATE "C" NOT NULL,
    detail      text         NOT NULL,
    decided_ms  bigint       NOT NULL,
    PRIMARY KEY (shop, record, kind, item)
);
CREATE TABLE IF NOT EXISTS {generation} (
    flow        varchar(128) PRIMARY KEY,
    generation  varchar(64)  NOT NULL
);
CREATE TABLE IF NOT EXISTS {mail} (
    shop        text NOT NULL,
    record_key  text NOT NULL,
    kind        text NOT NULL,
    item        text NOT NULL,
    standing    text NOT NULL,
    tries       bigint NOT NULL,
    next_ms     bigint NOT NULL,
    detail      text NOT NULL,
    changed_ms  bigint NOT NULL,
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
    asked_ms    bigint NOT NULL,
    decided_ms  bigint NOT NULL,
    PRIMARY KEY (flow, record_key)
);
