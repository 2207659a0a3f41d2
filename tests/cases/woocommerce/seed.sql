-- A small shop, consistent as WooCommerce itself would have left it. Load it after schemas/woocommerce/; the INSERTs
-- are the same for MySQL, MariaDB and SQLite. Articles by id:
--   101 TOOL-1    simple, 12 pieces, two _weight rows (the lower meta_id counts)
--   102 TOOL-2    simple, a promotion of the shop's own without days
--   103 TOOL-3    simple, a promotion from 2036 on
--   104 TOOL-4    simple, sold out
--   105 TOOL-5    simple, draft, in the default category
--   106 SHIRT     variable: 107 SHIRT-S (5 pieces), 108 SHIRT-M (sold out; on sale until 2036)
--   109 CAP       variable, manages the stock: 110 CAP-R and 111 CAP-B sell from its 8 pieces
--   112 GIFT      simple, stock not managed, price with trailing zeros
-- Orders: 201 to 204 in the high-performance storage, 211 to 213 as posts.

INSERT INTO wp_terms (term_id, name, slug) VALUES
    (20, 'Tools', 'tools'),
    (21, 'Hand &amp; garden', 'hand-garden'),
    (22, 'Clothing', 'clothing'),
    (30, 'S', 's'),
    (31, 'M', 'm');
INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description, parent, count) VALUES
    (40, 20, 'product_cat', '', 0, 2),
    (41, 21, 'product_cat', 'For the garden', 20, 2),
    (42, 22, 'product_cat', '', 0, 2),
    (50, 30, 'pa_size', '', 0, 1),
    (51, 31, 'pa_size', '', 0, 1);
UPDATE wp_term_taxonomy SET count = 5 WHERE term_taxonomy_id = 2;
UPDATE wp_term_taxonomy SET count = 2 WHERE term_taxonomy_id = 4;
UPDATE wp_term_taxonomy SET count = 2 WHERE term_taxonomy_id = 9;
UPDATE wp_term_taxonomy SET count = 1 WHERE term_taxonomy_id = 15;
INSERT INTO wp_wc_category_lookup (category_tree_id, category_id) VALUES (15, 15), (20, 20), (20, 21), (21, 21), (22, 22);
INSERT INTO wp_termmeta (meta_id, term_id, meta_key, meta_value) VALUES
    (1, 15, 'product_count_product_cat', '1'),
    (2, 20, 'product_count_product_cat', '4'),
    (3, 21, 'product_count_product_cat', '2'),
    (4, 22, 'product_count_product_cat', '2');

