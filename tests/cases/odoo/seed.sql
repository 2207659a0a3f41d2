-- A company's Odoo 19. Load it after schemas/odoo/. Articles by variant:
--   1 HAMMER   two warehouses, an open order, a consignment, goods outside of any warehouse, a barcode
--   2 RAKE     in no category, weighs nothing, no tax
--   3 SHIRT-R  a red shirt, 2.00 more than the blue one, 4 SHIRT-B
--   5 SAW      archived; 6 SAW archived before it
--   7 SPADE    archived, 8 SPADE the one that took its reference
--   9 FITTING  a service; 10 NAILS goods whose stock is not tracked
--   11 STEEL   bought, not sold; 12 (no reference); 13 OTHER of company 2; 14 BUNDLE, a combo
--   15 DRILL   sold by the dozen, delivered in two steps
-- Customers are location 3. Warehouse WH is 10 (stock 11, output 12), WH2 is 20 (stock 21), company 2's is 30 (31).

INSERT INTO ir_module_module (name, state, latest_version) VALUES ('base', 'installed', '19.0.1.3');
INSERT INTO ir_config_parameter (key, value) VALUES ('product.weight_in_lbs', '0');
INSERT INTO decimal_precision (name, digits) VALUES ('Product Price', 2);
INSERT INTO res_lang (id, name, code, active) VALUES (1, 'English', 'en_US', TRUE), (2, 'Italiano', 'it_IT', TRUE), (3, 'Deutsch', 'de_DE', FALSE);
INSERT INTO res_currency (id, name, active) VALUES (1, 'EUR', TRUE), (2, 'USD', TRUE);
INSERT INTO res_company (id, name, currency_id) VALUES (1, 'Ours', 1), (2, 'Theirs', 2);
INSERT INTO uom_uom (id, name, relative_factor, factor) VALUES (1, '{"en_US": "Units"}', 1, 1), (2, '{"en_US": "Dozens"}', 12, 12);

INSERT INTO product_category (id, parent_id, name, complete_name, parent_path) VALUES
    (1, NULL, 'Tools', 'Tools', '1/'), (2, 1, 'Hand & garden', 'Tools / Hand & garden', '1/2/'),
    (3, NULL, 'Expenses', 'Expenses', '3/'), (4, NULL, 'Clothing', 'Clothing', '4/');

INSERT INTO product_template (id, name, description_sale, type, is_storable, categ_id, uom_id, company_id, list_price, sale_ok, active) VALUES
    (1, '{"en_US": "Hammer", "it_IT": "Martello"}', '{"en_US": "A hammer."}', 'consu', TRUE, 2, 1, NULL, 10.00, TRUE, TRUE),
    (2, '{"en_US": "Rake"}', NULL, 'consu', TRUE, NULL, 1, NULL, 15.00, TRUE, TRUE),
    (3, '{"en_US": "Shirt"}', NULL, 'consu', TRUE, 4, 1, 1, 20.00, TRUE, TRUE),
    (5, '{"en_US": "Saw"}', NULL, 'consu', TRUE, 1, 1, NULL, 12.00, TRUE, FALSE),
    (6, '{"en_US": "Saw, as it was"}', NULL, 'consu', TRUE, 1, 1, NULL, 11.00, TRUE, FALSE),
    (7, '{"en_US": "Spade, as it was"}', NULL, 'consu', TRUE, 1, 1, NULL, 18.00, TRUE, FALSE),
    (8, '{"en_US": "Spade"}', NULL, 'consu', TRUE, 2, 1, NULL, 19.00, TRUE, TRUE),
    (9, '{"en_US": "Fitting"}', NULL, 'service', FALSE, NULL, 1, NULL, 50.00, TRUE, TRUE),
    (10, '{"en_US": "Nails"}', NULL, 'consu', FALSE, 1, 1, NULL, 0.05, TRUE, TRUE),
    (11, '{"en_US": "Steel"}', NULL, 'consu', TRUE, 3, 1, NULL, 1.00, FALSE, TRUE),
    (12, '{"en_US": "Without"}', NULL, 'consu', TRUE, 1, 1, NULL, 1.00, TRUE, TRUE),
    (13, '{"en_US": "Other"}', NULL, 'consu', TRUE, 1, 1, 2, 1.00, TRUE, TRUE),
    (14, '{"en_US": "Bundle"}', NULL, 'combo', FALSE, 1, 1, NULL, 1.00, TRUE, TRUE),
    (15, '{"en_US": "Drill"}', NULL, 'consu', TRUE, 1, 1, NULL, 99.90, TRUE, TRUE);
INSERT INTO product_product (id, product_tmpl_id, default_code, barcode, standard_price, weight, active) VALUES
    (1, 1, 'HAMMER', '8000000000019', '{"1": 4.00}', 0.70, TRUE), (2, 2, 'RAKE', '', NULL, 0, TRUE),
    (3, 3, 'SHIRT-R', NULL, NULL, 0.20, TRUE), (4, 3, 'SHIRT-B', NULL, NULL, 0.20, TRUE),
    (5, 5, 'SAW', NULL, NULL, 0.50, FALSE), (6, 6, 'SAW', NULL, NULL, 0.40, FALSE),
    (7, 7, 'SPADE', NULL, NULL, 1.80, FALSE), (8, 8, 'SPADE', NULL, NULL, 1.90, TRUE),
    (9, 9, 'FITTING', NULL, NULL, 0, TRUE), (10, 10, 'NAILS', NULL, NULL, 0.01, TRUE), (11, 11, 'STEEL', NULL, NULL, 1, TRUE),
    (12, 12, NULL, NULL, NULL, 1, TRUE), (13, 13, 'OTHER', NULL, NULL, 1, TRUE), (14, 14, 'BUNDLE', NULL, NULL, 1, TRUE),
    (15, 15, 'DRILL', NULL, '{"1": 60.00}', 2.50, TRUE);

