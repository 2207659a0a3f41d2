-- 
SET NOCOUNT ON;
INSERT INTO [dbo].[we]]ird] ([id], [pri]]ce], [name]) SELECT [c0], CAST([c1] AS decimal(19,4)), [c2]
    FROM #ponte_load;
SELECT @@ROWCOUNT;
DROP TABLE #ponte_load
