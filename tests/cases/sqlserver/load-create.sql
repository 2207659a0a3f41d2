-- 
CREATE TABLE #ponte_load ([c0] bigint NULL, [c1] nvarchar(4000) NULL, [c2] nvarchar(4000) NULL)
