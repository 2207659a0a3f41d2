-- A small shop of OpenCart 4.0 that sells already: two languages, two groups of customers, a tree of categories with the
-- shop people's own beneath. Load it after schemas/opencart-4.0/mysql.sql.

SET SESSION sql_mode = 'NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION';

INSERT INTO oc_setting (store_id, code, `key`, value, serialized) VALUES
    (0, 'config', 'config_timezone', 'Europe/Rome', 0), (0, 'config', 'config_weight_class_id', '1', 0), (0, 'config', 'config_length_class_id', '1', 0),
    (0, 'config', 'config_processing_status', '["5","1","2","12","3"]', 1), (0, 'config', 'config_complete_status', '["5","3"]', 1);
INSERT INTO oc_language (language_id, name, code, sort_order, status) VALUES (1, 'English', 'en-gb', 1, 1), (2, 'Italiano', 'it-it', 2, 1);
INSERT INTO oc_customer_group (customer_group_id, approval, sort_order) VALUES (1, 0, 1), (4, 1, 2);
INSERT INTO oc_weight_class (weight_class_id, value) VALUES (1, 1), (2, 1000);
INSERT INTO oc_weight_class_description (weight_class_id, language_id, title, unit) VALUES
    (1, 1, 'Kilogram', 'kg'), (1, 2, 'Chilogrammi', 'kg'), (2, 1, 'Gram', 'g'), (2, 2, 'Grammi', 'g');
INSERT INTO oc_length_class (length_class_id, value) VALUES (1, 1), (2, 10);
INSERT INTO oc_length_class_description (length_class_id, language_id, title, unit) VALUES
    (1, 1, 'Centimeter', 'cm'), (1, 2, 'Centimetri', 'cm'), (2, 1, 'Millimeter', 'mm'), (2, 2, 'Millimetri', 'mm');
INSERT INTO oc_stock_status (stock_status_id, language_id, name) VALUES (5, 1, 'Out Of Stock'), (5, 2, 'Esaurito'), (7, 1, 'In Stock'), (7, 2, 'Disponibile');

-- 20 Tools > 21 Hand & garden > 22 Rakes (the shop people's own) > 23 Leaf rakes (likewise); 30 Clothing.
INSERT INTO oc_category (category_id, parent_id, sort_order, status) VALUES (20, 0, 9, 1), (21, 20, 1, 1), (22, 21, 1, 1), (23, 22, 1, 1), (30, 0, 2, 1);
INSERT INTO oc_category_description (category_id, language_id, name, description) VALUES
    (20, 1, 'Tools', 'By hand'), (20, 2, 'Utensili', ''), (21, 1, 'Hand &amp; garden', ''), (21, 2, 'Hand &amp; garden', ''),
    (22, 1, 'Rakes', ''), (22, 2, 'Rastrelli', ''), (23, 1, 'Leaf rakes', ''), (23, 2, 'Scope', ''), (30, 1, 'Clothing', ''), (30, 2, 'Abiti', '');
INSERT INTO oc_category_path (category_id, path_id, level) VALUES
    (20, 20, 0), (21, 20, 0), (21, 21, 1), (22, 20, 0), (22, 21, 1), (22, 22, 2), (23, 20, 0), (23, 21, 1), (23, 22, 2), (23, 23, 3), (30, 30, 0);
INSERT INTO oc_category_to_store (category_id, store_id) VALUES (20, 0), (21, 0), (22, 0), (23, 0), (30, 0);
-- An address of 21 from before it was moved once stayed behind.
INSERT INTO oc_seo_url (store_id, language_id, `key`, value, keyword, sort_order) VALUES
    (0, 1, 'path', '30_21', 'old-garden', 0), (0, 1, 'path', '20', 'tools', 0), (0, 1, 'path', '20_21', 'tools/garden', 0), (0, 1, 'path', '20_21_22', 'tools/garden/rakes', 0),
    (0, 1, 'path', '20_21_22_23', 'tools/garden/rakes/leaves', 0), (0, 1, 'path', '30', 'clothes', 0), (0, 2, 'path', '20_21_22', 'utensili/giardino/rastrelli', 0),
    (0, 1, 'product_id', '102', 'rake', 1), (0, 1, 'product_id', '101', 'saw', 1);

-- 101 by its code, 102 by its model, 103 in grams and millimetres, 104 with options, 105 master of 106, 107 not the ERP's.
INSERT INTO oc_product (product_id, master_id, model, sku, quantity, subtract, status, price, tax_class_id, weight, weight_class_id, length, width, height, length_class_id, stock_status_id, date_available, date_added, date_modified) VALUES
    (101, 0, 'S-100', 'SAW', 5, 1, 1, 12.5, 9, 0.7, 1, 30, 0, 0, 1, 7, '2026-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (102, 0, 'RAKE', '', 5, 1, 1, 10, 9, 0, 1, 0, 0, 0, 1, 7, '2026-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (103, 0, 'M-1', 'MUG', 5, 1, 0, 4, 9, 325, 2, 82, 82, 90, 2, 7, '2026-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (104, 0, 'SHIRT', '', 5, 1, 1, 20, 9, 0.2, 1, 0, 0, 0, 1, 7, '2026-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (105, 0, 'CAP', '', 5, 1, 1, 9, 9, 0, 1, 0, 0, 0, 1, 7, '2026-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (106, 105, 'CAP', 'CAP-R', 5, 1, 1, 9, 9, 0, 1, 0, 0, 0, 1, 7, '2026-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00'),
    (107, 0, 'THEIRS', '', 5, 1, 1, 1, 9, 0, 1, 0, 0, 0, 1, 7, '2026-01-01', '2026-01-01 00:00:00', '2026-01-01 00:00:00');
INSERT INTO oc_product_description (product_id, language_id, name, description, meta_title) VALUES
    (101, 1, 'Saw', 'By hand', 'Saw'), (101, 2, 'Seghetto', '', 'Seghetto'), (102, 1, 'Rake', '', 'Rake'), (102, 2, 'Rastrello', '', 'Rastrello'),
    (103, 1, 'Mug 12&quot;', '', 'Mug'), (103, 2, 'Tazza', '', 'Tazza'), (104, 1, 'Shirt', '', 'Shirt'), (105, 1, 'Cap', '', 'Cap'), (106, 1, 'Cap, red', '', 'Cap'), (107, 1, 'Theirs', '', '');
INSERT INTO oc_product_to_store (product_id, store_id) VALUES (101, 0), (102, 0), (103, 0), (104, 0), (105, 0), (106, 0), (107, 0);
INSERT INTO oc_product_to_category (product_id, category_id) VALUES (101, 22), (102, 22), (102, 30), (107, 20);
INSERT INTO oc_product_option (product_option_id, product_id, option_id, value, required) VALUES (1, 104, 1, '', 1);
INSERT INTO oc_product_option_value (product_option_value_id, product_option_id, product_id, option_id, option_value_id, quantity, subtract) VALUES (1, 1, 104, 1, 1, 3, 1);
-- The shop people's own: an offer.
INSERT INTO oc_product_special (product_id, customer_group_id, priority, price, date_start, date_end) VALUES (102, 1, 1, 14, '0000-00-00', '0000-00-00');
