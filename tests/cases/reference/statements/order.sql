-- @P1 bigint
SELECT CAST(i.index_id AS int), i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = @P1 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 AND ic.is_included_column = 0 AND ic.key_ordinal > 0 ORDER BY i.index_id, ic.key_ordinal;

-- @P1 nvarchar(4000)
SELECT c.number FROM customers c WHERE c.email = CAST(@P1 AS varchar(8000)) ORDER BY c.number;

-- @P1 nvarchar(4000),@P2 bigint,@P3 nvarchar(4000),@P4 nvarchar(4000),@P5 nvarchar(4000),@P6 nvarchar(4000),@P7 nvarchar(4000),@P8 nvarchar(4000),@P9 nvarchar(4000),@P10 nvarchar(4000),@P11 nvarchar(4000),@P12 bigint,@P13 nvarchar(4000),@P14 nvarchar(4000),@P15 nvarchar(4000),@P16 nvarchar(4000),@P17 nvarchar(4000),@P18 nvarchar(4000),@P19 nvarchar(4000),@P20 nvarchar(4000),@P21 nvarchar(4000),@P22 bigint,@P23 nvarchar(4000),@P24 nvarchar(4000),@P25 nvarchar(4000),@P26 nvarchar(4000),@P27 nvarchar(4000)
SET NOCOUNT ON; INSERT INTO [order_lines] ([order_number], [line], [sku], [warehouse], [description], [quantity], [unit_price], [discount_percent], [amount], [tax_class]) VALUES (@P1, @P2, @P3, @P4, @P5, CAST(@P6 AS decimal(18,4)), CAST(@P7 AS decimal(18,4)), CAST(@P8 AS decimal(7,4)), CAST(@P9 AS decimal(18,2)), @P10), (@P11, @P12, @P13, @P14, @P15, CAST(@P16 AS decimal(18,4)), CAST(@P17 AS decimal(18,4)), CAST(@P18 AS decimal(7,4)), CAST(@P19 AS decimal(18,2)), @P20);
INSERT INTO [order_lines] ([order_number], [line], [description], [quantity], [unit_price], [amount], [tax_class]) VALUES (@P21, @P22, @P23, CAST(@P24 AS decimal(18,4)), CAST(@P25 AS decimal(18,4)), CAST(@P26 AS decimal(18,2)), @P27);

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
EXEC sys.sp_describe_first_result_set @tsql = @P1, @params = @P2;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
INSERT INTO [ponte].[generation] (flow, generation) VALUES (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT * FROM (SELECT o.number AS id, o.web_reference, 'order' AS kind FROM orders o WHERE o.web_reference IS NOT NULL) f WHERE [web_reference] IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT COUNT(*) FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT a.sku, a.sku AS article FROM articles a WHERE a.sku IN (CAST(@P1 AS varchar(8000)), CAST(@P2 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
SELECT c.number FROM customers c WHERE c.vat_number IN (CAST(@P1 AS varchar(8000)), 'IT' + CAST(@P2 AS varchar(8000))) ORDER BY c.number;

-- @P1 nvarchar(4000),@P2 nvarchar(4000)
UPDATE [ponte].[generation] SET generation = CAST(@P1 AS varchar(8000)) WHERE flow = CAST(@P2 AS varchar(8000));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 bigint
SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, c.is_computed, CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), c.collation_name, CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT', c.name, N'COLUMN'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'UPDATE', c.name, N'COLUMN') FROM sys.columns AS c WHERE c.object_id = @P3 ORDER BY c.column_id;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT item FROM [ponte].[decision] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND kind = CAST(@P3 AS varchar(8000)) ORDER BY (SELECT NULL) OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000)
SELECT s.name, o.name, CAST(RTRIM(o.type) AS nvarchar(2)), CAST(o.object_id AS bigint), HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'INSERT'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'DELETE'), o.modify_date FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE o.object_id = OBJECT_ID(@P3) AND o.type IN ('U', 'V');

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000)
SELECT record_key, target_id, columns, kind FROM [ponte].[link] WHERE shop = CAST(@P1 AS varchar(8000)) AND record = CAST(@P2 AS varchar(8000)) AND record_key IN (CAST(@P3 AS varchar(8000)), CAST(@P4 AS varchar(8000)));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000),@P5 bit,@P6 nvarchar(4000),@P7 nvarchar(4000),@P8 nvarchar(4000),@P9 nvarchar(4000),@P10 nvarchar(4000),@P11 nvarchar(4000),@P12 nvarchar(4000),@P13 nvarchar(4000)
SET NOCOUNT ON; INSERT INTO [customers] ([number], [name], [first_name], [last_name], [web], [email], [phone], [sdi_code], [street], [postcode], [city], [province], [country]) VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, @P12, @P13);

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000),@P5 bit,@P6 nvarchar(4000),@P7 nvarchar(4000),@P8 nvarchar(4000),@P9 nvarchar(4000),@P10 nvarchar(4000),@P11 nvarchar(4000),@P12 nvarchar(4000),@P13 nvarchar(4000),@P14 nvarchar(4000),@P15 nvarchar(4000),@P16 nvarchar(4000),@P17 nvarchar(4000),@P18 nvarchar(4000),@P19 nvarchar(4000),@P20 date,@P21 nvarchar(4000),@P22 bit,@P23 nvarchar(4000),@P24 nvarchar(4000),@P25 nvarchar(4000),@P26 nvarchar(4000),@P27 nvarchar(4000),@P28 datetimeoffset,@P29 nvarchar(4000),@P30 nvarchar(4000),@P31 nvarchar(4000),@P32 nvarchar(4000),@P33 nvarchar(4000),@P34 nvarchar(4000),@P35 nvarchar(4000),@P36 nvarchar(4000),@P37 nvarchar(4000),@P38 nvarchar(4000),@P39 bigint,@P40 nvarchar(4000),@P41 nvarchar(4000),@P42 nvarchar(4000),@P43 nvarchar(4000),@P44 nvarchar(4000),@P45 nvarchar(4000),@P46 nvarchar(4000),@P47 nvarchar(4000),@P48 nvarchar(4000),@P49 bigint,@P50 nvarchar(4000),@P51 nvarchar(4000),@P52 nvarchar(4000),@P53 nvarchar(4000),@P54 nvarchar(4000),@P55 nvarchar(4000),@P56 nvarchar(4000),@P57 nvarchar(4000),@P58 nvarchar(4000),@P59 bigint,@P60 nvarchar(4000),@P61 nvarchar(4000),@P62 nvarchar(4000),@P63 nvarchar(4000),@P64 nvarchar(4000),@P65 nvarchar(4000),@P66 nvarchar(4000),@P67 nvarchar(4000),@P68 nvarchar(4000),@P69 nvarchar(4000),@P70 nvarchar(4000),@P71 nvarchar(4000),@P72 nvarchar(4000),@P73 nvarchar(4000),@P74 nvarchar(4000),@P75 nvarchar(4000),@P76 nvarchar(4000),@P77 nvarchar(4000),@P78 nvarchar(4000)
SET NOCOUNT ON; INSERT INTO [customers] ([number], [name], [first_name], [last_name], [web], [email], [phone], [vat_number], [sdi_code], [street], [postcode], [city], [province], [country]) VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, @P12, @P13, @P14);
INSERT INTO [orders] ([number], [customer], [status], [web_reference], [web_number], [order_date], [currency], [tax_included], [total], [net_total], [payment_method], [paid_amount], [payment_state], [paid_at], [transaction_id], [carrier], [delivery_name], [delivery_street], [delivery_postcode], [delivery_city], [delivery_province], [delivery_country], [note]) VALUES (@P15, @P16, @P17, @P18, @P19, @P20, @P21, @P22, CAST(@P23 AS decimal(18,2)), CAST(@P24 AS decimal(18,2)), @P25, CAST(@P26 AS decimal(18,2)), @P27, @P28, @P29, @P30, @P31, @P32, @P33, @P34, @P35, @P36, @P37);
INSERT INTO [order_lines] ([order_number], [line], [sku], [warehouse], [description], [quantity], [unit_price], [discount_percent], [amount], [tax_class]) VALUES (@P38, @P39, @P40, @P41, @P42, CAST(@P43 AS decimal(18,4)), CAST(@P44 AS decimal(18,4)), CAST(@P45 AS decimal(7,4)), CAST(@P46 AS decimal(18,2)), @P47), (@P48, @P49, @P50, @P51, @P52, CAST(@P53 AS decimal(18,4)), CAST(@P54 AS decimal(18,4)), CAST(@P55 AS decimal(7,4)), CAST(@P56 AS decimal(18,2)), @P57);
INSERT INTO [order_lines] ([order_number], [line], [description], [quantity], [unit_price], [amount], [tax_class]) VALUES (@P58, @P59, @P60, CAST(@P61 AS decimal(18,4)), CAST(@P62 AS decimal(18,4)), CAST(@P63 AS decimal(18,2)), @P64);
INSERT INTO [order_taxes] ([order_number], [tax_class], [net], [tax]) VALUES (@P65, @P66, CAST(@P67 AS decimal(18,2)), CAST(@P68 AS decimal(18,2))), (@P69, @P70, CAST(@P71 AS decimal(18,2)), CAST(@P72 AS decimal(18,2)));
INSERT INTO [ponte].[link] (shop, record, record_key, target_id, columns, kind, linked_ms) VALUES (CAST(@P73 AS varchar(8000)), CAST(@P74 AS varchar(8000)), CAST(@P75 AS varchar(8000)), CAST(@P76 AS varchar(8000)), CAST(@P77 AS varchar(8000)), CAST(@P78 AS varchar(8000)), (CAST(DATEDIFF(DAY, '19700101', SYSUTCDATETIME()) AS bigint) * 86400000 + DATEDIFF(MILLISECOND, CAST(SYSUTCDATETIME() AS date), SYSUTCDATETIME())));

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000),@P5 nvarchar(4000),@P6 date,@P7 nvarchar(4000),@P8 bit,@P9 nvarchar(4000),@P10 nvarchar(4000),@P11 nvarchar(4000),@P12 nvarchar(4000),@P13 nvarchar(4000),@P14 datetimeoffset,@P15 nvarchar(4000),@P16 nvarchar(4000),@P17 nvarchar(4000),@P18 nvarchar(4000),@P19 nvarchar(4000),@P20 nvarchar(4000),@P21 nvarchar(4000),@P22 nvarchar(4000),@P23 nvarchar(4000)
SET NOCOUNT ON; INSERT INTO [orders] ([number], [customer], [status], [web_reference], [web_number], [order_date], [currency], [tax_included], [total], [net_total], [payment_method], [paid_amount], [payment_state], [paid_at], [transaction_id], [carrier], [delivery_name], [delivery_street], [delivery_postcode], [delivery_city], [delivery_province], [delivery_country], [note]) VALUES (@P1, @P2, @P3, @P4, @P5, @P6, @P7, @P8, CAST(@P9 AS decimal(18,2)), CAST(@P10 AS decimal(18,2)), @P11, CAST(@P12 AS decimal(18,2)), @P13, @P14, @P15, @P16, @P17, @P18, @P19, @P20, @P21, @P22, @P23);

