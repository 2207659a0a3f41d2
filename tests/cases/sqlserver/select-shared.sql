-- @P1 numeric(2,1)
SELECT [a], [b]
    FROM [dbo].[t] WITH (REPEATABLEREAD, ROWLOCK)
    WHERE a = @P1
