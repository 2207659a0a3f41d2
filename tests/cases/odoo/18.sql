-- What Odoo 18 has otherwise than schemas/odoo/: units the other way round, and another name for a line's unit.
UPDATE ir_module_module SET latest_version = '18.0.1.3' WHERE name = 'base';
ALTER TABLE sale_order_line RENAME COLUMN product_uom_id TO product_uom;
UPDATE uom_uom SET factor = round(1 / factor, 16);
ALTER TABLE uom_uom DROP COLUMN relative_factor, DROP COLUMN relative_uom_id;