INSERT INTO product_attribute_value (id, attribute_id, name) VALUES
    (1, 1, '{"en_US": "Red", "it_IT": "Rosso"}'), (2, 1, '{"en_US": "Blue", "it_IT": "Blu"}'), (3, 2, '{"en_US": "Cotton"}');
INSERT INTO product_template_attribute_line (id, product_tmpl_id, attribute_id, sequence, value_count, active) VALUES
    (1, 3, 1, 10, 2, TRUE), (2, 3, 2, 5, 1, TRUE);
INSERT INTO product_template_attribute_value (id, product_attribute_value_id, attribute_line_id, price_extra, ptav_active) VALUES
    (1, 1, 1, 2.00, TRUE), (2, 2, 1, 0, TRUE), (3, 3, 2, 0, TRUE);
INSERT INTO product_variant_combination VALUES (3, 1), (3, 3), (4, 2), (4, 3);

INSERT INTO account_tax (id, company_id, name, sequence, type_tax_use, amount, price_include_override, active) VALUES
    (1, 1, '{"en_US": "22%"}', 1, 'sale', 22, NULL, TRUE), (2, 1, '{"en_US": "22% purchase"}', 1, 'purchase', 22, NULL, TRUE),
    (3, 1, '{"en_US": "10% incl"}', 2, 'sale', 10, 'tax_included', TRUE), (4, 2, '{"en_US": "20%"}', 1, 'sale', 20, NULL, TRUE);
INSERT INTO product_taxes_rel (prod_id, tax_id)
    SELECT t.id, x.id FROM product_template t JOIN account_tax x ON x.id IN (1, 2, 4) WHERE t.id NOT IN (2, 3);
INSERT INTO product_taxes_rel VALUES (3, 3);

INSERT INTO stock_location (id, location_id, warehouse_id, company_id, name, usage, parent_path, active) VALUES
    (2, NULL, NULL, NULL, 'Vendors', 'supplier', '2/', TRUE), (3, NULL, NULL, NULL, 'Customers', 'customer', '3/', TRUE),
    (4, NULL, NULL, 1, 'Repairs', 'internal', '4/', TRUE), (5, NULL, NULL, 1, 'Adjustment', 'inventory', '5/', TRUE),
    (10, NULL, 1, 1, 'WH', 'view', '10/', TRUE), (11, 10, 1, 1, 'Stock', 'internal', '10/11/', TRUE),
    (12, 10, 1, 1, 'Output', 'internal', '10/12/', TRUE), (13, 11, 1, 1, 'Shelf', 'internal', '10/11/13/', TRUE),
    (20, NULL, 2, 1, 'WH2', 'view', '20/', TRUE), (21, 20, 2, 1, 'Stock', 'internal', '20/21/', TRUE),
    (30, NULL, 3, 2, 'WH', 'view', '30/', TRUE), (31, 30, 3, 2, 'Stock', 'internal', '30/31/', TRUE);
INSERT INTO stock_warehouse (id, company_id, view_location_id, name, code, active) VALUES
    (1, 1, 10, 'Main', 'WH', TRUE), (2, 1, 20, 'Second', 'WH2', TRUE), (3, 2, 30, 'Theirs', 'WH', TRUE);
INSERT INTO stock_quant (product_id, location_id, company_id, owner_id, quantity, reserved_quantity) VALUES
    (1, 11, 1, NULL, 10, 3), (1, 13, 1, NULL, 4, 0), (1, 13, 1, 77, 2, 0), (1, 21, 1, NULL, 100, 0), (1, 4, 1, NULL, 50, 0),
    (1, 31, 2, NULL, 1000, 0), (1, 3, NULL, NULL, 8, 0), (1, 5, 1, NULL, -99, 0),
    (3, 11, 1, NULL, 5, 0), (4, 11, 1, NULL, -1, 0), (5, 11, 1, NULL, 9, 0), (7, 11, 1, NULL, 30, 0), (8, 11, 1, NULL, 7, 0),
    (15, 11, 1, NULL, 40, 24), (15, 12, 1, NULL, 6, 6);

-- Open: three hammers from WH, one from WH2; a drill's dozen on its way to the output, six already there. Not: a receipt, a
-- transfer, a draft, what is done or cancelled, the other company's.
INSERT INTO stock_move (company_id, product_id, product_uom, product_uom_qty, product_qty, location_id, location_dest_id, location_final_id, state, origin) VALUES
    (1, 1, 1, 3, 3, 11, 3, 3, 'assigned', 'S00001'), (1, 1, 1, 1, 1, 21, 3, 3, 'confirmed', 'S00002'),
    (1, 1, 1, 5, 5, 2, 11, 11, 'assigned', 'P00001'), (1, 1, 1, 6, 6, 11, 21, 21, 'assigned', NULL), (1, 1, 1, 7, 7, 11, 3, 3, 'draft', NULL),
    (1, 1, 1, 8, 8, 11, 3, 3, 'done', 'S00003'), (1, 1, 1, 9, 9, 11, 3, 3, 'cancel', 'S00004'), (2, 1, 1, 90, 90, 31, 3, 3, 'assigned', 'S00005'),
    (1, 15, 2, 1, 12, 11, 12, 3, 'partially_available', 'S00006'), (1, 15, 1, 6, 6, 12, 3, 3, 'assigned', 'S00007');