-- @P1 nvarchar(4000),@P2 nvarchar(4000),@P3 nvarchar(4000),@P4 nvarchar(4000),@P5 nvarchar(4000),@P6 nvarchar(4000),@P7 nvarchar(4000),@P8 nvarchar(4000),@P9 nvarchar(4000),@P10 nvarchar(4000),@P11 nvarchar(4000),@P12 nvarchar(4000),@P13 nvarchar(4000),@P14 nvarchar(4000)
SET NOCOUNT ON; INSERT INTO [order_taxes] ([order_number], [tax_class], [net], [tax]) VALUES (@P1, @P2, CAST(@P3 AS decimal(18,2)), CAST(@P4 AS decimal(18,2))), (@P5, @P6, CAST(@P7 AS decimal(18,2)), CAST(@P8 AS decimal(18,2)));
INSERT INTO [ponte].[link] (shop, record, record_key, target_id, columns, kind, linked_ms) VALUES (CAST(@P9 AS varchar(8000)), CAST(@P10 AS varchar(8000)), CAST(@P11 AS varchar(8000)), CAST(@P12 AS varchar(8000)), CAST(@P13 AS varchar(8000)), CAST(@P14 AS varchar(8000)), (CAST(DATEDIFF(DAY, '19700101', SYSUTCDATETIME()) AS bigint) * 86400000 + DATEDIFF(MILLISECOND, CAST(SYSUTCDATETIME() AS date), SYSUTCDATETIME())));

