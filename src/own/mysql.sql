CREATE TABLE IF NOT EXISTS {lease} (
    pair     varchar(128) NOT NULL PRIMARY KEY,
    epoch    bigint       NOT NULL,
    owner    varchar(255)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {heartbeat} (
    pair     varchar(128) NOT NULL PRIMARY KEY,
    beat_ms  bigint       NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {link} (
    shop        varchar(64)  NOT NULL,
    record      varchar(32)  NOT NULL,
    record_key  varchar(255) NOT NULL,
    target_id   varchar(64)  NOT NULL,
    columns     text         NOT NULL,
    kind        varchar(32)  NOT NULL,
    linked_ms   bigint       NOT NULL,
    PRIMARY KEY (shop, record, record_key),
    UNIQUE KEY ponte_link_target (shop, record, target_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {wrote} (
    shop        varchar(64)  NOT NULL,
    record      varchar(32)  NOT NULL,
    record_key  varchar(255) NOT NULL,
    part        varchar(64)  NOT NULL,
    fields      text         NOT NULL,
    PRIMARY KEY (shop, record, record_key, part)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {need} (
    shop        varchar(64)  NOT NULL,
    record      varchar(32)  NOT NULL,
    record_key  varchar(255) NOT NULL,
    needed      varchar(32)  NOT NULL,
    met         int          NOT NULL,
    PRIMARY KEY (shop, record, record_key, needed)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {decision} (
    shop        varchar(64)  NOT NULL,
    record      varchar(32)  NOT NULL,
    kind        varchar(16)  NOT NULL,
    item        varchar(255) NOT NULL,
    detail      text         NOT NULL,
    decided_ms  bigint       NOT NULL,
    PRIMARY KEY (shop, record, kind, item)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {generation} (
    flow        varchar(128) NOT NULL PRIMARY KEY,
    generation  varchar(64)  NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {mail} (
    shop        varchar(64) NOT NULL,
    record_key  varchar(255) NOT NULL,
    kind        varchar(16) NOT NULL,
    item        varchar(64) NOT NULL,
    standing    varchar(16) NOT NULL,
    tries       bigint NOT NULL,
    next_ms     bigint NOT NULL,
    detail      text NOT NULL,
    changed_ms  bigint NOT NULL,
    PRIMARY KEY (shop, record_key, kind, item),
    KEY ponte_mail_standing (shop, standing, next_ms)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS {approval} (
    flow        varchar(128) NOT NULL,
    record_key  varchar(255) NOT NULL,
    digest      varchar(64) NOT NULL,
    standing    varchar(16) NOT NULL,
    detail      mediumtext NOT NULL,
    reason      text NOT NULL,
    decided_by  varchar(128) NOT NULL,
    asked_ms    bigint NOT NULL,
    decided_ms  bigint NOT NULL,
    PRIMARY KEY (flow, record_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
