-- @P1 bigint
SELECT CAST(i.index_id AS int), i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = @P1 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 AND ic.is_included_column = 0 AND ic.key_ordinal > 0 ORDER BY i.index_id, ic.key_ordinal;

-- @P1 nvarchar(4000)
SELECT [sku] FROM (SELECT i.ItemCode AS sku,
       CAST(CASE WHEN i.frozenFor = 'Y' AND COALESCE(i.frozenFrom, CAST(GETDATE() AS DATE)) <= CAST(GETDATE() AS DATE) AND COALESCE(i.frozenTo, CAST(GETDATE() AS DATE)) >= CAST(GETDATE() AS DATE) THEN 0
                 WHEN i.validFor = 'Y' AND (i.validFrom > CAST(GETDATE() AS DATE) OR i.validTo < CAST(GETDATE() AS DATE)) THEN 0
                 ELSE 1 END AS BIT) AS active,
       NULLIF(i.CodeBars, '') AS barcode, COALESCE(NULLIF(i.VatGourpSa, ''), 'none') AS tax_class,
       CAST(NULLIF(i.SWeight1, 0) * w.WightInMG / 1000000 AS DECIMAL(19, 6)) AS weight,
       CAST(NULLIF(i.SLength1, 0) * l.SizeInMM / 10 AS DECIMAL(19, 6)) AS length,
       CAST(NULLIF(i.SWidth1, 0) * b.SizeInMM / 10 AS DECIMAL(19, 6)) AS width,
       CAST(NULLIF(i.SHeight1, 0) * h.SizeInMM / 10 AS DECIMAL(19, 6)) AS height
FROM OITM i
LEFT JOIN OWGT w ON w.UnitCode = i.SWght1Unit
LEFT JOIN OLGT l ON l.UnitCode = i.SLen1Unit
LEFT JOIN OLGT b ON b.UnitCode = i.SWdth1Unit
LEFT JOIN OLGT h ON h.UnitCode = i.SHght1Unit
WHERE i.SellItem = 'Y') s WHERE [sku] IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 bigint
SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, c.is_computed, CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), c.collation_name, CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT', c.name, N'COLUMN'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'UPDATE', c.name, N'COLUMN') FROM sys.columns AS c WHERE c.object_id = @P3 ORDER BY c.column_id;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT s.name, o.name, CAST(RTRIM(o.type) AS nvarchar(2)), CAST(o.object_id AS bigint), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'INSERT'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'DELETE'), o.modify_date FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.object_id = OBJECT_ID(@P3) AND o.type IN ('U', 'V');

COMMIT TRANSACTION;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SELECT CAST(c.Version / 100000 AS VARCHAR(10)) + '.' + CAST(c.Version / 10000 % 10 AS VARCHAR(10)) AS version FROM CINF c;

SELECT [barcode] FROM (SELECT i.ItemCode AS sku,
       CAST(CASE WHEN i.frozenFor = 'Y' AND COALESCE(i.frozenFrom, CAST(GETDATE() AS DATE)) <= CAST(GETDATE() AS DATE) AND COALESCE(i.frozenTo, CAST(GETDATE() AS DATE)) >= CAST(GETDATE() AS DATE) THEN 0
                 WHEN i.validFor = 'Y' AND (i.validFrom > CAST(GETDATE() AS DATE) OR i.validTo < CAST(GETDATE() AS DATE)) THEN 0
                 ELSE 1 END AS BIT) AS active,
       NULLIF(i.CodeBars, '') AS barcode, COALESCE(NULLIF(i.VatGourpSa, ''), 'none') AS tax_class,
       CAST(NULLIF(i.SWeight1, 0) * w.WightInMG / 1000000 AS DECIMAL(19, 6)) AS weight,
       CAST(NULLIF(i.SLength1, 0) * l.SizeInMM / 10 AS DECIMAL(19, 6)) AS length,
       CAST(NULLIF(i.SWidth1, 0) * b.SizeInMM / 10 AS DECIMAL(19, 6)) AS width,
       CAST(NULLIF(i.SHeight1, 0) * h.SizeInMM / 10 AS DECIMAL(19, 6)) AS height
FROM OITM i
LEFT JOIN OWGT w ON w.UnitCode = i.SWght1Unit
LEFT JOIN OLGT l ON l.UnitCode = i.SLen1Unit
LEFT JOIN OLGT b ON b.UnitCode = i.SWdth1Unit
LEFT JOIN OLGT h ON h.UnitCode = i.SHght1Unit
WHERE i.SellItem = 'Y') s WHERE [barcode] IS NOT NULL GROUP BY [barcode] HAVING COUNT(*) > 1;

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

-- Before SQL Server 2019