INSERT INTO wp_posts (ID, post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, comment_status, ping_status, post_name, to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_parent, guid, post_type) VALUES
    (101, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', 'A hammer.', 'Hammer', '', 'publish', 'open', 'closed', 'hammer', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 0, 'https://shop.example/?product=hammer', 'product'),
    (102, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Saw', '', 'publish', 'open', 'closed', 'saw', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 0, 'https://shop.example/?product=saw', 'product'),
    (103, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Rake', '', 'publish', 'open', 'closed', 'rake', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 0, 'https://shop.example/?product=rake', 'product'),
    (104, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Spade', '', 'publish', 'open', 'closed', 'spade', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 0, 'https://shop.example/?product=spade', 'product'),
    (105, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Old drill', '', 'draft', 'open', 'closed', 'old-drill', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 0, 'https://shop.example/?product=old-drill', 'product'),
    (106, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Shirt', '', 'publish', 'open', 'closed', 'shirt', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 0, 'https://shop.example/?product=shirt', 'product'),
    (107, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Shirt - S', 'Size: S', 'publish', 'closed', 'closed', 'shirt-s', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 106, 'https://shop.example/?post_type=product_variation&p=107', 'product_variation'),
    (108, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Shirt - M', 'Size: M', 'publish', 'closed', 'closed', 'shirt-m', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 106, 'https://shop.example/?post_type=product_variation&p=108', 'product_variation'),
    (109, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Cap', '', 'publish', 'open', 'closed', 'cap', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 0, 'https://shop.example/?product=cap', 'product'),
    (110, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Cap - red', '', 'publish', 'closed', 'closed', 'cap-red', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 109, 'https://shop.example/?post_type=product_variation&p=110', 'product_variation'),
    (111, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Cap - blue', '', 'publish', 'closed', 'closed', 'cap-blue', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 109, 'https://shop.example/?post_type=product_variation&p=111', 'product_variation'),
    (112, 1, '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 'Gift card', '', 'publish', 'open', 'closed', 'gift-card', '', '', '2026-01-10 10:00:00', '2026-01-10 09:00:00', '', 0, 'https://shop.example/?product=gift-card', 'product');

INSERT INTO wp_term_relationships (object_id, term_taxonomy_id) VALUES
    (101, 2), (101, 40), (102, 2), (102, 40), (103, 2), (103, 41), (104, 2), (104, 9), (104, 41), (105, 2), (105, 15),
    (106, 4), (106, 42), (106, 50), (106, 51), (108, 9), (109, 4), (109, 42), (112, 2), (112, 15);

INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES
    (101, '_sku', 'TOOL-1'), (101, '_global_unique_id', '8000000000019'), (101, '_regular_price', '12.5'), (101, 'total_sales', '4'), (101, '_tax_status', 'taxable'), (101, '_tax_class', ''),
    (101, '_manage_stock', 'yes'), (101, '_backorders', 'no'), (101, '_sold_individually', 'no'), (101, '_weight', '0.7'), (101, '_weight', '9'), (101, '_length', '30'), (101, '_virtual', 'no'), (101, '_downloadable', 'no'),
    (101, '_download_limit', '-1'), (101, '_download_expiry', '-1'), (101, '_stock', '12'), (101, '_stock_status', 'instock'), (101, '_wc_average_rating', '0'), (101, '_wc_review_count', '0'), (101, '_product_version', '11.0.1'), (101, '_price', '12.5'),
    (102, '_sku', 'TOOL-2'), (102, '_regular_price', '20'), (102, '_sale_price', '16.9'), (102, 'total_sales', '0'), (102, '_tax_status', 'taxable'), (102, '_tax_class', ''),
    (102, '_manage_stock', 'yes'), (102, '_backorders', 'no'), (102, '_stock', '3'), (102, '_stock_status', 'instock'), (102, '_wc_average_rating', '0'), (102, '_product_version', '11.0.1'), (102, '_price', '16.9'),
    (103, '_sku', 'TOOL-3'), (103, '_regular_price', '15'), (103, '_sale_price', '9'), (103, '_sale_price_dates_from', '2085000000'), (103, '_sale_price_dates_to', '2086000000'), (103, 'total_sales', '0'), (103, '_tax_status', 'taxable'), (103, '_tax_class', 'reduced-rate'),
    (103, '_manage_stock', 'yes'), (103, '_backorders', 'notify'), (103, '_stock', '0'), (103, '_stock_status', 'onbackorder'), (103, '_wc_average_rating', '0'), (103, '_product_version', '11.0.1'), (103, '_price', '15'),
    (104, '_sku', 'TOOL-4'), (104, '_regular_price', '18'), (104, 'total_sales', '0'), (104, '_tax_status', 'taxable'), (104, '_tax_class', ''),
    (104, '_manage_stock', 'yes'), (104, '_backorders', 'no'), (104, '_stock', '0'), (104, '_stock_status', 'outofstock'), (104, '_wc_average_rating', '0'), (104, '_product_version', '11.0.1'), (104, '_price', '18'),
    (105, '_sku', 'TOOL-5'), (105, '_regular_price', '80'), (105, 'total_sales', '0'), (105, '_tax_status', 'taxable'), (105, '_tax_class', ''),
    (105, '_manage_stock', 'yes'), (105, '_backorders', 'no'), (105, '_stock', '1'), (105, '_stock_status', 'instock'), (105, '_wc_average_rating', '0'), (105, '_product_version', '11.0.1'), (105, '_price', '80'),
    (106, '_sku', 'SHIRT'), (106, 'total_sales', '1'), (106, '_tax_status', 'taxable'), (106, '_tax_class', ''), (106, '_manage_stock', 'no'), (106, '_backorders', 'no'),
    (106, '_stock', NULL), (106, '_stock_status', 'instock'), (106, '_wc_average_rating', '0'), (106, '_product_version', '11.0.1'), (106, '_price', '19.9'), (106, '_price', '25'),
    (107, '_sku', 'SHIRT-S'), (107, '_regular_price', '25'), (107, 'total_sales', '0'), (107, '_tax_status', 'taxable'), (107, '_tax_class', 'parent'),
    (107, '_manage_stock', 'yes'), (107, '_backorders', 'no'), (107, '_stock', '5'), (107, '_stock_status', 'instock'), (107, 'attribute_pa_size', 's'), (107, '_price', '25'), (107, '_product_version', '11.0.1'),
    (108, '_sku', 'SHIRT-M'), (108, '_regular_price', '25'), (108, '_sale_price', '19.9'), (108, '_sale_price_dates_from', '1760000000'), (108, '_sale_price_dates_to', '2085000000'), (108, 'total_sales', '0'), (108, '_tax_status', 'taxable'), (108, '_tax_class', 'parent'),
    (108, '_manage_stock', 'yes'), (108, '_backorders', 'no'), (108, '_stock', '0'), (108, '_stock_status', 'outofstock'), (108, 'attribute_pa_size', 'm'), (108, '_price', '19.9'), (108, '_product_version', '11.0.1'),
    (109, '_sku', 'CAP'), (109, 'total_sales', '0'), (109, '_tax_status', 'taxable'), (109, '_tax_class', ''), (109, '_manage_stock', 'yes'), (109, '_backorders', 'no'),
    (109, '_stock', '8'), (109, '_stock_status', 'instock'), (109, '_wc_average_rating', '0'), (109, '_product_version', '11.0.1'), (109, '_price', '10'),
    (110, '_sku', 'CAP-R'), (110, '_regular_price', '10'), (110, 'total_sales', '0'), (110, '_tax_status', 'taxable'), (110, '_tax_class', 'parent'), (110, '_manage_stock', 'no'), (110, '_backorders', 'no'), (110, '_stock', NULL), (110, '_stock_status', 'instock'), (110, '_price', '10'),
    (111, '_sku', 'CAP-B'), (111, '_regular_price', '10'), (111, 'total_sales', '0'), (111, '_tax_status', 'taxable'), (111, '_tax_class', 'parent'), (111, '_manage_stock', 'no'), (111, '_backorders', 'no'), (111, '_stock', NULL), (111, '_stock_status', 'instock'), (111, '_price', '10'),
    (112, '_sku', 'GIFT'), (112, '_regular_price', '50.00'), (112, 'total_sales', '0'), (112, '_tax_status', 'taxable'), (112, '_tax_class', ''), (112, '_manage_stock', 'no'), (112, '_backorders', 'no'), (112, '_stock', NULL), (112, '_stock_status', 'instock'), (112, '_price', '50.00');

INSERT INTO wp_wc_product_meta_lookup (product_id, sku, global_unique_id, min_price, max_price, onsale, stock_quantity, stock_status, total_sales, tax_class) VALUES
    (101, 'TOOL-1', '8000000000019', 12.5, 12.5, 0, 12, 'instock', 4, ''),
    (102, 'TOOL-2', '', 16.9, 16.9, 1, 3, 'instock', 0, ''),
    (103, 'TOOL-3', '', 15, 15, 0, 0, 'onbackorder', 0, 'reduced-rate'),
    (104, 'TOOL-4', '', 18, 18, 0, 0, 'outofstock', 0, ''),
    (105, 'TOOL-5', '', 80, 80, 0, 1, 'instock', 0, ''),
    (106, 'SHIRT', '', 19.9, 25, 0, NULL, 'instock', 1, ''),
    (107, 'SHIRT-S', '', 25, 25, 0, 5, 'instock', 0, 'parent'),
    (108, 'SHIRT-M', '', 19.9, 19.9, 1, 0, 'outofstock', 0, 'parent'),
    (109, 'CAP', '', 10, 10, 0, 8, 'instock', 0, ''),
    (110, 'CAP-R', '', 10, 10, 0, NULL, 'instock', 0, 'parent'),
    (111, 'CAP-B', '', 10, 10, 0, NULL, 'instock', 0, 'parent'),
    (112, 'GIFT', '', 50, 50, 0, NULL, 'instock', 0, '');
INSERT INTO wp_wc_product_attributes_lookup (product_id, product_or_parent_id, taxonomy, term_id, is_variation_attribute, in_stock) VALUES
    (107, 106, 'pa_size', 30, 1, 1),
    (108, 106, 'pa_size', 31, 1, 0);

INSERT INTO wp_options (option_name, option_value, autoload) VALUES
    ('product_cat_children', 'a:1:{i:20;a:1:{i:0;i:21;}}', 'auto'),
    ('_transient_timeout_wc_var_prices_106', '2085000000', 'off'),
    ('_transient_wc_var_prices_106', '{}', 'off'),
    ('_transient_product-transient-version', '1767000000', 'on');

-- 201: two hammers and a shirt, paid. 202: three hammers delivered, one of them refunded and put back (refund 204).
-- 203: just cancelled, the stock not yet given back. 204: the refund, an order of its own type.
INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_type) VALUES
    (201, '2026-02-10 10:00:00', '2026-02-10 09:00:00', '', '', '', 'draft', '', '', '2026-02-10 10:00:00', '2026-02-10 09:00:00', '', 'shop_order_placehold'),
    (202, '2026-02-11 10:00:00', '2026-02-11 09:00:00', '', '', '', 'draft', '', '', '2026-02-11 10:00:00', '2026-02-11 09:00:00', '', 'shop_order_placehold'),
    (203, '2026-02-20 10:00:00', '2026-02-20 09:00:00', '', '', '', 'draft', '', '', '2026-02-20 10:00:00', '2026-02-20 09:00:00', '', 'shop_order_placehold'),
    (204, '2026-02-13 10:00:00', '2026-02-13 09:00:00', '', '', '', 'draft', '', '', '2026-02-13 10:00:00', '2026-02-13 09:00:00', '', 'shop_order_placehold');
INSERT INTO wp_wc_orders (id, status, currency, type, total_amount, customer_id, date_created_gmt, date_updated_gmt, parent_order_id) VALUES
    (201, 'wc-processing', 'EUR', 'shop_order', 50, 0, '2026-02-10 09:00:00', '2026-02-10 09:00:05', 0),
    (202, 'wc-completed', 'EUR', 'shop_order', 37.5, 0, '2026-02-11 09:00:00', '2026-02-12 09:00:00', 0),
    (203, 'wc-cancelled', 'EUR', 'shop_order', 25, 0, '2026-02-20 09:00:00', '2026-02-20 12:00:00', 0),
    (204, 'wc-completed', 'EUR', 'shop_order_refund', -12.5, 0, '2026-02-13 09:00:00', '2026-02-13 09:00:00', 202);
INSERT INTO wp_wc_order_operational_data (order_id, created_via, woocommerce_version, prices_include_tax, order_stock_reduced) VALUES
    (201, 'checkout', '11.0.1', 0, 1),
    (202, 'checkout', '11.0.1', 0, 1),
    (203, 'checkout', '11.0.1', 0, 1),
    (204, '', '11.0.1', 0, 0);

-- 211: one hammer on hold. 212: older than most cut-over dates. 213: not paid, nothing taken.
INSERT INTO wp_posts (ID, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_type) VALUES
    (211, '2026-02-10 10:00:00', '2026-02-10 09:00:00', '', 'Order', '', 'wc-on-hold', '', '', '2026-02-10 10:00:00', '2026-02-10 09:00:00', '', 'shop_order'),
    (212, '2025-06-10 11:00:00', '2025-06-10 09:00:00', '', 'Order', '', 'wc-completed', '', '', '2025-06-11 11:00:00', '2025-06-11 09:00:00', '', 'shop_order'),
    (213, '2026-02-20 13:00:00', '2026-02-20 12:00:00', '', 'Order', '', 'wc-pending', '', '', '2026-02-20 13:00:00', '2026-02-20 12:00:00', '', 'shop_order');
INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES
    (211, '_order_stock_reduced', 'yes'), (212, '_order_stock_reduced', 'yes'), (213, '_order_stock_reduced', 'no');

INSERT INTO wp_woocommerce_order_items (order_item_id, order_item_name, order_item_type, order_id) VALUES
    (301, 'Hammer', 'line_item', 201), (302, 'Shirt - S', 'line_item', 201), (303, 'Flat rate', 'shipping', 201),
    (304, 'Hammer', 'line_item', 202), (305, 'Shirt - S', 'line_item', 203), (306, 'Hammer', 'line_item', 204),
    (311, 'Hammer', 'line_item', 211), (312, 'Saw', 'line_item', 212), (313, 'Saw', 'line_item', 213);
INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES
    (301, '_product_id', '101'), (301, '_variation_id', '0'), (301, '_qty', '2'), (301, '_reduced_stock', '2'),
    (302, '_product_id', '106'), (302, '_variation_id', '107'), (302, '_qty', '1'), (302, '_reduced_stock', '1'),
    (304, '_product_id', '101'), (304, '_variation_id', '0'), (304, '_qty', '3'), (304, '_reduced_stock', '2'), (304, '_restock_refunded_items', '1'),
    (305, '_product_id', '106'), (305, '_variation_id', '107'), (305, '_qty', '1'), (305, '_reduced_stock', '1'),
    (306, '_product_id', '101'), (306, '_variation_id', '0'), (306, '_qty', '-1'), (306, '_refunded_item_id', '304'),
    (311, '_product_id', '101'), (311, '_variation_id', '0'), (311, '_qty', '1'), (311, '_reduced_stock', '1'),
    (312, '_product_id', '102'), (312, '_variation_id', '0'), (312, '_qty', '4'), (312, '_reduced_stock', '4'),
    (313, '_product_id', '102'), (313, '_variation_id', '0'), (313, '_qty', '1');
