-- What the ERP has beside the shop of seed.sql. Load it after schemas/reference/; the INSERTs are the same for PostgreSQL,
-- SQLite and (as the tests' client says them) SQL Server. TOOL-1 to TOOL-5, GIFT and the four variations are in the shop; DRILL, LAMP, NUTS and OLD are not.
-- Categories T, G and C are the shop's, D, L and LX are new.

INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22), ('IVA10', '10 %', 10);
INSERT INTO warehouses (code, name) VALUES ('WH', 'Main'), ('REPAIR', 'Repairs');
INSERT INTO price_lists (code, tax_included) VALUES ('public', FALSE), ('trade', FALSE);

INSERT INTO categories (id, parent_id, position) VALUES
    ('T', NULL, 1), ('G', 'T', 2), ('C', NULL, 3), ('D', 'T', 4), ('L', NULL, 5), ('LX', 'L', 6);
INSERT INTO category_texts (category_id, language, name, description) VALUES
    ('T', 'en', 'Tools', 'All our tools'), ('T', 'it', 'Attrezzi', NULL), ('G', 'en', 'Hand & garden', 'Not shown'),
    ('C', 'en', 'Clothing', NULL), ('D', 'en', 'Drills <electric>', 'Cordless, too'), ('L', 'en', 'Light', NULL),
    ('LX', 'en', 'Tools', 'Another category of this name');

INSERT INTO articles (sku, active, barcode, tax_class, weight, length, width, height) VALUES
    ('TOOL-1', TRUE, '8000000000019', 'IVA22', 0.7, 30, NULL, NULL),
    ('TOOL-2', TRUE, NULL, 'IVA22', 1.25, NULL, NULL, NULL),
    ('TOOL-3', TRUE, NULL, 'IVA10', NULL, NULL, NULL, NULL),
    ('TOOL-4', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('TOOL-5', FALSE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('SHIRT-S', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('SHIRT-M', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('CAP-R', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('CAP-B', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('GIFT', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('DRILL', TRUE, '8000000000026', 'IVA22', 2.5, 25.5, 8, 20),
    ('LAMP', TRUE, NULL, 'IVA10', 0.25, NULL, NULL, NULL),
    ('NUTS', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('OLD', FALSE, NULL, 'IVA22', NULL, NULL, NULL, NULL);
INSERT INTO article_texts (sku, language, name, description, short_description) VALUES
    ('TOOL-1', 'en', 'Hammer', 'The ERP would say this.', 'Short.'), ('TOOL-2', 'en', 'Saw', 'For wood.', NULL),
    ('TOOL-3', 'en', 'Rake', NULL, NULL), ('TOOL-4', 'en', 'Spade', NULL, NULL), ('TOOL-5', 'en', 'Old drill', NULL, NULL),
    ('SHIRT-S', 'en', 'Shirt S', NULL, NULL), ('SHIRT-M', 'en', 'Shirt M', NULL, NULL),
    ('CAP-R', 'en', 'Cap red', NULL, NULL), ('CAP-B', 'en', 'Cap blue', NULL, NULL), ('GIFT', 'en', 'Gift card', NULL, NULL),
    ('DRILL', 'en', 'Drill 18 V', 'A drill & two batteries.', 'Cordless'), ('DRILL', 'it', 'Trapano 18 V', NULL, NULL),
    ('LAMP', 'en', 'Lampe "Été" 😀', NULL, NULL), ('NUTS', 'en', 'Hammer', NULL, NULL), ('OLD', 'en', 'Old stock', NULL, NULL);
INSERT INTO article_categories (sku, category_id) VALUES
    ('TOOL-1', 'T'), ('TOOL-2', 'T'), ('TOOL-3', 'G'), ('TOOL-4', 'G'), ('DRILL', 'D'), ('DRILL', 'T'), ('LAMP', 'LX'),
    ('SHIRT-S', 'C');

INSERT INTO prices (sku, list, amount, sale_amount, sale_from, sale_to) VALUES
    ('TOOL-1', 'public', 12.5, NULL, NULL, NULL), ('TOOL-1', 'trade', 9, NULL, NULL, NULL),
    ('TOOL-2', 'public', 20, NULL, NULL, NULL), ('TOOL-3', 'public', 15, NULL, NULL, NULL),
    ('TOOL-4', 'public', 18, NULL, NULL, NULL), ('TOOL-5', 'public', 80, NULL, NULL, NULL),
    ('SHIRT-S', 'public', 25, NULL, NULL, NULL), ('SHIRT-M', 'public', 25, NULL, NULL, NULL),
    ('CAP-R', 'public', 10, NULL, NULL, NULL), ('CAP-B', 'public', 11.5, NULL, NULL, NULL),
    ('GIFT', 'public', 50, NULL, NULL, NULL), ('LAMP', 'public', 35, NULL, NULL, NULL),
    ('DRILL', 'public', 149.9, 129, '2026-01-01', '2036-12-31'), ('NUTS', 'public', 0.05, 0.04, '2036-01-01', NULL),
    ('OLD', 'public', 5, 4, '2020-01-01', '2020-12-31');

INSERT INTO stock (sku, warehouse, quantity) VALUES
    ('TOOL-1', 'WH', 15), ('TOOL-1', 'REPAIR', 100), ('TOOL-2', 'WH', 3), ('TOOL-4', 'WH', 0), ('SHIRT-S', 'WH', 6),
    ('DRILL', 'WH', 4), ('LAMP', 'WH', 2.5), ('NUTS', 'REPAIR', 9);
