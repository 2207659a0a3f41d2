-- @P1 nvarchar(4000)
SELECT d.document, d.parcel, d.carrier, d.tracking, d.shipped_on FROM (SELECT DISTINCT p.web_reference AS document, CAST(h.DocNum AS NVARCHAR(20)) AS parcel, s.TrnspName AS carrier, NULLIF(h.TrackNo, '') AS tracking,
       CAST(h.DocDate AS DATE) AS shipped_on
FROM PONTE_ORDERS p
JOIN ORDR o ON o.NumAtCard = p.web_reference AND o.CANCELED = 'N'
JOIN DLN1 d ON d.BaseType = 17 AND d.BaseEntry = o.DocEntry
JOIN ODLN h ON h.DocEntry = d.DocEntry AND h.CANCELED = 'N'
LEFT JOIN OSHP s ON s.TrnspCode = h.TrnspCode
WHERE p.web_reference IN (CAST(@P1 AS varchar(8000)))
) d;

-- @P1 nvarchar(4000)
SELECT d.document, d.state, d.invoice FROM (SELECT p.web_reference AS document,
       CASE WHEN o.DocEntry IS NULL THEN CASE WHEN p.status = 'cancelled' THEN 'cancelled' ELSE 'open' END
            WHEN o.CANCELED = 'Y' THEN 'cancelled'
            WHEN NOT EXISTS (SELECT 1 FROM DLN1 d JOIN ODLN h ON h.DocEntry = d.DocEntry WHERE d.BaseType = 17 AND d.BaseEntry = o.DocEntry AND h.CANCELED = 'N')
             AND NOT EXISTS (SELECT 1 FROM INV1 d JOIN OINV h ON h.DocEntry = d.DocEntry WHERE d.BaseType = 17 AND d.BaseEntry = o.DocEntry AND h.CANCELED = 'N') THEN 'open'
            WHEN o.DocStatus = 'O' AND EXISTS (SELECT 1 FROM RDR1 l WHERE l.DocEntry = o.DocEntry AND l.LineStatus = 'O') THEN 'partly_shipped'
            WHEN v.number IS NOT NULL THEN 'invoiced'
            ELSE 'shipped' END AS state,
       CAST(v.number AS NVARCHAR(20)) AS invoice
FROM PONTE_ORDERS p
LEFT JOIN ORDR o ON o.DocEntry = COALESCE((SELECT MAX(x.DocEntry) FROM ORDR x WHERE x.NumAtCard = p.web_reference AND x.CANCELED = 'N'),
         (SELECT MAX(x.DocEntry) FROM ORDR x WHERE x.NumAtCard = p.web_reference))
LEFT JOIN (SELECT x.entry, MAX(x.number) AS number
           FROM (SELECT d.BaseEntry AS entry, h.DocNum AS number
                 FROM INV1 d
                 JOIN OINV h ON h.DocEntry = d.DocEntry
                 WHERE d.BaseType = 17 AND h.CANCELED = 'N'
                 UNION ALL
                 SELECT g.BaseEntry, h.DocNum
                 FROM DLN1 g
                 JOIN INV1 d ON d.BaseType = 15 AND d.BaseEntry = g.DocEntry AND d.BaseLine = g.LineNum
                 JOIN OINV h ON h.DocEntry = d.DocEntry
                 WHERE g.BaseType = 17 AND h.CANCELED = 'N') x
           GROUP BY x.entry) v ON v.entry = o.DocEntry
WHERE p.web_reference IN (CAST(@P1 AS varchar(8000)))
) d;

-- @P1 nvarchar(4000)
SELECT d.reference, d.id, d.number, d.total, d.state, d.day FROM (SELECT p.web_reference AS reference, p.web_reference AS id, COALESCE(CAST(o.DocNum AS NVARCHAR(20)), p.web_reference) AS number,
       COALESCE(o.DocTotal, p.total) AS total,
       CASE WHEN o.DocEntry IS NULL AND p.status = 'new' THEN 'open'
            WHEN o.DocEntry IS NULL AND p.status = 'cancelled' THEN 'cancelled'
            WHEN o.CANCELED = 'Y' THEN 'cancelled'
            WHEN o.DocStatus = 'C' THEN 'delivered'
            ELSE 'picked' END AS state,
       p.order_date AS day, p.email, p.name, p.note
FROM PONTE_ORDERS p
LEFT JOIN ORDR o ON o.DocEntry = COALESCE((SELECT MAX(x.DocEntry) FROM ORDR x WHERE x.NumAtCard = p.web_reference AND x.CANCELED = 'N'),
         (SELECT MAX(x.DocEntry) FROM ORDR x WHERE x.NumAtCard = p.web_reference))
) d WHERE [id] IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000)
SELECT d.reference, d.id, d.number, d.total, d.state, d.day FROM (SELECT p.web_reference AS reference, p.web_reference AS id, COALESCE(CAST(o.DocNum AS NVARCHAR(20)), p.web_reference) AS number,
       COALESCE(o.DocTotal, p.total) AS total,
       CASE WHEN o.DocEntry IS NULL AND p.status = 'new' THEN 'open'
            WHEN o.DocEntry IS NULL AND p.status = 'cancelled' THEN 'cancelled'
            WHEN o.CANCELED = 'Y' THEN 'cancelled'
            WHEN o.DocStatus = 'C' THEN 'delivered'
            ELSE 'picked' END AS state,
       p.order_date AS day, p.email, p.name, p.note
FROM PONTE_ORDERS p
LEFT JOIN ORDR o ON o.DocEntry = COALESCE((SELECT MAX(x.DocEntry) FROM ORDR x WHERE x.NumAtCard = p.web_reference AND x.CANCELED = 'N'),
         (SELECT MAX(x.DocEntry) FROM ORDR x WHERE x.NumAtCard = p.web_reference))
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

