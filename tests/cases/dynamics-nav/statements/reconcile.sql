-- @P1 nvarchar(4000),@P2 date
SELECT d.reference, d.id, d.number, d.total, d.state, d.day FROM (SELECT p.web_reference AS reference, p.web_reference AS id, COALESCE(NULLIF(p.document_no, ''), p.web_reference) AS number, p.total,
       CASE WHEN p.status = 'cancelled' THEN 'cancelled'
            WHEN p.status = 'new' THEN 'open'
            WHEN COALESCE(p.document_no, '') = '' THEN 'picked'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Header] h WHERE h.[Document Type] = 1 AND h.No_ = p.document_no) THEN 'picked'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Shipment Header] s WHERE s.[Order No_] = p.document_no) THEN 'delivered'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Invoice Header] v WHERE v.[Order No_] = p.document_no) THEN 'delivered'
            ELSE 'cancelled' END AS state,
       p.order_date AS day, p.email, p.name, p.note
FROM PONTE_ORDERS p
) d WHERE d.reference LIKE CAST(@P1 AS varchar(8000)) AND d.day >= @P2 ORDER BY d.reference OFFSET 0 ROWS FETCH NEXT 1000 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 date,@P3 nvarchar(4000)
SELECT d.reference, d.id, d.number, d.total, d.state, d.day FROM (SELECT p.web_reference AS reference, p.web_reference AS id, COALESCE(NULLIF(p.document_no, ''), p.web_reference) AS number, p.total,
       CASE WHEN p.status = 'cancelled' THEN 'cancelled'
            WHEN p.status = 'new' THEN 'open'
            WHEN COALESCE(p.document_no, '') = '' THEN 'picked'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Header] h WHERE h.[Document Type] = 1 AND h.No_ = p.document_no) THEN 'picked'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Shipment Header] s WHERE s.[Order No_] = p.document_no) THEN 'delivered'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Invoice Header] v WHERE v.[Order No_] = p.document_no) THEN 'delivered'
            ELSE 'cancelled' END AS state,
       p.order_date AS day, p.email, p.name, p.note
FROM PONTE_ORDERS p
) d WHERE d.reference LIKE CAST(@P1 AS varchar(8000)) AND d.day >= @P2 AND d.reference > CAST(@P3 AS varchar(8000)) ORDER BY d.reference OFFSET 0 ROWS FETCH NEXT 1000 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT d.reference, d.id, d.number, d.total, d.state, d.day FROM (SELECT p.web_reference AS reference, p.web_reference AS id, COALESCE(NULLIF(p.document_no, ''), p.web_reference) AS number, p.total,
       CASE WHEN p.status = 'cancelled' THEN 'cancelled'
            WHEN p.status = 'new' THEN 'open'
            WHEN COALESCE(p.document_no, '') = '' THEN 'picked'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Header] h WHERE h.[Document Type] = 1 AND h.No_ = p.document_no) THEN 'picked'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Shipment Header] s WHERE s.[Order No_] = p.document_no) THEN 'delivered'
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Invoice Header] v WHERE v.[Order No_] = p.document_no) THEN 'delivered'
            ELSE 'cancelled' END AS state,
       p.order_date AS day, p.email, p.name, p.note
FROM PONTE_ORDERS p
) d WHERE [reference] IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT record_key FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key > CAST(@P3 AS varchar(8000)) ORDER BY record_key OFFSET 0 ROWS FETCH NEXT 900 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000)
SELECT record_key, target_id, columns, kind FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key IN (CAST(@P3 AS varchar(8000)), CAST(@P4 AS varchar(8000)));

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

