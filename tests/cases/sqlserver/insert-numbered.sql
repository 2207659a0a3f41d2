-- @P1 bigint, @P2 nvarchar(max), @P3 nvarchar(max), @P4 bigint, @P5 nvarchar(max), @P6 nvarchar(max)
SET NOCOUNT ON;
DECLARE @new TABLE ([g] int NOT NULL);
INSERT INTO [dbo].[we]]ird] ([id], [pri]]ce], [name])
    OUTPUT inserted.[no] INTO @new ([g]) SELECT v.[c0], v.[c1], v.[c2]
    FROM (VALUES (1, @P1, CAST(@P2 AS decimal(19,4)), @P3), (2, @P4, CAST(@P5 AS decimal(19,4)), @P6)) AS v ([n], [c0], [c1], [c2])
    ORDER BY v.[n];
SELECT [g]
    FROM @new
    ORDER BY [g]
