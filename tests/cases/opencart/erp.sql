-- What the ERP has beside the shop of seed-4.1.sql and seed-4.0.sql; load it after schemas/reference/postgres.sql.
-- SAW, RAKE (by its model), MUG (in grams, with millimetres), SHIRT (options), CAP and CAP-R (master and variant) are in
-- the shop; DRILL, LAMP and OLD are not. Categories T, G and C are the shop's; H, L and LX are new.

INSERT INTO tax_classes (code, description, rate) VALUES ('IVA22', '22 %', 22), ('IVA10', '10 %', 10);
INSERT INTO warehouses (code, name) VALUES ('WH', 'Main');
INSERT INTO price_lists (code, tax_included) VALUES ('public', FALSE), ('shop', TRUE);

INSERT INTO categories (id, parent_id, position) VALUES
    ('T', NULL, 1), ('G', 'T', 2), ('C', NULL, 3), ('H', 'G', 4), ('L', NULL, 5), ('LX', 'L', 6);
INSERT INTO category_texts (category_id, language, name, description) VALUES
    ('T', 'en', 'Tools', 'Not shown'), ('T', 'it', 'Attrezzi', NULL), ('G', 'en', 'Hand & garden', NULL), ('C', 'en', 'Clothing', NULL),
    ('H', 'en', 'Hoses "wet"', '<p>Long.</p>'), ('H', 'it', 'Tubi', NULL), ('L', 'en', 'Light', NULL), ('LX', 'en', 'Lamps', NULL);

INSERT INTO articles (sku, active, barcode, tax_class, weight, length, width, height) VALUES
    ('SAW', TRUE, '8000000000019', 'IVA22', 0.7, 30, NULL, NULL),
    ('RAKE', TRUE, NULL, 'IVA10', NULL, NULL, NULL, NULL),
    ('MUG', TRUE, NULL, 'IVA22', 0.325, 8.2, 8.2, 9),
    ('SHIRT', TRUE, '8000000000057', 'IVA22', 9, NULL, NULL, NULL),
    ('CAP', TRUE, NULL, 'IVA22', 9, NULL, NULL, NULL),
    ('CAP-R', TRUE, '8000000000064', 'IVA22', 9, NULL, NULL, NULL),
    ('DRILL', TRUE, '8000000000026', 'IVA22', 2.5, 25.5, 8, 20),
    ('LAMP', TRUE, NULL, 'IVA10', 0.25, NULL, NULL, NULL),
    ('OLD', FALSE, NULL, 'IVA22', NULL, NULL, NULL, NULL);
INSERT INTO article_texts (sku, language, name, description) VALUES
    ('SAW', 'en', 'Saw', 'Not shown.'), ('SAW', 'it', 'Sega', 'Per il legno.'), ('RAKE', 'en', 'Rake', NULL), ('MUG', 'en', 'Mug 12"', NULL),
    ('SHIRT', 'en', 'Shirt of the ERP', NULL), ('CAP', 'en', 'Cap of the ERP', NULL), ('CAP-R', 'en', 'Cap red of the ERP', NULL),
    ('DRILL', 'en', 'Drill <18 V>', '<b>A drill</b> & two batteries.'), ('DRILL', 'it', 'Trapano 18 V', NULL),
    ('LAMP', 'en', 'Lampe "Été"', NULL), ('OLD', 'en', 'Saw', NULL);
INSERT INTO article_categories (sku, category_id) VALUES
    ('SAW', 'T'), ('MUG', 'C'), ('DRILL', 'H'), ('DRILL', 'T'), ('LAMP', 'LX'), ('SHIRT', 'C');

INSERT INTO prices (sku, list, amount, sale_amount, sale_from, sale_to) VALUES
    ('SAW', 'public', 12.5, NULL, NULL, NULL), ('RAKE', 'public', 15, 12, '2026-01-01', '2036-02-28'), ('MUG', 'public', 4.1234, NULL, NULL, NULL),
    ('SHIRT', 'public', 25, NULL, NULL, NULL), ('CAP', 'public', 10, NULL, NULL, NULL), ('CAP-R', 'public', 11.5, NULL, NULL, NULL),
    ('DRILL', 'public', 149.9, 129, NULL, NULL), ('LAMP', 'public', 35, 40, NULL, NULL), ('OLD', 'public', 5, NULL, NULL, NULL);
INSERT INTO prices (sku, list, amount) VALUES ('SAW', 'shop', 12.2);
