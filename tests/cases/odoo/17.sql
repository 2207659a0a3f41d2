-- What Odoo 17 has otherwise than 18; load it after 18.sql. Costs are in a table of properties. Goods in stock are a type. The
-- moves of a delivery in two steps are all there from the beginning.
UPDATE ir_module_module SET latest_version = '17.0.1.3' WHERE name = 'base';
UPDATE product_template SET type = 'product' WHERE is_storable;
DELETE FROM product_template WHERE type = 'combo';
ALTER TABLE product_template DROP COLUMN is_storable;
ALTER TABLE product_product DROP COLUMN standard_price;
ALTER TABLE account_tax ADD COLUMN price_include BOOLEAN;
UPDATE account_tax SET price_include = COALESCE(price_include_override = 'tax_included', FALSE);
ALTER TABLE account_tax DROP COLUMN price_include_override;
ALTER TABLE res_company DROP COLUMN account_price_include;
INSERT INTO stock_move (company_id, product_id, product_uom, product_uom_qty, product_qty, location_id, location_dest_id, state, origin)
    SELECT company_id, product_id, product_uom, product_uom_qty, product_qty, location_dest_id, location_final_id, 'waiting', origin
    FROM stock_move WHERE location_final_id <> location_dest_id;
ALTER TABLE stock_move DROP COLUMN location_final_id;
ALTER TABLE sale_order_line DROP COLUMN technical_price_unit;
ALTER TABLE res_partner DROP COLUMN autopost_bills;