COMMIT TRANSACTION;

DECLARE @taken TABLE (number NVARCHAR(40)); UPDATE counters SET value = value + 1 OUTPUT inserted.prefix + CAST(inserted.value AS VARCHAR(20)) INTO @taken (number) WHERE name = 'web_customer'; SELECT number FROM @taken;

DECLARE @taken TABLE (number NVARCHAR(40)); UPDATE counters SET value = value + 1 OUTPUT inserted.prefix + CAST(inserted.value AS VARCHAR(20)) INTO @taken (number) WHERE name = 'web_order'; SELECT number FROM @taken;

SELECT (CAST(DATEDIFF(DAY, '19700101', SYSUTCDATETIME()) AS bigint) * 86400000 + DATEDIFF(MILLISECOND, CAST(SYSUTCDATETIME() AS date), SYSUTCDATETIME()));

SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), CAST(SERVERPROPERTY('ProductLevel') AS nvarchar(128)), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME(), CAST(d.snapshot_isolation_state AS int) FROM sys.databases AS d WHERE d.database_id = DB_ID();

SELECT t.rate, MIN(t.code) AS code FROM tax_classes t GROUP BY t.rate;

SELECT w.code FROM warehouses w;

SET LANGUAGE us_english; SET DATEFORMAT ymd; SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT ON; SET IMPLICIT_TRANSACTIONS OFF; SET CURSOR_CLOSE_ON_COMMIT OFF; SET NOCOUNT OFF; SET ROWCOUNT 0; SET TEXTSIZE 2147483647; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 10000; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION;

