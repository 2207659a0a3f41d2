-- @P1 bigint
SELECT CAST(i.index_id AS int), i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = @P1 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 AND ic.is_included_column = 0 AND ic.key_ordinal > 0 ORDER BY i.index_id, ic.key_ordinal;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT d.document, d.parcel, d.carrier, d.tracking, d.shipped_on FROM (SELECT p.web_reference AS document, s.No_ AS parcel, COALESCE(NULLIF(a.Name, ''), NULLIF(s.[Shipping Agent Code], '')) AS carrier,
       NULLIF(s.[Package Tracking No_], '') AS tracking, CAST(s.[Posting Date] AS DATE) AS shipped_on
FROM PONTE_ORDERS p
JOIN [CRONUS Italia S_p_A_$Sales Shipment Header] s ON s.[Order No_] = p.document_no
LEFT JOIN [CRONUS Italia S_p_A_$Shipping Agent] a ON a.Code = s.[Shipping Agent Code]
WHERE p.document_no <> '' AND p.web_reference IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)))
) d;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
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
WHERE p.web_reference IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)))
) d;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 bigint
SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, c.is_computed, CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), c.collation_name, CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT', c.name, N'COLUMN'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'UPDATE', c.name, N'COLUMN') FROM sys.columns AS c WHERE c.object_id = @P3 ORDER BY c.column_id;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT record_key FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key > CAST(@P3 AS varchar(8000)) ORDER BY record_key OFFSET 0 ROWS FETCH NEXT 1000 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT s.name, o.name, CAST(RTRIM(o.type) AS nvarchar(2)), CAST(o.object_id AS bigint), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'INSERT'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'DELETE'), o.modify_date FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.object_id = OBJECT_ID(@P3) AND o.type IN ('U', 'V');

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000)
SELECT record_key, target_id, columns, kind FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key IN (CAST(@P3 AS varchar(8000)), CAST(@P4 AS varchar(8000)));

COMMIT TRANSACTION;

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

