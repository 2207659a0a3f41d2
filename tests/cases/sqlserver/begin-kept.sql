-- 
SELECT CAST(o.object_id AS bigint), o.modify_date
    FROM sys.objects AS o
    WHERE o.object_id IN (5, 7)
