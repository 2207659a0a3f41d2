IF OBJECT_ID(N'{requests:text}', N'U') IS NULL CREATE TABLE {requests} (
    id        bigint         IDENTITY(1,1) NOT NULL PRIMARY KEY,
    flow      nvarchar(128)  NOT NULL,
    what      nvarchar(16)   NOT NULL DEFAULT 'sync',
    filter    nvarchar(max)  NULL,
    who       nvarchar(128)  NOT NULL DEFAULT '',
    asked_at  datetime2(3)   NOT NULL DEFAULT SYSUTCDATETIME(),
    taken_at  datetime2(3)   NULL,
    ended_at  datetime2(3)   NULL,
    outcome   nvarchar(16)   NULL,
    said      nvarchar(max)  NULL,
    taken_by  nvarchar(64)   NULL,
    beat_ms   bigint         NULL,
    tries     int            NOT NULL DEFAULT 0
);
