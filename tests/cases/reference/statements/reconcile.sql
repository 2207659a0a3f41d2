-- @P1 nvarchar(4000),@P2 date
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
) d WHERE d.reference LIKE CAST(@P1 AS varchar(8000)) AND d.day >= @P2 ORDER BY d.reference OFFSET 0 ROWS FETCH NEXT 1000 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 date,@P3 nvarchar(4000)
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
) d WHERE d.reference LIKE CAST(@P1 AS varchar(8000)) AND d.day >= @P2 AND d.reference > CAST(@P3 AS varchar(8000)) ORDER BY d.reference OFFSET 0 ROWS FETCH NEXT 1000 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
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
) d WHERE [reference] IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT record_key FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key > CAST(@P3 AS varchar(8000)) ORDER BY record_key OFFSET 0 ROWS FETCH NEXT 900 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000)
SELECT record_key, target_id, columns, kind FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key IN (CAST(@P3 AS varchar(8000)), CAST(@P4 AS varchar(8000)));

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

