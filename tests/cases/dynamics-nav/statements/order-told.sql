-- @P1 nvarchar(4000)
SELECT d.document, d.parcel, d.carrier, d.tracking, d.shipped_on FROM (SELECT p.web_reference AS document, s.No_ AS parcel, COALESCE(NULLIF(a.Name, ''), NULLIF(s.[Shipping Agent Code], '')) AS carrier,
       NULLIF(s.[Package Tracking No_], '') AS tracking, CAST(s.[Posting Date] AS DATE) AS shipped_on
FROM PONTE_ORDERS p
JOIN [CRONUS Italia S_p_A_$Sales Shipment Header] s ON s.[Order No_] = p.document_no
LEFT JOIN [CRONUS Italia S_p_A_$Shipping Agent] a ON a.Code = s.[Shipping Agent Code]
WHERE p.document_no <> '' AND p.web_reference IN (CAST(@P1 AS varchar(8000)))
) d;

-- @P1 nvarchar(4000)
SELECT d.document, d.state, d.invoice FROM (SELECT p.web_reference AS document,
       CASE WHEN COALESCE(p.document_no, '') = '' THEN CASE WHEN p.status = 'cancelled' THEN 'cancelled' ELSE 'open' END
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Shipment Header] s WHERE s.[Order No_] = p.document_no) THEN
              CASE WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Line] l
                                WHERE l.[Document Type] = 1 AND l.[Document No_] = p.document_no AND l.[Type] = 2 AND l.[Outstanding Quantity] > 0) THEN 'partly_shipped'
                   WHEN v.number IS NOT NULL THEN 'invoiced'
                   ELSE 'shipped' END
            WHEN EXISTS (SELECT 1 FROM [CRONUS Italia S_p_A_$Sales Header] h WHERE h.[Document Type] = 1 AND h.No_ = p.document_no) THEN 'open'
            WHEN v.number IS NOT NULL THEN 'invoiced'
            ELSE 'cancelled' END AS state,
       v.number AS invoice
FROM PONTE_ORDERS p
LEFT JOIN (SELECT x.order_no, MAX(x.number) AS number
           FROM (SELECT h.[Order No_] AS order_no, h.No_ AS number
                 FROM [CRONUS Italia S_p_A_$Sales Invoice Header] h
                 WHERE h.[Order No_] <> ''
                 UNION ALL
                 SELECT s.[Order No_], l.[Document No_]
                 FROM [CRONUS Italia S_p_A_$Sales Invoice Line] l
                 JOIN [CRONUS Italia S_p_A_$Sales Shipment Header] s ON s.No_ = l.[Shipment No_]
                 WHERE l.[Shipment No_] <> '' AND s.[Order No_] <> '') x
           GROUP BY x.order_no) v ON v.order_no = p.document_no
WHERE p.web_reference IN (CAST(@P1 AS varchar(8000)))
) d;

-- @P1 nvarchar(4000)
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
) d WHERE [id] IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
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
) d WHERE [number] IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT linked_ms FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key = CAST(@P3 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT record_key, target_id, columns, kind FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key IN (CAST(@P3 AS varchar(8000)));

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

