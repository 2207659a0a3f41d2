-- A PrestaShop that already sells, in Italian and English: HAMMER and SAW, a cup in two combinations with references of
-- their own, a shirt whose combinations repeat its reference, and a promotion of the shop people's. Load it after
-- schemas/prestashop/mysql.sql.

INSERT INTO ps_configuration (name, value, date_add, date_upd) VALUES
    ('PS_SPECIFIC_PRICE_FEATURE_ACTIVE', '1', '2026-01-01 09:00:00', '2026-01-01 09:00:00');

UPDATE ps_category SET nright = 12 WHERE id_category = 1;
UPDATE ps_category SET nright = 11 WHERE id_category = 2;
INSERT INTO ps_category (id_category, id_parent, level_depth, nleft, nright, active, date_add, date_upd, position) VALUES
    (3, 2, 2, 3, 6, 1, '2026-01-02 09:00:00', '2026-01-02 09:00:00', 0),
    (4, 3, 3, 4, 5, 1, '2026-01-02 09:00:00', '2026-01-02 09:00:00', 0),
    (5, 2, 2, 7, 8, 1, '2026-01-02 09:00:00', '2026-01-02 09:00:00', 1),
    (6, 2, 2, 9, 10, 1, '2026-01-02 09:00:00', '2026-01-02 09:00:00', 2);
INSERT INTO ps_category_shop (id_category, id_shop, position) VALUES (3, 1, 0), (4, 1, 0), (5, 1, 1), (6, 1, 2);
INSERT INTO ps_category_lang (id_category, id_shop, id_lang, name, link_rewrite) VALUES
    (3, 1, 1, 'Attrezzi', 'attrezzi'), (3, 1, 2, 'Tools', 'tools'),
    (4, 1, 1, 'Giardino', 'giardino'), (4, 1, 2, 'Garden', 'garden'),
    (5, 1, 1, 'Casa', 'casa'), (5, 1, 2, 'House', 'house'),
    (6, 1, 1, 'Offerte', 'offerte'), (6, 1, 2, 'Offers', 'offers');

INSERT INTO ps_product (id_product, id_category_default, id_tax_rules_group, reference, ean13, price, active, indexed, date_add, date_upd, product_type) VALUES
    (11, 3, 1, 'HAMMER', '', 10.000000, 1, 1, '2026-01-02 09:00:00', '2026-01-02 09:00:00', 'standard'),
    (12, 6, 1, 'SAW', '', 18.000000, 1, 1, '2026-01-02 09:00:00', '2026-01-02 09:00:00', 'standard'),
    (13, 5, 1, 'CUP', '', 5.000000, 1, 1, '2026-01-02 09:00:00', '2026-01-02 09:00:00', 'combinations'),
    (14, 5, 1, 'SHIRT', '', 20.000000, 1, 1, '2026-01-02 09:00:00', '2026-01-02 09:00:00', 'combinations');
INSERT INTO ps_product_shop (id_product, id_shop, id_category_default, id_tax_rules_group, price, active, indexed, date_add, date_upd)
    SELECT id_product, 1, id_category_default, id_tax_rules_group, price, active, indexed, date_add, date_upd FROM ps_product;
INSERT INTO ps_product_lang (id_product, id_shop, id_lang, name, link_rewrite, description) VALUES
    (11, 1, 1, 'Martello', 'martello', '<p>Nostro.</p>'), (11, 1, 2, 'Hammer', 'hammer', NULL),
    (12, 1, 1, 'Sega', 'sega', NULL), (12, 1, 2, 'Saw', 'saw', NULL),
    (13, 1, 1, 'Tazza', 'tazza', NULL), (13, 1, 2, 'Cup', 'cup', NULL),
    (14, 1, 1, 'Maglia', 'maglia', NULL), (14, 1, 2, 'Shirt', 'shirt', NULL);
INSERT INTO ps_category_product (id_category, id_product, position) VALUES
    (3, 11, 1), (3, 12, 2), (6, 11, 1), (6, 12, 2), (5, 13, 1), (5, 14, 2);
INSERT INTO ps_product_attribute (id_product_attribute, id_product, reference, ean13, price, default_on) VALUES
    (1, 13, 'CUP-R', '', 0, 1), (2, 13, 'CUP-B', '', 0.5, NULL), (3, 14, 'SHIRT', '', 0, 1), (4, 14, 'SHIRT', '', 0, NULL);
INSERT INTO ps_product_attribute_shop (id_product, id_product_attribute, id_shop, price, default_on) VALUES
    (13, 1, 1, 0, 1), (13, 2, 1, 0.5, NULL), (14, 3, 1, 0, 1), (14, 4, 1, 0, NULL);
INSERT INTO ps_stock_available (id_stock_available, id_product, id_product_attribute, id_shop, id_shop_group, quantity, out_of_stock) VALUES
    (1, 11, 0, 1, 0, 15, 2), (2, 12, 0, 1, 0, 3, 2),
    (3, 13, 0, 1, 0, 9, 2), (4, 13, 1, 1, 0, 4, 2), (5, 13, 2, 1, 0, 5, 2),
    (6, 14, 0, 1, 0, 7, 2), (7, 14, 3, 1, 0, 3, 2), (8, 14, 4, 1, 0, 4, 2);

INSERT INTO ps_specific_price (id_specific_price, id_specific_price_rule, id_cart, id_product, id_shop, id_shop_group, id_currency, id_country,
    id_group, id_customer, id_product_attribute, price, from_quantity, reduction, reduction_tax, reduction_type, `from`, `to`) VALUES
    (1, 0, 0, 11, 0, 0, 0, 0, 0, 0, 0, -1, 1, 0.1, 1, 'percentage', '2026-01-01 00:00:00', '2036-01-01 00:00:00');
