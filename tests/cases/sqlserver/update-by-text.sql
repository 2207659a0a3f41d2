-- @P1 nvarchar(max), @P2 nvarchar(max)
SET NOCOUNT ON;
UPDATE t
    SET [day] = v.[c1]
    FROM [dbo].[t] AS t INNER JOIN (VALUES (@P1 COLLATE Latin1_General_100_BIN2, @P2)) AS v ([c0], [c1])
    ON t.[code] = v.[c0];
SELECT @@ROWCOUNT
