-- @P1 nvarchar(max), @P2 datetime2, @P3 nvarchar(max), @P4 datetime2
SET NOCOUNT ON;
DELETE t
    FROM [dbo].[t] AS t INNER JOIN (VALUES (CAST(@P1 COLLATE Latin1_General_CI_AS AS varchar(8000)), CAST(@P2 AS datetime)), (CAST(@P3 COLLATE Latin1_General_CI_AS AS varchar(8000)), CAST(@P4 AS datetime))) AS v ([c0], [c1])
    ON t.[code] = v.[c0] AND t.[day] = v.[c1];
SELECT @@ROWCOUNT
