-- @P1 bigint, @P2 bigint
SELECT [a], [b]
    FROM [dbo].[t]
    WHERE b IN (@P1, @P2)
    ORDER BY CAST(CAST([a] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2_UTF8 AS varchar(150)), DATALENGTH([a])
    OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY
