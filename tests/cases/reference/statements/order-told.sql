-- @P1 nvarchar(4000)
SELECT d.document, d.parcel, d.carrier, d.tracking, d.shipped_on, d.delivered_on FROM (SELECT DISTINCT l.order_number AS document, d.number AS parcel, d.carrier, d.tracking_number AS tracking, d.document_date AS shipped_on,
       d.delivered_on
FROM document_lines l
JOIN documents d ON d.number = l.document_number AND d.kind = 'delivery'
WHERE l.order_number IN (CAST(@P1 AS varchar(8000)))
) d;

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
) d WHERE [number] IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT d.document, d.state, d.invoice FROM (SELECT o.number AS document,
       CASE WHEN o.status = 'cancelled' THEN 'cancelled'
            WHEN COALESCE(l.begun, 0) = 0 THEN 'open'
            WHEN l.left_over > 0 AND o.status <> 'closed' THEN 'partly_shipped'
            WHEN i.number IS NOT NULL THEN 'invoiced'
            ELSE 'shipped' END AS state,
       i.number AS invoice
FROM orders o
LEFT JOIN (SELECT x.order_number, SUM(CASE WHEN x.delivered_quantity + 0 > 0 THEN 1 ELSE 0 END) AS begun,
                  SUM(CASE WHEN x.quantity - x.delivered_quantity > 0 THEN 1 ELSE 0 END) AS left_over
           FROM order_lines x
           WHERE x.sku IS NOT NULL AND x.order_number IN (CAST(@P1 AS varchar(8000)))
           GROUP BY x.order_number) l ON l.order_number = o.number
LEFT JOIN (SELECT y.order_number, MAX(d.number) AS number
           FROM document_lines y
           JOIN documents d ON d.number = y.document_number AND d.kind = 'invoice'
           WHERE y.order_number IN (CAST(@P2 AS varchar(8000)))
           GROUP BY y.order_number) i ON i.order_number = o.number
WHERE o.number IN (CAST(@P3 AS varchar(8000)))
) d;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT linked_ms FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key = CAST(@P3 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT record_key, target_id, columns, kind FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key IN (CAST(@P3 AS varchar(8000)));

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

