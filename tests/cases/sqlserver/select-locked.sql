-- @P1 nvarchar(max), @P2 bigint, @P3 nvarchar(max)
SELECT [a], [b]
    FROM [dbo].[t] WITH (UPDLOCK, ROWLOCK)
    WHERE (([a] = CAST(@P1 AS varchar(8000)) AND [b] = @P2) OR ([a] = @P3 AND [b] = NULL))
