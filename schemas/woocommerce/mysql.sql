-- The tables of WordPress and WooCommerce (prefix wp_) that the pack `woocommerce` reads or writes: MySQL 5.7 and later, MariaDB 10.5 and later.
-- Only those, with types, keys and defaults as on an installation of WooCommerce 11.

-- Zero dates are WordPress's own defaults: newer servers refuse them in their default mode.
SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION';

-- Articles, their variations and, in the legacy order storage, orders. IDs of HPOS orders come from here too.
CREATE TABLE wp_posts (
    ID                          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    post_author                 BIGINT UNSIGNED NOT NULL DEFAULT 0,
    post_date                   DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',  -- the shop's local time
    post_date_gmt               DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',  -- UTC
    post_content                LONGTEXT NOT NULL,
    post_title                  TEXT NOT NULL,
    post_excerpt                TEXT NOT NULL,
    post_status                 VARCHAR(20) NOT NULL DEFAULT 'publish',
    comment_status              VARCHAR(20) NOT NULL DEFAULT 'open',
    ping_status                 VARCHAR(20) NOT NULL DEFAULT 'open',
    post_password               VARCHAR(255) NOT NULL DEFAULT '',
    post_name                   VARCHAR(200) NOT NULL DEFAULT '',
    to_ping                     TEXT NOT NULL,
    pinged                      TEXT NOT NULL,
    post_modified               DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    post_modified_gmt           DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    post_content_filtered       LONGTEXT NOT NULL,
    post_parent                 BIGINT UNSIGNED NOT NULL DEFAULT 0,
    guid                        VARCHAR(255) NOT NULL DEFAULT '',
    menu_order                  INT NOT NULL DEFAULT 0,
    post_type                   VARCHAR(20) NOT NULL DEFAULT 'post',
    post_mime_type              VARCHAR(100) NOT NULL DEFAULT '',
    comment_count               BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (ID),
    KEY post_name (post_name(191)),
    KEY type_status_date (post_type, post_status, post_date, ID),
    KEY post_parent (post_parent),
    KEY post_author (post_author),
    KEY type_status_author (post_type, post_status, post_author)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Their attributes. No unique key: of several rows of a name the shop reads the one with the lowest meta_id.
CREATE TABLE wp_postmeta (
    meta_id                     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    post_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  LONGTEXT DEFAULT NULL,
    PRIMARY KEY (meta_id),
    KEY post_id (post_id),
    KEY meta_key (meta_key(191))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Names of categories, product types, visibility marks; names hold & < > as HTML entities.
CREATE TABLE wp_terms (
    term_id                     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    name                        VARCHAR(200) NOT NULL DEFAULT '',
    slug                        VARCHAR(200) NOT NULL DEFAULT '',
    term_group                  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (term_id),
    KEY slug (slug(191)),
    KEY name (name(191))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE wp_term_taxonomy (
    term_taxonomy_id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    term_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    taxonomy                    VARCHAR(32) NOT NULL DEFAULT '',
    description                 LONGTEXT NOT NULL,
    parent                      BIGINT UNSIGNED NOT NULL DEFAULT 0,  -- a term_id
    count                       BIGINT NOT NULL DEFAULT 0,  -- published posts, kept by the shop's code
    PRIMARY KEY (term_taxonomy_id),
    UNIQUE KEY term_id_taxonomy (term_id, taxonomy),
    KEY taxonomy (taxonomy)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE wp_term_relationships (
    object_id                   BIGINT UNSIGNED NOT NULL DEFAULT 0,
    term_taxonomy_id            BIGINT UNSIGNED NOT NULL DEFAULT 0,
    term_order                  INT NOT NULL DEFAULT 0,
    PRIMARY KEY (object_id, term_taxonomy_id),
    KEY term_taxonomy_id (term_taxonomy_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE wp_termmeta (
    meta_id                     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    term_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  LONGTEXT DEFAULT NULL,
    PRIMARY KEY (meta_id),
    KEY term_id (term_id),
    KEY meta_key (meta_key(191))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Settings, and cached values under names that begin with _transient_.
CREATE TABLE wp_options (
    option_id                   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    option_name                 VARCHAR(191) NOT NULL DEFAULT '',
    option_value                LONGTEXT NOT NULL,
    autoload                    VARCHAR(20) NOT NULL DEFAULT 'yes',
    PRIMARY KEY (option_id),
    UNIQUE KEY option_name (option_name),
    KEY autoload (autoload)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE wp_users (
    ID                          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    user_login                  VARCHAR(60) NOT NULL DEFAULT '',
    user_pass                   VARCHAR(255) NOT NULL DEFAULT '',
    user_nicename               VARCHAR(50) NOT NULL DEFAULT '',
    user_email                  VARCHAR(100) NOT NULL DEFAULT '',
    user_url                    VARCHAR(100) NOT NULL DEFAULT '',
    user_registered             DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    user_activation_key         VARCHAR(255) NOT NULL DEFAULT '',
    user_status                 INT NOT NULL DEFAULT 0,
    display_name                VARCHAR(250) NOT NULL DEFAULT '',
    PRIMARY KEY (ID),
    KEY user_login_key (user_login),
    KEY user_nicename (user_nicename),
    KEY user_email (user_email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Roles and addresses of users, by name: no unique key, the lowest umeta_id counts.
CREATE TABLE wp_usermeta (
    umeta_id                    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    user_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  LONGTEXT DEFAULT NULL,
    PRIMARY KEY (umeta_id),
    KEY user_id (user_id),
    KEY meta_key (meta_key(191))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Customers as the shop's reports and lists find them; guests have no user.
CREATE TABLE wp_wc_customer_lookup (
    customer_id                 BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    user_id                     BIGINT UNSIGNED DEFAULT NULL,
    username                    VARCHAR(60) NOT NULL DEFAULT '',
    first_name                  VARCHAR(255) NOT NULL,
    last_name                   VARCHAR(255) NOT NULL,
    email                       VARCHAR(100) DEFAULT NULL,
    date_last_active            TIMESTAMP NULL DEFAULT NULL,
    date_registered             TIMESTAMP NULL DEFAULT NULL,
    country                     CHAR(2) NOT NULL DEFAULT '',
    postcode                    VARCHAR(20) NOT NULL DEFAULT '',
    city                        VARCHAR(100) NOT NULL DEFAULT '',
    state                       VARCHAR(100) NOT NULL DEFAULT '',
    PRIMARY KEY (customer_id),
    UNIQUE KEY user_id (user_id),
    KEY email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- One row per article and variation, made from postmeta: the shop searches, filters and sorts by it.
CREATE TABLE wp_wc_product_meta_lookup (
    product_id                  BIGINT NOT NULL,
    sku                         VARCHAR(100) DEFAULT '',
    global_unique_id            VARCHAR(100) DEFAULT '',  -- since WooCommerce 9.1
    `virtual`                   TINYINT(1) DEFAULT 0,
    downloadable                TINYINT(1) DEFAULT 0,
    min_price                   DECIMAL(19,4) DEFAULT NULL,
    max_price                   DECIMAL(19,4) DEFAULT NULL,
    onsale                      TINYINT(1) DEFAULT 0,
    stock_quantity              DOUBLE DEFAULT NULL,
    stock_status                VARCHAR(100) DEFAULT 'instock',
    rating_count                BIGINT DEFAULT 0,
    average_rating              DECIMAL(3,2) DEFAULT 0.00,
    total_sales                 BIGINT DEFAULT 0,
    tax_status                  VARCHAR(100) DEFAULT 'taxable',
    tax_class                   VARCHAR(100) DEFAULT '',
    PRIMARY KEY (product_id),
    KEY `virtual` (`virtual`),
    KEY downloadable (downloadable),
    KEY stock_status (stock_status),
    KEY stock_quantity (stock_quantity),
    KEY onsale (onsale),
    KEY min_max_price (min_price, max_price),
    KEY sku (sku(50))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Attribute terms per article and variation, for the filters of the catalogue.
CREATE TABLE wp_wc_product_attributes_lookup (
    product_id                  BIGINT NOT NULL,
    product_or_parent_id        BIGINT NOT NULL,
    taxonomy                    VARCHAR(32) NOT NULL,
    term_id                     BIGINT NOT NULL,
    is_variation_attribute      TINYINT(1) NOT NULL,
    in_stock                    TINYINT(1) NOT NULL,
    PRIMARY KEY (product_or_parent_id, term_id, product_id, taxonomy),
    KEY is_variation_attribute_term_id (is_variation_attribute, term_id),
    KEY taxonomy_term_id_in_stock_product_or_parent_id (taxonomy, term_id, in_stock, product_or_parent_id),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Every category with each of its ancestors and with itself.
CREATE TABLE wp_wc_category_lookup (
    category_tree_id            BIGINT UNSIGNED NOT NULL,
    category_id                 BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (category_tree_id, category_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Orders in the high-performance storage (HPOS). The id is that of a placeholder row in wp_posts.
CREATE TABLE wp_wc_orders (
    id                          BIGINT UNSIGNED NOT NULL,
    status                      VARCHAR(20) DEFAULT NULL,
    currency                    VARCHAR(10) DEFAULT NULL,
    type                        VARCHAR(20) DEFAULT NULL,
    tax_amount                  DECIMAL(26,8) DEFAULT NULL,
    total_amount                DECIMAL(26,8) DEFAULT NULL,
    customer_id                 BIGINT UNSIGNED DEFAULT NULL,
    billing_email               VARCHAR(320) DEFAULT NULL,
    date_created_gmt            DATETIME DEFAULT NULL,
    date_updated_gmt            DATETIME DEFAULT NULL,
    parent_order_id             BIGINT UNSIGNED DEFAULT NULL,
    payment_method              VARCHAR(100) DEFAULT NULL,
    payment_method_title        TEXT DEFAULT NULL,
    transaction_id              VARCHAR(100) DEFAULT NULL,
    ip_address                  VARCHAR(100) DEFAULT NULL,
    user_agent                  TEXT DEFAULT NULL,
    customer_note               TEXT DEFAULT NULL,
    PRIMARY KEY (id),
    KEY status (status),
    KEY date_created (date_created_gmt),
    KEY customer_id_billing_email (customer_id, billing_email(171)),
    KEY customer_id_status (customer_id, status),
    KEY billing_email (billing_email(191)),
    KEY transaction_id (transaction_id(20)),
    KEY type_status_date (type, status, date_created_gmt),
    KEY parent_order_id (parent_order_id),
    KEY date_updated (date_updated_gmt)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE wp_wc_order_operational_data (
    id                          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    order_id                    BIGINT UNSIGNED DEFAULT NULL,
    created_via                 VARCHAR(100) DEFAULT NULL,
    woocommerce_version         VARCHAR(20) DEFAULT NULL,
    prices_include_tax          TINYINT(1) DEFAULT NULL,
    coupon_usages_are_counted   TINYINT(1) DEFAULT NULL,
    download_permission_granted TINYINT(1) DEFAULT NULL,
    cart_hash                   VARCHAR(100) DEFAULT NULL,
    new_order_email_sent        TINYINT(1) DEFAULT NULL,
    order_key                   VARCHAR(100) DEFAULT NULL,
    order_stock_reduced         TINYINT(1) DEFAULT NULL,
    date_paid_gmt               DATETIME DEFAULT NULL,
    date_completed_gmt          DATETIME DEFAULT NULL,
    shipping_tax_amount         DECIMAL(26,8) DEFAULT NULL,
    shipping_total_amount       DECIMAL(26,8) DEFAULT NULL,
    discount_tax_amount         DECIMAL(26,8) DEFAULT NULL,
    discount_total_amount       DECIMAL(26,8) DEFAULT NULL,
    recorded_sales              TINYINT(1) DEFAULT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY order_id (order_id),
    KEY order_key (order_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE wp_wc_order_addresses (
    id                          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    order_id                    BIGINT UNSIGNED NOT NULL,
    address_type                VARCHAR(20) DEFAULT NULL,
    first_name                  TEXT DEFAULT NULL,
    last_name                   TEXT DEFAULT NULL,
    company                     TEXT DEFAULT NULL,
    address_1                   TEXT DEFAULT NULL,
    address_2                   TEXT DEFAULT NULL,
    city                        TEXT DEFAULT NULL,
    state                       TEXT DEFAULT NULL,
    postcode                    TEXT DEFAULT NULL,
    country                     TEXT DEFAULT NULL,
    email                       VARCHAR(320) DEFAULT NULL,
    phone                       VARCHAR(100) DEFAULT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY address_type_order_id (address_type, order_id),
    KEY order_id (order_id),
    KEY email (email(191)),
    KEY phone (phone)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE wp_wc_orders_meta (
    id                          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    order_id                    BIGINT UNSIGNED DEFAULT NULL,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  TEXT DEFAULT NULL,
    PRIMARY KEY (id),
    KEY meta_key_value (meta_key(100), meta_value(82)),
    KEY order_id_meta_key_meta_value (order_id, meta_key(100), meta_value(82))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Comments, and the notes of orders: `comment_type` order_note.
CREATE TABLE wp_comments (
    comment_ID                  BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    comment_post_ID             BIGINT UNSIGNED NOT NULL DEFAULT 0,
    comment_author              TINYTEXT NOT NULL,
    comment_author_email        VARCHAR(100) NOT NULL DEFAULT '',
    comment_author_url          VARCHAR(200) NOT NULL DEFAULT '',
    comment_author_IP           VARCHAR(100) NOT NULL DEFAULT '',
    comment_date                DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    comment_date_gmt            DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    comment_content             TEXT NOT NULL,
    comment_karma               INT NOT NULL DEFAULT 0,
    comment_approved            VARCHAR(20) NOT NULL DEFAULT '1',
    comment_agent               VARCHAR(255) NOT NULL DEFAULT '',
    comment_type                VARCHAR(20) NOT NULL DEFAULT 'comment',
    comment_parent              BIGINT UNSIGNED NOT NULL DEFAULT 0,
    user_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (comment_ID),
    KEY comment_post_ID (comment_post_ID)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Orders as the shop's reports count them; a row appears some time after the order.
CREATE TABLE wp_wc_order_stats (
    order_id                    BIGINT UNSIGNED NOT NULL,
    parent_id                   BIGINT UNSIGNED NOT NULL DEFAULT 0,
    date_created                DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    date_created_gmt            DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    date_paid                   DATETIME DEFAULT '0000-00-00 00:00:00',
    date_completed              DATETIME DEFAULT '0000-00-00 00:00:00',
    num_items_sold              INT NOT NULL DEFAULT 0,
    total_sales                 DOUBLE NOT NULL DEFAULT 0,
    tax_total                   DOUBLE NOT NULL DEFAULT 0,
    shipping_total              DOUBLE NOT NULL DEFAULT 0,
    net_total                   DOUBLE NOT NULL DEFAULT 0,
    returning_customer          TINYINT(1) DEFAULT NULL,
    status                      VARCHAR(20) NOT NULL,
    customer_id                 BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (order_id),
    KEY date_created (date_created),
    KEY customer_id (customer_id),
    KEY status (status)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Order lines: both storages keep them here.
CREATE TABLE wp_woocommerce_order_items (
    order_item_id               BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    order_item_name             TEXT NOT NULL,
    order_item_type             VARCHAR(200) NOT NULL DEFAULT '',
    order_id                    BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (order_item_id),
    KEY order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE wp_woocommerce_order_itemmeta (
    meta_id                     BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    order_item_id               BIGINT UNSIGNED NOT NULL,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  LONGTEXT DEFAULT NULL,
    PRIMARY KEY (meta_id),
    KEY order_item_id (order_item_id),
    KEY meta_key (meta_key(32))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- The shop's attributes of articles: `pa_` and the name is the taxonomy of their values.
CREATE TABLE wp_woocommerce_attribute_taxonomies (
    attribute_id                BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    attribute_name              VARCHAR(200) NOT NULL,
    attribute_label             VARCHAR(200) DEFAULT NULL,
    attribute_type              VARCHAR(20) NOT NULL,
    attribute_orderby           VARCHAR(20) NOT NULL,
    attribute_public            INT NOT NULL DEFAULT 1,
    PRIMARY KEY (attribute_id),
    KEY attribute_name (attribute_name(20))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What a fresh installation holds of what the pack reads.
INSERT INTO wp_users (ID, user_login, user_nicename, user_email, user_registered, display_name) VALUES
    (1, 'admin', 'admin', 'admin@shop.example', '2026-01-01 08:00:00', 'admin');

INSERT INTO wp_terms (term_id, name, slug) VALUES
    (2, 'simple', 'simple'),
    (3, 'grouped', 'grouped'),
    (4, 'variable', 'variable'),
    (5, 'external', 'external'),
    (6, 'exclude-from-search', 'exclude-from-search'),
    (7, 'exclude-from-catalog', 'exclude-from-catalog'),
    (8, 'featured', 'featured'),
    (9, 'outofstock', 'outofstock'),
    (10, 'rated-1', 'rated-1'),
    (11, 'rated-2', 'rated-2'),
    (12, 'rated-3', 'rated-3'),
    (13, 'rated-4', 'rated-4'),
    (14, 'rated-5', 'rated-5'),
    (15, 'Uncategorized', 'uncategorized');

INSERT INTO wp_term_taxonomy (term_taxonomy_id, term_id, taxonomy, description) VALUES
    (2, 2, 'product_type', ''),
    (3, 3, 'product_type', ''),
    (4, 4, 'product_type', ''),
    (5, 5, 'product_type', ''),
    (6, 6, 'product_visibility', ''),
    (7, 7, 'product_visibility', ''),
    (8, 8, 'product_visibility', ''),
    (9, 9, 'product_visibility', ''),
    (10, 10, 'product_visibility', ''),
    (11, 11, 'product_visibility', ''),
    (12, 12, 'product_visibility', ''),
    (13, 13, 'product_visibility', ''),
    (14, 14, 'product_visibility', ''),
    (15, 15, 'product_cat', '');

INSERT INTO wp_options (option_name, option_value, autoload) VALUES
    ('home', 'https://shop.example', 'on'),
    ('timezone_string', 'Europe/Rome', 'on'),
    ('gmt_offset', '0', 'on'),
    ('active_plugins', 'a:1:{i:0;s:27:"woocommerce/woocommerce.php";}', 'on'),
    ('default_product_cat', '15', 'auto'),
    ('woocommerce_version', '11.0.1', 'auto'),
    ('woocommerce_currency', 'EUR', 'on'),
    ('woocommerce_calc_taxes', 'yes', 'on'),
    ('woocommerce_prices_include_tax', 'no', 'on'),
    ('woocommerce_price_num_decimals', '2', 'on'),
    ('woocommerce_weight_unit', 'kg', 'on'),
    ('woocommerce_dimension_unit', 'cm', 'on'),
    ('woocommerce_manage_stock', 'yes', 'on'),
    ('woocommerce_notify_no_stock_amount', '0', 'on'),
    ('woocommerce_hide_out_of_stock_items', 'no', 'on'),
    ('woocommerce_custom_orders_table_enabled', 'yes', 'on'),
    ('woocommerce_custom_orders_table_data_sync_enabled', 'no', 'on');
