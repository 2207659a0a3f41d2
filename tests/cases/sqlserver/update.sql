-- @P1 nvarchar(max), @P2 datetime2, @P3 nvarchar(max), @P4 bit, @P5 nvarchar(max), @P6 datetime2, @P7 nvarchar(max), @P8 bit
SET NOCOUNT ON;
UPDATE t
    SET [price] = v.[c2], [flag] = v.[c3]
    FROM [dbo].[t] AS t INNER JOIN (VALUES (CAST(@P1 COLLATE Latin1_General_CI_AS AS varchar(8000)), CAST(@P2 AS datetime), CAST(@P3 AS decimal(19,4)), @P4), (CAST(@P5 COLLATE Latin1_General_CI_AS AS varchar(8000)), CAST(@P6 AS datetime), CAST(@P7 AS decimal(19,4)), @P8)) AS v ([c0], [c1], [c2], [c3])
    ON t.[code] = v.[c0] AND t.[day] = v.[c1];
SELECT @@ROWCOUNT
