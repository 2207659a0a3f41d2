-- @P1 bigint,@P2 nvarchar(4000),@P3 nvarchar(4000)
UPDATE [ponte].[lease] SET epoch = @P1, owner = CAST(@P2 AS varchar(8000)) WHERE pair = CAST(@P3 AS varchar(8000));

-- @P1 nvarchar(4000)
SELECT 1 FROM [ponte].[heartbeat] WHERE pair = CAST(@P1 AS varchar(8000));

-- @P1 nvarchar(4000)
SELECT 1 FROM [ponte].[lease] WHERE pair = CAST(@P1 AS varchar(8000));

-- @P1 nvarchar(4000)
SELECT epoch FROM [ponte].[lease] WITH (REPEATABLEREAD, ROWLOCK) WHERE pair = CAST(@P1 AS varchar(8000));

-- @P1 nvarchar(4000)
SELECT epoch, owner FROM [ponte].[lease] WITH (UPDLOCK, ROWLOCK) WHERE pair = CAST(@P1 AS varchar(8000));

-- @P1 nvarchar(4000)
UPDATE [ponte].[heartbeat] SET beat_ms = (CAST(DATEDIFF(DAY, '19700101', SYSUTCDATETIME()) AS bigint) * 86400000 + DATEDIFF(MILLISECOND, CAST(SYSUTCDATETIME() AS date), SYSUTCDATETIME())) WHERE pair = CAST(@P1 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 bigint
UPDATE [ponte].[lease] SET owner = NULL WHERE pair = CAST(@P1 AS varchar(8000)) AND epoch = @P2;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION; SELECT epoch FROM [ponte].[lease] WITH (REPEATABLEREAD, ROWLOCK) WHERE pair = N'shop.main';

SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION; SELECT epoch FROM [ponte].[lease] WITH (REPEATABLEREAD, ROWLOCK) WHERE pair = N'shop.main'; SELECT CAST(o.object_id AS bigint), o.modify_date FROM sys.objects AS o WHERE o.object_id IN (901579322, 901579370, 901579418);

