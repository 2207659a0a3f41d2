-- @P1 bigint, @P2 bigint
SET NOCOUNT ON;
UPDATE t
    SET [n] = t.[n] + v.[c1]
    FROM [dbo].[t] AS t INNER JOIN (VALUES (@P1, @P2)) AS v ([c0], [c1])
    ON t.[id] = v.[c0];
SELECT @@ROWCOUNT
