-- @P1 bigint, @P2 bigint
SELECT [a], [b]
    FROM [dbo].[t]
    WHERE b IN (@P1, @P2)
    ORDER BY CAST([a] AS nvarchar(50)) COLLATE Latin1_General_100_BIN2, DATALENGTH([a])
    OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY
