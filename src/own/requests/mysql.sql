CREATE TABLE IF NOT EXISTS {requests} (
    id        bigint        NOT NULL AUTO_INCREMENT PRIMARY KEY,
    flow      varchar(128)  NOT NULL,
    what      varchar(16)   NOT NULL DEFAULT 'sync',
    filter    text,
    who       varchar(128)  NOT NULL DEFAULT '',
    asked_at  timestamp(3)  NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    taken_at  timestamp(3)  NULL DEFAULT NULL,
    ended_at  timestamp(3)  NULL DEFAULT NULL,
    outcome   varchar(16),
    said      text,
    taken_by  varchar(64),
    beat_ms   bigint,
    tries     int           NOT NULL DEFAULT 0
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
