-- @P1 bigint
SELECT CAST(i.index_id AS int), i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = @P1 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 AND ic.is_included_column = 0 AND ic.key_ordinal > 0 ORDER BY i.index_id, ic.key_ordinal;

-- @P1 nvarchar(4000)
SELECT generation FROM [ponte].[generation] WHERE flow = CAST(@P1 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT * FROM (SELECT o.web_reference AS reference, l.sku,
       SUM(CASE WHEN o.status = 'confirmed' THEN l.quantity END) AS quantity
FROM orders o
LEFT JOIN order_lines l ON l.order_number = o.number
WHERE o.web_reference IS NOT NULL
  AND (o.status IN ('closed', 'cancelled') OR (o.status = 'confirmed' AND l.sku IS NOT NULL))
GROUP BY o.web_reference, l.sku
) s WHERE LTRIM(RTRIM(s.reference)) IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT COUNT(*) FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 bigint
SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, c.is_computed, CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), c.collation_name, CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT', c.name, N'COLUMN'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'UPDATE', c.name, N'COLUMN') FROM sys.columns AS c WHERE c.object_id = @P3 ORDER BY c.column_id;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT detail FROM [ponte].[decision] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND kind = CAST(@P3 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT detail, decided_ms FROM [ponte].[decision] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND kind = CAST(@P3 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT record_key FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key > CAST(@P3 AS varchar(8000)) ORDER BY record_key OFFSET 0 ROWS FETCH NEXT 5000 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT s.name, o.name, CAST(RTRIM(o.type) AS nvarchar(2)), CAST(o.object_id AS bigint), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'INSERT'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'DELETE'), o.modify_date FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.object_id = OBJECT_ID(@P3) AND o.type IN ('U', 'V');

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

SELECT (CAST(DATEDIFF(DAY, '19700101', SYSUTCDATETIME()) AS bigint) * 86400000 + DATEDIFF(MILLISECOND, CAST(SYSUTCDATETIME() AS date), SYSUTCDATETIME()));

SELECT 1;

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SELECT a.sku, s.warehouse, s.quantity
FROM articles a
LEFT JOIN stock s ON s.sku = a.sku;

SELECT l.sku, l.warehouse, l.quantity - l.delivered_quantity AS quantity, o.number AS document
FROM order_lines l
JOIN orders o ON o.number = l.order_number
WHERE o.status = 'confirmed' AND l.sku IS NOT NULL AND l.quantity - l.delivered_quantity > 0;

SELECT t.rate, MIN(t.code) AS code FROM tax_classes t GROUP BY t.rate;

SELECT w.code FROM warehouses w;

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION;

-- Before SQL Server 2019

