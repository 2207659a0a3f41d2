IF OBJECT_ID(N'{lease:text}', N'U') IS NULL CREATE TABLE {lease} (
    pair     nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    epoch    bigint        NOT NULL,
    owner    nvarchar(255) NULL
);
IF OBJECT_ID(N'{heartbeat:text}', N'U') IS NULL CREATE TABLE {heartbeat} (
    pair     nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    beat_ms  bigint        NOT NULL
);
IF OBJECT_ID(N'{link:text}', N'U') IS NULL CREATE TABLE {link} (
    shop        nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    record      nvarchar(32)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    record_key  nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    target_id   nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    columns     nvarchar(max) NOT NULL,
    kind        nvarchar(32)  NOT NULL,
    linked_ms   bigint        NOT NULL,
    PRIMARY KEY (shop, record, record_key),
    UNIQUE (shop, record, target_id)
);
IF OBJECT_ID(N'{wrote:text}', N'U') IS NULL CREATE TABLE {wrote} (
    shop        nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    record      nvarchar(32)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    record_key  nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    part        nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    fields      nvarchar(max) NOT NULL,
    PRIMARY KEY (shop, record, record_key, part)
);
IF OBJECT_ID(N'{need:text}', N'U') IS NULL CREATE TABLE {need} (
    shop        nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    record      nvarchar(32)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    record_key  nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    needed      nvarchar(32)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    met         int           NOT NULL,
    PRIMARY KEY (shop, record, record_key, needed)
);
IF OBJECT_ID(N'{decision:text}', N'U') IS NULL CREATE TABLE {decision} (
    shop        nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    record      nvarchar(32)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    kind        nvarchar(16)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    item        nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    detail      nvarchar(max) NOT NULL,
    decided_ms  bigint        NOT NULL,
    PRIMARY KEY (shop, record, kind, item)
);
IF OBJECT_ID(N'{generation:text}', N'U') IS NULL CREATE TABLE {generation} (
    flow        nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
    generation  nvarchar(64)  NOT NULL
);
IF OBJECT_ID(N'{mail:text}', N'U') IS NULL CREATE TABLE {mail} (
    shop        nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    record_key  nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    kind        nvarchar(16)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    item        nvarchar(64)  COLLATE Latin1_General_100_BIN2 NOT NULL,
    standing    nvarchar(16)  NOT NULL,
    tries       bigint        NOT NULL,
    next_ms     bigint        NOT NULL,
    detail      nvarchar(max) NOT NULL,
    changed_ms  bigint        NOT NULL,
    PRIMARY KEY (shop, record_key, kind, item)
);
IF OBJECT_ID(N'{approval:text}', N'U') IS NULL CREATE TABLE {approval} (
    flow        nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
    record_key  nvarchar(255) COLLATE Latin1_General_100_BIN2 NOT NULL,
    digest      nvarchar(64)  NOT NULL,
    standing    nvarchar(16)  NOT NULL,
    detail      nvarchar(max) NOT NULL,
    reason      nvarchar(max) NOT NULL,
    decided_by  nvarchar(128) NOT NULL,
    asked_ms    bigint        NOT NULL,
    decided_ms  bigint        NOT NULL,
    PRIMARY KEY (flow, record_key)
);
