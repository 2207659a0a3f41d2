-- @P1 bigint
SELECT CAST(i.index_id AS int), i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = @P1 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 AND ic.is_included_column = 0 AND ic.key_ordinal > 0 ORDER BY i.index_id, ic.key_ordinal;

-- @P1 nvarchar(4000)
SELECT [sku] FROM (SELECT i.No_ AS sku, CAST(CASE WHEN i.Blocked = 1 OR i.[Sales Blocked] = 1 THEN 0 ELSE 1 END AS BIT) AS active, NULLIF(i.GTIN, '') AS barcode,
       COALESCE(NULLIF(i.[VAT Prod_ Posting Group], ''), 'none') AS tax_class,
       CAST(COALESCE(NULLIF(i.[Gross Weight], 0), NULLIF(i.[Net Weight], 0)) AS DECIMAL(19, 6)) AS weight
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.Description <> '') s WHERE [sku] IN (CAST(@P1 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

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

SELECT 1;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SELECT [barcode] FROM (SELECT i.No_ AS sku, CAST(CASE WHEN i.Blocked = 1 OR i.[Sales Blocked] = 1 THEN 0 ELSE 1 END AS BIT) AS active, NULLIF(i.GTIN, '') AS barcode,
       COALESCE(NULLIF(i.[VAT Prod_ Posting Group], ''), 'none') AS tax_class,
       CAST(COALESCE(NULLIF(i.[Gross Weight], 0), NULLIF(i.[Net Weight], 0)) AS DECIMAL(19, 6)) AS weight
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.Description <> '') s WHERE [barcode] IS NOT NULL GROUP BY [barcode] HAVING COUNT(*) > 1;

SELECT i.No_ AS sku, 'always' AS [rule]
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.Description <> '' AND i.[Type] <> 0;

SELECT i.No_ AS sku, COALESCE(NULLIF(e.[Location Code], ''), '-') AS warehouse, CAST(SUM(e.Quantity) AS DECIMAL(19, 6)) AS quantity
FROM [CRONUS Italia S_p_A_$Item] i
LEFT JOIN [CRONUS Italia S_p_A_$Item Ledger Entry] e ON e.[Item No_] = i.No_
WHERE i.Description <> '' AND NOT (i.[Type] <> 0)
GROUP BY i.No_, e.[Location Code];

SELECT l.No_ AS sku, NULLIF(l.[Location Code], '') AS warehouse, CAST(l.[Outstanding Qty_ (Base)] AS DECIMAL(19, 6)) AS quantity, l.[Document No_] AS document
FROM [CRONUS Italia S_p_A_$Sales Line] l
WHERE l.[Document Type] = 1 AND l.[Type] = 2 AND l.[Outstanding Qty_ (Base)] > 0;

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

-- Before SQL Server 2019

-- @P1 nvarchar(4000)
SELECT [sku], [list], [amount], [tax_included], [tax_class] FROM (SELECT i.No_ AS sku, 'UNIT' AS list, CAST(i.[Unit Price] AS DECIMAL(19, 6)) AS amount, g.[LCY Code] AS currency, CAST(i.[Price Includes VAT] AS BIT) AS tax_included,
       COALESCE(NULLIF(i.[VAT Prod_ Posting Group], ''), 'none') AS tax_class
FROM [CRONUS Italia S_p_A_$Item] i
CROSS JOIN [CRONUS Italia S_p_A_$General Ledger Setup] g
WHERE i.Description <> '' AND i.[Unit Price] > 0
UNION ALL
SELECT i.No_, 'WEB', CAST(COALESCE(s.price, i.[Unit Price]) AS DECIMAL(19, 6)), g.[LCY Code], CAST(COALESCE(s.gross, i.[Price Includes VAT]) AS BIT),
       COALESCE(NULLIF(i.[VAT Prod_ Posting Group], ''), 'none')
FROM [CRONUS Italia S_p_A_$Item] i
CROSS JOIN [CRONUS Italia S_p_A_$General Ledger Setup] g
LEFT JOIN (SELECT p.[Item No_] AS item, p.[Unit Price] AS price, p.[Price Includes VAT] AS gross,
                  ROW_NUMBER() OVER (PARTITION BY p.[Item No_] ORDER BY p.[Unit Price], p.[Price Includes VAT] DESC) AS place
           FROM [CRONUS Italia S_p_A_$Sales Price] p
           JOIN [CRONUS Italia S_p_A_$Item] b ON b.No_ = p.[Item No_]
           WHERE (p.[Sales Type] = 2 OR (p.[Sales Type] = 1 AND p.[Sales Code] = 'WEB 2'))
             AND p.[Starting Date] <= CAST(GETDATE() AS DATE) AND (p.[Ending Date] >= CAST(GETDATE() AS DATE) OR p.[Ending Date] < '1800-01-01')
             AND p.[Currency Code] = '' AND p.[Variant Code] = '' AND p.[Unit of Measure Code] IN ('', b.[Base Unit of Measure])
             AND p.[Minimum Quantity] <= 1 AND p.[Unit Price] > 0) s ON s.item = i.No_ AND s.place = 1
WHERE i.Description <> '' AND COALESCE(s.price, i.[Unit Price]) > 0) s WHERE [list] = CAST(@P1 AS varchar(8000)) ORDER BY CAST([sku] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]), CAST([list] AS nvarchar(4)) COLLATE Latin1_General_100_BIN2, DATALENGTH([list]);

SELECT [id], [language], [name] FROM (SELECT g.Code AS id, 'ITA' AS language, COALESCE(NULLIF(g.Description, ''), g.Code) AS name
FROM [CRONUS Italia S_p_A_$Item Category] g) s ORDER BY CAST([id] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([id]);

SELECT [id], [parent] FROM (SELECT g.Code AS id, NULLIF(g.[Parent Category], '') AS parent, CAST(1 AS BIT) AS active
FROM [CRONUS Italia S_p_A_$Item Category] g) s ORDER BY CAST([id] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([id]);

SELECT [number], [email], [phone], [name], [company], [street], [street2], [postcode], [city], [province], [country], [vat_number] FROM (SELECT c.No_ AS number, LOWER(c.[E-Mail]) AS email, NULLIF(c.[Phone No_], '') AS phone, c.Name AS name,
       CASE WHEN c.[VAT Registration No_] <> '' THEN c.Name END AS company, NULLIF(c.Address, '') AS street, NULLIF(c.[Address 2], '') AS street2,
       NULLIF(c.[Post Code], '') AS postcode, NULLIF(c.City, '') AS city, NULLIF(c.County, '') AS province,
       COALESCE(NULLIF(c.[Country_Region Code], ''), NULLIF(o.[Country_Region Code], '')) AS country, NULLIF(CASE WHEN UPPER(REPLACE(c.[VAT Registration No_], ' ', '')) LIKE 'IT%' THEN SUBSTRING(UPPER(REPLACE(c.[VAT Registration No_], ' ', '')), 3, 40) ELSE UPPER(REPLACE(c.[VAT Registration No_], ' ', '')) END, '') AS vat_number, UPPER(NULLIF(c.[Fiscal Code], '')) AS tax_code,
       NULLIF(c.[PA Code], '') AS sdi_code, NULLIF(c.[PEC E-Mail Address], '') AS pec
FROM [CRONUS Italia S_p_A_$Customer] c
CROSS JOIN [CRONUS Italia S_p_A_$Company Information] o
WHERE c.[E-Mail] <> '' AND c.Blocked = 0 AND 1 = 0) s ORDER BY CAST([number] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([number]);

SELECT [sku], [active], [barcode], [tax_class], [weight] FROM (SELECT i.No_ AS sku, CAST(CASE WHEN i.Blocked = 1 OR i.[Sales Blocked] = 1 THEN 0 ELSE 1 END AS BIT) AS active, NULLIF(i.GTIN, '') AS barcode,
       COALESCE(NULLIF(i.[VAT Prod_ Posting Group], ''), 'none') AS tax_class,
       CAST(COALESCE(NULLIF(i.[Gross Weight], 0), NULLIF(i.[Net Weight], 0)) AS DECIMAL(19, 6)) AS weight
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.Description <> '') s ORDER BY CAST([sku] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

SELECT [sku], [id] FROM (SELECT i.No_ AS sku, i.[Item Category Code] AS id
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.[Item Category Code] <> '') s ORDER BY CAST([sku] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

SELECT [sku], [language], [name] FROM (SELECT i.No_ AS sku, 'ITA' AS language, i.Description AS name
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.Description <> ''
UNION ALL
SELECT t.[Item No_], t.[Language Code], t.Description
FROM [CRONUS Italia S_p_A_$Item Translation] t
WHERE t.[Variant Code] = '' AND t.[Language Code] <> 'ITA' AND t.Description <> '') s ORDER BY CAST([sku] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

-- Since SQL Server 2019

-- @P1 nvarchar(4000)
SELECT [sku], [list], [amount], [tax_included], [tax_class] FROM (SELECT i.No_ AS sku, 'UNIT' AS list, CAST(i.[Unit Price] AS DECIMAL(19, 6)) AS amount, g.[LCY Code] AS currency, CAST(i.[Price Includes VAT] AS BIT) AS tax_included,
       COALESCE(NULLIF(i.[VAT Prod_ Posting Group], ''), 'none') AS tax_class
FROM [CRONUS Italia S_p_A_$Item] i
CROSS JOIN [CRONUS Italia S_p_A_$General Ledger Setup] g
WHERE i.Description <> '' AND i.[Unit Price] > 0
UNION ALL
SELECT i.No_, 'WEB', CAST(COALESCE(s.price, i.[Unit Price]) AS DECIMAL(19, 6)), g.[LCY Code], CAST(COALESCE(s.gross, i.[Price Includes VAT]) AS BIT),
       COALESCE(NULLIF(i.[VAT Prod_ Posting Group], ''), 'none')
FROM [CRONUS Italia S_p_A_$Item] i
CROSS JOIN [CRONUS Italia S_p_A_$General Ledger Setup] g
LEFT JOIN (SELECT p.[Item No_] AS item, p.[Unit Price] AS price, p.[Price Includes VAT] AS gross,
                  ROW_NUMBER() OVER (PARTITION BY p.[Item No_] ORDER BY p.[Unit Price], p.[Price Includes VAT] DESC) AS place
           FROM [CRONUS Italia S_p_A_$Sales Price] p
           JOIN [CRONUS Italia S_p_A_$Item] b ON b.No_ = p.[Item No_]
           WHERE (p.[Sales Type] = 2 OR (p.[Sales Type] = 1 AND p.[Sales Code] = 'WEB 2'))
             AND p.[Starting Date] <= CAST(GETDATE() AS DATE) AND (p.[Ending Date] >= CAST(GETDATE() AS DATE) OR p.[Ending Date] < '1800-01-01')
             AND p.[Currency Code] = '' AND p.[Variant Code] = '' AND p.[Unit of Measure Code] IN ('', b.[Base Unit of Measure])
             AND p.[Minimum Quantity] <= 1 AND p.[Unit Price] > 0) s ON s.item = i.No_ AND s.place = 1
WHERE i.Description <> '' AND COALESCE(s.price, i.[Unit Price]) > 0) s WHERE [list] = CAST(@P1 AS varchar(8000)) ORDER BY CAST(CAST([sku] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([sku]), CAST(CAST([list] AS nvarchar(4)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(12)), DATALENGTH([list]);

SELECT [id], [language], [name] FROM (SELECT g.Code AS id, 'ITA' AS language, COALESCE(NULLIF(g.Description, ''), g.Code) AS name
FROM [CRONUS Italia S_p_A_$Item Category] g) s ORDER BY CAST(CAST([id] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([id]);

SELECT [id], [parent] FROM (SELECT g.Code AS id, NULLIF(g.[Parent Category], '') AS parent, CAST(1 AS BIT) AS active
FROM [CRONUS Italia S_p_A_$Item Category] g) s ORDER BY CAST(CAST([id] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([id]);

SELECT [number], [email], [phone], [name], [company], [street], [street2], [postcode], [city], [province], [country], [vat_number] FROM (SELECT c.No_ AS number, LOWER(c.[E-Mail]) AS email, NULLIF(c.[Phone No_], '') AS phone, c.Name AS name,
       CASE WHEN c.[VAT Registration No_] <> '' THEN c.Name END AS company, NULLIF(c.Address, '') AS street, NULLIF(c.[Address 2], '') AS street2,
       NULLIF(c.[Post Code], '') AS postcode, NULLIF(c.City, '') AS city, NULLIF(c.County, '') AS province,
       COALESCE(NULLIF(c.[Country_Region Code], ''), NULLIF(o.[Country_Region Code], '')) AS country, NULLIF(CASE WHEN UPPER(REPLACE(c.[VAT Registration No_], ' ', '')) LIKE 'IT%' THEN SUBSTRING(UPPER(REPLACE(c.[VAT Registration No_], ' ', '')), 3, 40) ELSE UPPER(REPLACE(c.[VAT Registration No_], ' ', '')) END, '') AS vat_number, UPPER(NULLIF(c.[Fiscal Code], '')) AS tax_code,
       NULLIF(c.[PA Code], '') AS sdi_code, NULLIF(c.[PEC E-Mail Address], '') AS pec
FROM [CRONUS Italia S_p_A_$Customer] c
CROSS JOIN [CRONUS Italia S_p_A_$Company Information] o
WHERE c.[E-Mail] <> '' AND c.Blocked = 0 AND 1 = 0) s ORDER BY CAST(CAST([number] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([number]);

SELECT [sku], [active], [barcode], [tax_class], [weight] FROM (SELECT i.No_ AS sku, CAST(CASE WHEN i.Blocked = 1 OR i.[Sales Blocked] = 1 THEN 0 ELSE 1 END AS BIT) AS active, NULLIF(i.GTIN, '') AS barcode,
       COALESCE(NULLIF(i.[VAT Prod_ Posting Group], ''), 'none') AS tax_class,
       CAST(COALESCE(NULLIF(i.[Gross Weight], 0), NULLIF(i.[Net Weight], 0)) AS DECIMAL(19, 6)) AS weight
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.Description <> '') s ORDER BY CAST(CAST([sku] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([sku]);

SELECT [sku], [id] FROM (SELECT i.No_ AS sku, i.[Item Category Code] AS id
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.[Item Category Code] <> '') s ORDER BY CAST(CAST([sku] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([sku]);

SELECT [sku], [language], [name] FROM (SELECT i.No_ AS sku, 'ITA' AS language, i.Description AS name
FROM [CRONUS Italia S_p_A_$Item] i
WHERE i.Description <> ''
UNION ALL
SELECT t.[Item No_], t.[Language Code], t.Description
FROM [CRONUS Italia S_p_A_$Item Translation] t
WHERE t.[Variant Code] = '' AND t.[Language Code] <> 'ITA' AND t.Description <> '') s ORDER BY CAST(CAST([sku] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([sku]);

