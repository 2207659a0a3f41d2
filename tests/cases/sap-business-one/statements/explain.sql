-- @P1 nvarchar(4000)
SELECT * FROM (SELECT i.ItemCode AS sku, 'always' AS [rule]
FROM OITM i
WHERE i.SellItem = 'Y' AND i.InvntItem <> 'Y' AND COALESCE(i.TreeType, 'N') = 'N'
) s WHERE LTRIM(RTRIM(s.sku)) IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT * FROM (SELECT i.ItemCode AS sku, w.WhsCode AS warehouse, CAST(w.OnHand / COALESCE(NULLIF(i.NumInSale, 0), 1) AS DECIMAL(19, 6)) AS quantity
FROM OITM i
LEFT JOIN OITW w ON w.ItemCode = i.ItemCode
WHERE i.SellItem = 'Y' AND i.InvntItem = 'Y'
) s WHERE LTRIM(RTRIM(s.sku)) IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT * FROM (SELECT w.ItemCode AS sku, w.WhsCode AS warehouse, CAST(w.IsCommited / COALESCE(NULLIF(i.NumInSale, 0), 1) AS DECIMAL(19, 6)) AS quantity, CAST(NULL AS NVARCHAR(20)) AS document
FROM OITW w
JOIN OITM i ON i.ItemCode = w.ItemCode
WHERE w.IsCommited <> 0
) s WHERE LTRIM(RTRIM(s.sku)) IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT * FROM (SELECT p.web_reference AS reference, l.ItemCode AS sku, CASE WHEN s.is_open = 1 THEN SUM(CAST(l.InvQty / COALESCE(NULLIF(i.NumInSale, 0), 1) AS DECIMAL(19, 6))) END AS quantity
FROM PONTE_ORDERS p
JOIN (SELECT x.NumAtCard AS reference, MAX(CASE WHEN x.CANCELED = 'N' THEN 1 ELSE 0 END) AS stands,
             MAX(CASE WHEN x.CANCELED = 'N' AND x.DocStatus = 'O' THEN 1 ELSE 0 END) AS is_open
      FROM ORDR x
      WHERE x.NumAtCard <> ''
      GROUP BY x.NumAtCard) s ON s.reference = p.web_reference
JOIN ORDR o ON o.NumAtCard = p.web_reference AND (o.CANCELED = 'N' OR s.stands = 0)
LEFT JOIN RDR1 l ON l.DocEntry = o.DocEntry AND l.ItemCode <> ''
LEFT JOIN OITM i ON i.ItemCode = l.ItemCode
WHERE s.is_open = 0 OR l.ItemCode IS NOT NULL
GROUP BY p.web_reference, l.ItemCode, s.is_open
UNION ALL
SELECT p.web_reference, CAST(NULL AS NVARCHAR(50)), CAST(NULL AS DECIMAL(19, 6))
FROM PONTE_ORDERS p
WHERE p.status = 'cancelled' AND NOT EXISTS (SELECT 1 FROM ORDR o WHERE o.NumAtCard = p.web_reference)
) s WHERE LTRIM(RTRIM(s.reference)) IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

