-- @P1 bigint
SELECT CAST(i.index_id AS int), i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = @P1 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 AND ic.is_included_column = 0 AND ic.key_ordinal > 0 ORDER BY i.index_id, ic.key_ordinal;

-- @P1 nvarchar(4000)
SELECT * FROM (SELECT i.No_ AS sku, 'always' AS [rule]
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.Description <> '' AND i.[Type] <> 0
) s WHERE LTRIM(RTRIM(s.sku)) IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT * FROM (SELECT i.No_ AS sku, COALESCE(NULLIF(e.[Location Code], ''), '-') AS warehouse, CAST(SUM(e.Quantity) AS DECIMAL(19, 6)) AS quantity
FROM [CRONUS Italia S_p_A_$Item] i
LEFT JOIN [CRONUS Italia S_p_A_$Item Ledger Entry] e ON e.[Item No_] = i.No_
WHERE i.Description <> '' AND NOT (i.[Type] <> 0)
GROUP BY i.No_, e.[Location Code]
) s WHERE LTRIM(RTRIM(s.sku)) IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT * FROM (SELECT l.No_ AS sku, NULLIF(l.[Location Code], '') AS warehouse, CAST(l.[Outstanding Qty_ (Base)] AS DECIMAL(19, 6)) AS quantity, l.[Document No_] AS document
FROM [CRONUS Italia S_p_A_$Sales Line] l
WHERE l.[Document Type] = 1 AND l.[Type] = 2 AND l.[Outstanding Qty_ (Base)] > 0
) s WHERE LTRIM(RTRIM(s.sku)) IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT * FROM (SELECT p.web_reference AS reference, l.No_ AS sku, CAST(SUM(l.[Quantity (Base)]) AS DECIMAL(19, 6)) AS quantity
FROM PONTE_ORDERS p
JOIN [CRONUS Italia S_p_A_$Sales Header] h ON h.[Document Type] = 1 AND h.No_ = p.document_no
JOIN [CRONUS Italia S_p_A_$Sales Line] l ON l.[Document Type] = 1 AND l.[Document No_] = h.No_ AND l.[Type] = 2
GROUP BY p.web_reference, l.No_
UNION ALL
SELECT p.web_reference, CAST(NULL AS NVARCHAR(20)), CAST(NULL AS DECIMAL(19, 6))
FROM PONTE_ORDERS p
WHERE p.status = 'cancelled'
   OR (p.document_no <> '' AND NOT EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Header] h WHERE h.[Document Type] = 1 AND h.No_ = p.document_no))
) s WHERE LTRIM(RTRIM(s.reference)) IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 bigint
SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, c.is_computed, CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), c.collation_name, CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT', c.name, N'COLUMN'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'UPDATE', c.name, N'COLUMN') FROM sys.columns AS c WHERE c.object_id = @P3 ORDER BY c.column_id;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT s.name, o.name, CAST(RTRIM(o.type) AS nvarchar(2)), CAST(o.object_id AS bigint), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'INSERT'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'DELETE'), o.modify_date FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.object_id = OBJECT_ID(@P3) AND o.type IN ('U', 'V');

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