SELECT [sku], [active], [barcode], [tax_class], [weight], [length], [width], [height] FROM (SELECT i.ItemCode AS sku,
       CAST(CASE WHEN i.frozenFor = 'Y' AND COALESCE(i.frozenFrom, CAST(GETDATE() AS DATE)) <= CAST(GETDATE() AS DATE) AND COALESCE(i.frozenTo, CAST(GETDATE() AS DATE)) >= CAST(GETDATE() AS DATE) THEN 0
                 WHEN i.validFor = 'Y' AND (i.validFrom > CAST(GETDATE() AS DATE) OR i.validTo < CAST(GETDATE() AS DATE)) THEN 0
                 ELSE 1 END AS BIT) AS active,
       NULLIF(i.CodeBars, '') AS barcode, COALESCE(NULLIF(i.VatGourpSa, ''), 'none') AS tax_class,
       CAST(NULLIF(i.SWeight1, 0) * w.WightInMG / 1000000 AS DECIMAL(19, 6)) AS weight,
       CAST(NULLIF(i.SLength1, 0) * l.SizeInMM / 10 AS DECIMAL(19, 6)) AS length,
       CAST(NULLIF(i.SWidth1, 0) * b.SizeInMM / 10 AS DECIMAL(19, 6)) AS width,
       CAST(NULLIF(i.SHeight1, 0) * h.SizeInMM / 10 AS DECIMAL(19, 6)) AS height
FROM OITM i
LEFT JOIN OWGT w ON w.UnitCode = i.SWght1Unit
LEFT JOIN OLGT l ON l.UnitCode = i.SLen1Unit
LEFT JOIN OLGT b ON b.UnitCode = i.SWdth1Unit
LEFT JOIN OLGT h ON h.UnitCode = i.SHght1Unit
WHERE i.SellItem = 'Y') s ORDER BY CAST([sku] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

SELECT [sku], [id] FROM (SELECT i.ItemCode AS sku, i.ItmsGrpCod AS id
FROM OITM i
WHERE i.SellItem = 'Y' AND i.ItmsGrpCod IS NOT NULL) s ORDER BY CAST([sku] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

SELECT [sku], [language], [name], [description] FROM (SELECT i.ItemCode AS sku, 'it' AS language, i.ItemName AS name, CAST(i.UserText AS NVARCHAR(MAX)) AS description
FROM OITM i
WHERE i.ItemName <> ''
UNION ALL
SELECT i.ItemCode, 'en', i.FrgnName, CAST(NULL AS NVARCHAR(MAX))
FROM OITM i
WHERE i.FrgnName <> '') s ORDER BY CAST([sku] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

-- Since SQL Server 2019

SELECT [sku], [active], [barcode], [tax_class], [weight], [length], [width], [height] FROM (SELECT i.ItemCode AS sku,
       CAST(CASE WHEN i.frozenFor = 'Y' AND COALESCE(i.frozenFrom, CAST(GETDATE() AS DATE)) <= CAST(GETDATE() AS DATE) AND COALESCE(i.frozenTo, CAST(GETDATE() AS DATE)) >= CAST(GETDATE() AS DATE) THEN 0
                 WHEN i.validFor = 'Y' AND (i.validFrom > CAST(GETDATE() AS DATE) OR i.validTo < CAST(GETDATE() AS DATE)) THEN 0
                 ELSE 1 END AS BIT) AS active,
       NULLIF(i.CodeBars, '') AS barcode, COALESCE(NULLIF(i.VatGourpSa, ''), 'none') AS tax_class,
       CAST(NULLIF(i.SWeight1, 0) * w.WightInMG / 1000000 AS DECIMAL(19, 6)) AS weight,
       CAST(NULLIF(i.SLength1, 0) * l.SizeInMM / 10 AS DECIMAL(19, 6)) AS length,
       CAST(NULLIF(i.SWidth1, 0) * b.SizeInMM / 10 AS DECIMAL(19, 6)) AS width,
       CAST(NULLIF(i.SHeight1, 0) * h.SizeInMM / 10 AS DECIMAL(19, 6)) AS height
FROM OITM i
LEFT JOIN OWGT w ON w.UnitCode = i.SWght1Unit
LEFT JOIN OLGT l ON l.UnitCode = i.SLen1Unit
LEFT JOIN OLGT b ON b.UnitCode = i.SWdth1Unit
LEFT JOIN OLGT h ON h.UnitCode = i.SHght1Unit
WHERE i.SellItem = 'Y') s ORDER BY CAST(CAST([sku] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(150)), DATALENGTH([sku]);

SELECT [sku], [id] FROM (SELECT i.ItemCode AS sku, i.ItmsGrpCod AS id
FROM OITM i
WHERE i.SellItem = 'Y' AND i.ItmsGrpCod IS NOT NULL) s ORDER BY CAST(CAST([sku] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(150)), DATALENGTH([sku]);

SELECT [sku], [language], [name], [description] FROM (SELECT i.ItemCode AS sku, 'it' AS language, i.ItemName AS name, CAST(i.UserText AS NVARCHAR(MAX)) AS description
FROM OITM i
WHERE i.ItemName <> ''
UNION ALL
SELECT i.ItemCode, 'en', i.FrgnName, CAST(NULL AS NVARCHAR(MAX))
FROM OITM i
WHERE i.FrgnName <> '') s ORDER BY CAST(CAST([sku] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(150)), DATALENGTH([sku]);

