-- @P1 bigint
SELECT CAST(i.index_id AS int), i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = @P1 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 AND ic.is_included_column = 0 AND ic.key_ordinal > 0 ORDER BY i.index_id, ic.key_ordinal;

-- @P1 nvarchar(4000)
SELECT * FROM (SELECT n.number AS id, n.web_reference, 'note' AS kind FROM credit_notes n WHERE n.web_reference IS NOT NULL) f WHERE [web_reference] IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT a.sku, a.sku AS article FROM articles a WHERE a.sku IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT d.reference, d.id, d.number, d.total, d.state, d.day FROM (SELECT o.web_reference AS reference, o.number AS id, o.number, o.total,
       CASE WHEN o.status = 'cancelled' THEN 'cancelled'
            WHEN o.status = 'closed' THEN 'delivered'
            WHEN NOT EXISTS (SELECT 1 FROM document_lines d WHERE d.order_number = o.number)
             AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_number = o.number AND l.delivered_quantity + 0 > 0) THEN 'open'
            WHEN EXISTS (SELECT 1 FROM order_lines l WHERE l.order_number = o.number AND l.sku IS NOT NULL AND l.quantity - l.delivered_quantity > 0) THEN 'picked'
            ELSE 'delivered' END AS state,
       o.order_date AS day, c.email, c.name, o.note
FROM orders o
JOIN customers c ON c.number = o.customer
) d WHERE [id] IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT o.customer, o.number FROM orders o WHERE o.number = CAST(@P1 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 bigint,@P3 nvarchar(4000),@P4 nvarchar(4000),@P5 nvarchar(4000),@P6 nvarchar(4000),@P7 nvarchar(4000),@P8 nvarchar(4000)
SET NOCOUNT ON; INSERT INTO [credit_note_lines] ([note_number], [line], [sku], [description], [quantity], [unit_price], [amount], [tax_class]) VALUES (@P1, @P2, @P3, @P4, CAST(@P5 AS decimal(18,4)), CAST(@P6 AS decimal(18,4)), CAST(@P7 AS decimal(18,2)), @P8);

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
INSERT INTO [ponte].[generation] (flow, generation) VALUES (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT COUNT(*) FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
UPDATE [ponte].[generation] SET generation = CAST(@P1 AS varchar(8000)) WHERE flow = CAST(@P2 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 bigint
SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, c.is_computed, CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), c.collation_name, CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT', c.name, N'COLUMN'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'UPDATE', c.name, N'COLUMN') FROM sys.columns AS c WHERE c.object_id = @P3 ORDER BY c.column_id;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT item FROM [ponte].[decision] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND kind = CAST(@P3 AS varchar(8000)) ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT record_key, target_id, columns, kind FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key IN (CAST(@P3 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT s.name, o.name, CAST(RTRIM(o.type) AS nvarchar(2)), CAST(o.object_id AS bigint), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'INSERT'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'DELETE'), o.modify_date FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.object_id = OBJECT_ID(@P3) AND o.type IN ('U', 'V');

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000),@P5 nvarchar(4000),@P6 date,@P7 nvarchar(4000),@P8 nvarchar(4000),@P9 nvarchar(4000),@P10 nvarchar(4000),@P11 nvarchar(4000)
SET NOCOUNT ON; INSERT INTO [credit_notes] ([number], [order_number], [customer], [status], [web_reference], [note_date], [currency], [net_total], [total], [payment_method], [reason]) VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, CAST(@P8 AS decimal(18,2)), CAST(@P9 AS decimal(18,2)), @P10, @P11);

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000),@P5 nvarchar(4000),@P6 nvarchar(4000),@P7 nvarchar(4000),@P8 nvarchar(4000),@P9 nvarchar(4000),@P10 nvarchar(4000)
SET NOCOUNT ON; INSERT INTO [credit_note_taxes] ([note_number], [tax_class], [net], [tax]) VALUES (@P1, @P2, CAST(@P3 AS decimal(18,2)), CAST(@P4 AS decimal(18,2)));
INSERT INTO [ponte].[link] (shop, record, record_key, target_id, columns, kind, linked_ms) VALUES (CAST(@P5 AS varchar(8000)), CAST(@P6 AS varchar(8000)), CAST(@P7 AS varchar(8000)), CAST(@P8 AS varchar(8000)), CAST(@P9 AS varchar(8000)), CAST(@P10 AS varchar(8000)), (CAST(DATEDIFF(DAY, '19700101', SYSUTCDATETIME()) AS bigint) * 86400000 + DATEDIFF(MILLISECOND, CAST(SYSUTCDATETIME() AS date), SYSUTCDATETIME())));

COMMIT TRANSACTION;

DECLARE @taken TABLE (number NVARCHAR(40)); UPDATE counters SET value = value + 1 OUTPUT inserted.prefix + CAST(inserted.value AS VARCHAR(20)) INTO @taken (number) WHERE name = 'web_credit'; SELECT number FROM @taken;

SELECT (CAST(DATEDIFF(DAY, '19700101', SYSUTCDATETIME()) AS bigint) * 86400000 + DATEDIFF(MILLISECOND, CAST(SYSUTCDATETIME() AS date), SYSUTCDATETIME()));

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SELECT t.rate, MIN(t.code) AS code FROM tax_classes t GROUP BY t.rate;

SELECT w.code FROM warehouses w;

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION;

