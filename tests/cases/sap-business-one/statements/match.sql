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

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

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

SELECT [id] FROM (SELECT g.ItmsGrpCod AS id, CAST(NULL AS SMALLINT) AS parent, CAST(CASE WHEN g.Locked = 'Y' THEN 0 ELSE 1 END AS BIT) AS active
FROM OITB g
WHERE EXISTS (SELECT 1 FROM OITM i WHERE i.ItmsGrpCod = g.ItmsGrpCod AND i.SellItem = 'Y')) s;

SELECT [id], [language], [name] FROM (SELECT g.ItmsGrpCod AS id, 'it' AS language, g.ItmsGrpNam AS name
FROM OITB g) s ORDER BY [id];

SELECT [id], [parent] FROM (SELECT g.ItmsGrpCod AS id, CAST(NULL AS SMALLINT) AS parent, CAST(CASE WHEN g.Locked = 'Y' THEN 0 ELSE 1 END AS BIT) AS active
FROM OITB g
WHERE EXISTS (SELECT 1 FROM OITM i WHERE i.ItmsGrpCod = g.ItmsGrpCod AND i.SellItem = 'Y')) s ORDER BY [id];

SELECT i.ItemCode AS sku, w.WhsCode AS warehouse, CAST(w.OnHand / COALESCE(NULLIF(i.NumInSale, 0), 1) AS DECIMAL(19, 6)) AS quantity
FROM OITM i
LEFT JOIN OITW w ON w.ItemCode = i.ItemCode
WHERE i.SellItem = 'Y' AND i.InvntItem = 'Y';

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

-- Before SQL Server 2019

-- @P1 nvarchar(4000)
SELECT [sku], [list], [amount], [tax_included], [tax_class], [sale_amount], [sale_from], [sale_to] FROM (SELECT p.ItemCode AS sku, l.ListName AS list, CASE WHEN s.Price > p.Price AND (s.FromDate IS NULL OR s.FromDate <= CAST(GETDATE() AS DATE)) THEN s.Price ELSE p.Price END AS amount,
       COALESCE(NULLIF(p.Currency, ''), NULLIF(l.PrimCurr, ''), a.MainCurncy) AS currency, CAST(CASE WHEN l.IsGrossPrc = 'Y' THEN 1 ELSE 0 END AS BIT) AS tax_included,
       COALESCE(NULLIF(i.VatGourpSa, ''), 'none') AS tax_class, CASE WHEN s.Price < p.Price THEN s.Price END AS sale_amount,
       CASE WHEN s.Price < p.Price THEN CAST(s.FromDate AS DATE) END AS sale_from, CASE WHEN s.Price < p.Price THEN CAST(s.ToDate AS DATE) END AS sale_to
FROM ITM1 p
JOIN OPLN l ON l.ListNum = p.PriceList
JOIN OITM i ON i.ItemCode = p.ItemCode
CROSS JOIN OADM a
LEFT JOIN SPP1 s ON s.ItemCode = p.ItemCode AND s.CardCode = '*' + CAST(p.PriceList AS NVARCHAR(6)) AND s.Price > 0 AND i.UgpEntry = -1
     AND COALESCE(NULLIF(s.Currency, ''), NULLIF(l.PrimCurr, ''), a.MainCurncy) = COALESCE(NULLIF(p.Currency, ''), NULLIF(l.PrimCurr, ''), a.MainCurncy)
     AND s.LINENUM = (SELECT TOP (1) x.LINENUM FROM SPP1 x
                      WHERE x.ItemCode = s.ItemCode AND x.CardCode = s.CardCode AND (x.ToDate IS NULL OR x.ToDate >= CAST(GETDATE() AS DATE))
                      ORDER BY x.FromDate, x.LINENUM)
WHERE i.SellItem = 'Y' AND p.Price > 0 AND (i.UgpEntry = -1 OR p.UomEntry = i.SUoMEntry)) s WHERE [list] = CAST(@P1 AS varchar(8000)) ORDER BY CAST([sku] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]), CAST([list] AS nvarchar(32)) COLLATE Latin1_General_100_BIN2, DATALENGTH([list]);

SELECT [number], [email], [phone], [name], [company], [first_name], [last_name], [street], [postcode], [city], [province], [country], [vat_number] FROM (SELECT c.CardCode AS number, LOWER(c.E_Mail) AS email, COALESCE(NULLIF(c.Phone1, ''), NULLIF(c.Cellular, '')) AS phone, c.CardName AS name,
       CASE WHEN c.CmpPrivate <> 'I' OR c.LicTradNum <> '' THEN c.CardName END AS company, NULLIF(n.FirstName, '') AS first_name,
       NULLIF(n.LastName, '') AS last_name, NULLIF(LTRIM(RTRIM(COALESCE(b.Street, '') + ' ' + COALESCE(b.StreetNo, ''))), '') AS street,
       NULLIF(b.ZipCode, '') AS postcode, NULLIF(b.City, '') AS city, NULLIF(b.State, '') AS province, NULLIF(b.Country, '') AS country,
       NULLIF(CASE WHEN UPPER(REPLACE(c.LicTradNum, ' ', '')) LIKE 'IT%' THEN SUBSTRING(UPPER(REPLACE(c.LicTradNum, ' ', '')), 3, 40) ELSE UPPER(REPLACE(c.LicTradNum, ' ', '')) END, '') AS vat_number, NULLIF(UPPER(c.AddID), '') AS tax_code, NULLIF(c.IPACodePA, '') AS sdi_code, NULLIF(c.PECAddr, '') AS pec
FROM OCRD c
LEFT JOIN CRD1 b ON b.CardCode = c.CardCode AND b.AdresType = 'B' AND b.Address = c.BillToDef
LEFT JOIN OCPR n ON n.CardCode = c.CardCode AND n.Name = c.CntctPrsn
WHERE c.CardType = 'C' AND c.E_Mail <> '' AND c.frozenFor <> 'Y' AND 1 = 0) s ORDER BY CAST([number] AS nvarchar(15)) COLLATE Latin1_General_100_BIN2, DATALENGTH([number]);

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

