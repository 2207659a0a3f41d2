-- @P1 bigint, @P2 bigint
SET NOCOUNT ON;
UPDATE t
    SET [n] = CAST(CAST(CAST(t.[n] AS nvarchar(4000)) AS bigint) + v.[c1] AS nvarchar(4000))
    FROM [dbo].[t] AS t INNER JOIN (VALUES (@P1, @P2)) AS v ([c0], [c1])
    ON t.[id] = v.[c0];
SELECT @@ROWCOUNT
