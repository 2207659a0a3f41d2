-- 
SET NOCOUNT ON;
DECLARE @new TABLE ([g] int NOT NULL);
INSERT INTO [dbo].[we]]ird]
    OUTPUT inserted.[no] INTO @new ([g]) DEFAULT VALUES;
SELECT [g]
    FROM @new
    ORDER BY [g]
