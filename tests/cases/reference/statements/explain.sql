-- @P1 nvarchar(4000)
SELECT * FROM (SELECT a.sku, s.warehouse, s.quantity
FROM articles a
LEFT JOIN stock s ON s.sku = a.sku
) s WHERE LTRIM(RTRIM(s.sku)) IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT * FROM (SELECT l.sku, l.warehouse, l.quantity - l.delivered_quantity AS quantity, o.number AS document
FROM order_lines l
JOIN orders o ON o.number = l.order_number
WHERE o.status = 'confirmed' AND l.sku IS NOT NULL AND l.quantity - l.delivered_quantity > 0
) s WHERE LTRIM(RTRIM(s.sku)) IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT * FROM (SELECT o.web_reference AS reference, l.sku,
       SUM(CASE WHEN o.status = 'confirmed' THEN l.quantity END) AS quantity
FROM orders o
LEFT JOIN order_lines l ON l.order_number = o.number
WHERE o.web_reference IS NOT NULL
  AND (o.status IN ('closed', 'cancelled') OR (o.status = 'confirmed' AND l.sku IS NOT NULL))
GROUP BY o.web_reference, l.sku
) s WHERE LTRIM(RTRIM(s.reference)) IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