-- @P1 nvarchar(4000)
SELECT [sku], [list], [amount], [tax_included], [tax_class], [sale_amount], [sale_from], [sale_to] FROM (SELECT p.sku, p.list, p.amount, l.currency, l.tax_included, a.tax_class, p.sale_amount, p.sale_from, p.sale_to
FROM prices p
JOIN price_lists l ON l.code = p.list
JOIN articles a ON a.sku = p.sku) s WHERE [list] = CAST(@P1 AS varchar(8000)) ORDER BY CAST([sku] AS nvarchar(64)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]), CAST([list] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([list]);

SELECT [id], [language], [name], [description] FROM (SELECT t.category_id AS id, t.language, t.name, t.description
FROM category_texts t) s ORDER BY CAST([id] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([id]);

SELECT [id], [parent], [position] FROM (SELECT c.id, c.parent_id AS parent, c.active, c.position
FROM categories c) s ORDER BY CAST([id] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([id]);

SELECT [number], [email], [phone], [name], [company], [first_name], [last_name], [street], [postcode], [city], [province], [country], [vat_number] FROM (SELECT c.number, lower(c.email) AS email, c.phone, c.name,
       CASE WHEN c.vat_number <> '' OR c.first_name IS NULL THEN c.name END AS company, c.first_name, c.last_name,
       c.street, c.postcode, c.city, c.province, c.country, NULLIF(CASE WHEN upper(replace(c.vat_number, ' ', '')) LIKE 'IT%' THEN substring(upper(replace(c.vat_number, ' ', '')), 3, 40) ELSE upper(replace(c.vat_number, ' ', '')) END, '') AS vat_number, upper(c.tax_code) AS tax_code, c.sdi_code, c.pec
FROM customers c
WHERE c.web = 1 AND c.active = 1 AND c.email <> '') s ORDER BY CAST([number] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2, DATALENGTH([number]);

SELECT [sku], [active], [barcode], [tax_class], [weight], [length], [width], [height] FROM (SELECT a.sku, a.active, a.barcode, a.tax_class, a.weight, a.length, a.width, a.height
FROM articles a) s ORDER BY CAST([sku] AS nvarchar(64)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

SELECT [sku], [id] FROM (SELECT c.sku, c.category_id AS id
FROM article_categories c) s ORDER BY CAST([sku] AS nvarchar(64)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

SELECT [sku], [language], [name], [description], [short_description] FROM (SELECT t.sku, t.language, t.name, t.description, t.short_description
FROM article_texts t) s ORDER BY CAST([sku] AS nvarchar(64)) COLLATE Latin1_General_100_BIN2, DATALENGTH([sku]);

-- Since SQL Server 2019

-- @P1 nvarchar(4000)
SELECT [sku], [list], [amount], [tax_included], [tax_class], [sale_amount], [sale_from], [sale_to] FROM (SELECT p.sku, p.list, p.amount, l.currency, l.tax_included, a.tax_class, p.sale_amount, p.sale_from, p.sale_to
FROM prices p
JOIN price_lists l ON l.code = p.list
JOIN articles a ON a.sku = p.sku) s WHERE [list] = CAST(@P1 AS varchar(8000)) ORDER BY CAST(CAST([sku] AS nvarchar(64)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(192)), DATALENGTH([sku]), CAST(CAST([list] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([list]);

SELECT [id], [language], [name], [description] FROM (SELECT t.category_id AS id, t.language, t.name, t.description
FROM category_texts t) s ORDER BY CAST(CAST([id] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([id]);

SELECT [id], [parent], [position] FROM (SELECT c.id, c.parent_id AS parent, c.active, c.position
FROM categories c) s ORDER BY CAST(CAST([id] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([id]);

SELECT [number], [email], [phone], [name], [company], [first_name], [last_name], [street], [postcode], [city], [province], [country], [vat_number] FROM (SELECT c.number, lower(c.email) AS email, c.phone, c.name,
       CASE WHEN c.vat_number <> '' OR c.first_name IS NULL THEN c.name END AS company, c.first_name, c.last_name,
       c.street, c.postcode, c.city, c.province, c.country, NULLIF(CASE WHEN upper(replace(c.vat_number, ' ', '')) LIKE 'IT%' THEN substring(upper(replace(c.vat_number, ' ', '')), 3, 40) ELSE upper(replace(c.vat_number, ' ', '')) END, '') AS vat_number, upper(c.tax_code) AS tax_code, c.sdi_code, c.pec
FROM customers c
WHERE c.web = 1 AND c.active = 1 AND c.email <> '') s ORDER BY CAST(CAST([number] AS nvarchar(20)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(60)), DATALENGTH([number]);

SELECT [sku], [active], [barcode], [tax_class], [weight], [length], [width], [height] FROM (SELECT a.sku, a.active, a.barcode, a.tax_class, a.weight, a.length, a.width, a.height
FROM articles a) s ORDER BY CAST(CAST([sku] AS nvarchar(64)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(192)), DATALENGTH([sku]);

SELECT [sku], [id] FROM (SELECT c.sku, c.category_id AS id
FROM article_categories c) s ORDER BY CAST(CAST([sku] AS nvarchar(64)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(192)), DATALENGTH([sku]);

SELECT [sku], [language], [name], [description], [short_description] FROM (SELECT t.sku, t.language, t.name, t.description, t.short_description
FROM article_texts t) s ORDER BY CAST(CAST([sku] AS nvarchar(64)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(192)), DATALENGTH([sku]);

