-- A handful of articles beside the shop of tests/cases/woocommerce/seed.sql:
--   TOOL-1  in the shop as it is here; TOOL-2 there under another name; NEW-1 not there yet.
--   ODD-1   of a tax class that the project does not know: its price is rejected.

INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', 'standard', '22'), ('EXEMPT', 'exempt', '0');
INSERT INTO articles (sku, active, barcode, tax_class, weight) VALUES
    ('NEW-1', TRUE, '8000000000017', 'IVA22', '0.25'),
    ('ODD-1', TRUE, NULL, 'EXEMPT', '1'),
    ('TOOL-1', TRUE, NULL, 'IVA22', '1.2'),
    ('TOOL-2', TRUE, NULL, 'IVA22', '0.8');
INSERT INTO article_texts (sku, language, name, description) VALUES
    ('NEW-1', 'en', 'Chisel', 'Sharp.'),
    ('ODD-1', 'en', 'Stamp', NULL),
    ('TOOL-1', 'en', 'Hammer', 'A hammer.'),
    ('TOOL-2', 'en', 'Fine saw', NULL);
INSERT INTO categories (id, parent_id) VALUES ('T', NULL);
INSERT INTO category_texts (category_id, language, name) VALUES ('T', 'en', 'Tools');
INSERT INTO article_categories (sku, category_id) VALUES ('NEW-1', 'T'), ('TOOL-1', 'T');
INSERT INTO price_lists (code, currency, tax_included) VALUES ('public', 'EUR', FALSE);
INSERT INTO prices (sku, list, amount) VALUES
    ('NEW-1', 'public', '8'), ('ODD-1', 'public', '5'), ('TOOL-1', 'public', '20'), ('TOOL-2', 'public', '15');
INSERT INTO warehouses (code, name) VALUES ('WH', 'Store'), ('BACK', 'Repair');
INSERT INTO stock (sku, warehouse, quantity) VALUES
    ('NEW-1', 'WH', '30'), ('TOOL-1', 'WH', '9.5'), ('TOOL-1', 'BACK', '4'), ('TOOL-2', 'WH', '3');
