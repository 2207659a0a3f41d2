-- @P1 bigint, @P2 nvarchar(max), @P3 nvarchar(max), @P4 bigint, @P5 nvarchar(max), @P6 nvarchar(max)
SET NOCOUNT ON;
INSERT INTO [dbo].[we]]ird] ([id], [pri]]ce], [name])
    VALUES (@P1, CAST(@P2 AS decimal(19,4)), @P3), (@P4, CAST(@P5 AS decimal(19,4)), @P6);
SELECT @@ROWCOUNT