-- @P1 nvarchar(4000)
SELECT [sku], [list], [amount], [tax_included], [tax_class], [sale_amount], [sale_from], [sale_to] FROM (SELECT p.ItemCode AS sku, l.ListName AS list, CASE WHEN s.Price > p.Price AND (s.FromDate IS NULL OR s.FromDate <= CAST(GETDATE() AS DATE)) THEN s.Price ELSE p.Price END AS amount,
       COALESCE(NULLIF(p.Currency, ''), NULLIF(l.PrimCurr, ''), a.MainCurncy) AS currency, CAST(CASE WHEN l.IsGrossPrc = 'Y' THEN 1 ELSE 0 END AS BIT) AS tax_included,
       COALESCE(NULLIF(i.VatGourpSa, ''), 'none') AS tax_class, CASE WHEN s.Price < p.Price THEN s.Price END AS sale_amount,
       CASE WHEN s.Price < p.Price THEN CAST(s.FromDate AS DATE) END AS sale_from, CASE WHEN s.Price < p.Price THEN CAST(s.ToDate AS DATE) END AS sale_to
FROM ITM1 p
JOIN OPLN l ON l.ListNum = p.PriceList
JOIN OITM i ON i.ItemCode = p.ItemCode
CROSS JOIN OADM a
LEFT JOIN SPP1 s ON s.ItemCode = p.ItemCode AND s.CardCode = '*' + CAST(p.PriceList AS NVARCHAR(6)) AND s.Price > 0 AND i.UgpEntry = -1
     AND COALESCE(NULLIF(s.Currency, ''), NULLIF(l.PrimCurr, ''), a.MainCurncy) = COALESCE(NULLIF(p.Currency, ''), NULLIF(l.PrimCurr, ''), a.MainCurncy)
     AND s.LINENUM = (SELECT TOP (1) x.LINENUM FROM SPP1 x
                      WHERE x.ItemCode = s.ItemCode AND x.CardCode = s.CardCode AND (x.ToDate IS NULL OR x.ToDate >= CAST(GETDATE() AS DATE))
                      ORDER BY x.FromDate, x.LINENUM)
WHERE i.SellItem = 'Y' AND p.Price > 0 AND (i.UgpEntry = -1 OR p.UomEntry = i.SUoMEntry)) s WHERE [list] = CAST(@P1 AS varchar(8000)) ORDER BY CAST(CAST([sku] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(150)), DATALENGTH([sku]), CAST(CAST([list] AS nvarchar(32)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(96)), DATALENGTH([list]);

SELECT [number], [email], [phone], [name], [company], [first_name], [last_name], [street], [postcode], [city], [province], [country], [vat_number] FROM (SELECT c.CardCode AS number, LOWER(c.E_Mail) AS email, COALESCE(NULLIF(c.Phone1, ''), NULLIF(c.Cellular, '')) AS phone, c.CardName AS name,
       CASE WHEN c.CmpPrivate <> 'I' OR c.LicTradNum <> '' THEN c.CardName END AS company, NULLIF(n.FirstName, '') AS first_name,
       NULLIF(n.LastName, '') AS last_name, NULLIF(LTRIM(RTRIM(COALESCE(b.Street, '') + ' ' + COALESCE(b.StreetNo, ''))), '') AS street,
       NULLIF(b.ZipCode, '') AS postcode, NULLIF(b.City, '') AS city, NULLIF(b.State, '') AS province, NULLIF(b.Country, '') AS country,
       NULLIF(CASE WHEN UPPER(REPLACE(c.LicTradNum, ' ', '')) LIKE 'IT%' THEN SUBSTRING(UPPER(REPLACE(c.LicTradNum, ' ', '')), 3, 40) ELSE UPPER(REPLACE(c.LicTradNum, ' ', '')) END, '') AS vat_number, NULLIF(UPPER(c.AddID), '') AS tax_code, NULLIF(c.IPACodePA, '') AS sdi_code, NULLIF(c.PECAddr, '') AS pec
FROM OCRD c
LEFT JOIN CRD1 b ON b.CardCode = c.CardCode AND b.AdresType = 'B' AND b.Address = c.BillToDef
LEFT JOIN OCPR n ON n.CardCode = c.CardCode AND n.Name = c.CntctPrsn
WHERE c.CardType = 'C' AND c.E_Mail <> '' AND c.frozenFor <> 'Y' AND 1 = 0) s ORDER BY CAST(CAST([number] AS nvarchar(15)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(45)), DATALENGTH([number]);

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

