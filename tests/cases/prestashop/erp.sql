-- What the ERP has beside the shop of seed.sql. Load it after schemas/reference/. HAMMER, SAW and the cups are in the shop,
-- DRILL and LAMP are not; categories T, G and H are the shop's, E and X are new.

INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22), ('IVA10', '10 %', 10);
INSERT INTO warehouses (code, name) VALUES ('WH', 'Main');
INSERT INTO price_lists (code, tax_included) VALUES ('public', TRUE);

INSERT INTO categories (id, parent_id, position) VALUES ('T', NULL, 1), ('G', 'T', 1), ('H', NULL, 2), ('E', 'T', 2), ('X', 'E', 1);
INSERT INTO category_texts (category_id, language, name) VALUES
    ('T', 'it', 'Attrezzi'), ('T', 'en', 'Tools'), ('G', 'it', 'Giardino'), ('G', 'en', 'Garden'), ('H', 'it', 'Casa'), ('H', 'en', 'House'),
    ('E', 'it', 'Elettrici'), ('E', 'en', 'Electric'), ('X', 'it', 'Trapani');

INSERT INTO articles (sku, active, barcode, tax_class, weight, length, width, height) VALUES
    ('HAMMER', TRUE, '8000000000019', 'IVA22', 0.7, 30, NULL, NULL),
    ('SAW', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('CUP-R', TRUE, '8000000000026', 'IVA22', NULL, NULL, NULL, NULL),
    ('CUP-B', TRUE, NULL, 'IVA22', NULL, NULL, NULL, NULL),
    ('DRILL', TRUE, '8000000000033', 'IVA22', 2.5, 25.5, 8, 20),
    ('LAMP', TRUE, NULL, 'IVA10', NULL, NULL, NULL, NULL);
INSERT INTO article_texts (sku, language, name, description, short_description) VALUES
    ('HAMMER', 'it', 'Martello', 'Dell''ERP', 'Breve'), ('HAMMER', 'en', 'Claw hammer', NULL, NULL),
    ('SAW', 'it', 'Sega', NULL, NULL), ('CUP-R', 'it', 'Tazza rossa', NULL, NULL), ('CUP-B', 'it', 'Tazza blu', NULL, NULL),
    ('DRILL', 'it', 'Trapano 18 V', 'Due batterie', NULL), ('DRILL', 'en', 'Drill 18 V', NULL, NULL), ('LAMP', 'it', 'Lampada', NULL, NULL);
INSERT INTO article_categories (sku, category_id) VALUES ('HAMMER', 'T'), ('SAW', 'G'), ('DRILL', 'X'), ('DRILL', 'T');
INSERT INTO prices (sku, list, amount, sale_amount, sale_from, sale_to) VALUES
    ('HAMMER', 'public', 12.2, NULL, NULL, NULL), ('SAW', 'public', 24.4, 20, '2026-01-01', '2036-06-30'),
    ('CUP-R', 'public', 6.1, NULL, NULL, NULL), ('DRILL', 'public', 149.9, NULL, NULL, NULL), ('LAMP', 'public', 33, 30, NULL, NULL);
INSERT INTO stock (sku, warehouse, quantity) VALUES
    ('HAMMER', 'WH', 15), ('SAW', 'WH', 2), ('CUP-R', 'WH', 4), ('CUP-B', 'WH', 6), ('DRILL', 'WH', 4);
