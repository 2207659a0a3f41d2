-- The tables of WordPress and WooCommerce (prefix wp_) that the pack `woocommerce` reads or writes: SQLite.
-- Only those, with types, keys and defaults as on an installation of WooCommerce 11.
-- The declared types are those of MySQL: SQLite keeps them as names, and ponte reads values by them.

-- Articles, their variations and, in the legacy order storage, orders. IDs of HPOS orders come from here too.
CREATE TABLE wp_posts (
    ID                          INTEGER PRIMARY KEY AUTOINCREMENT,
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
    comment_count               BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX wp_posts_post_name ON wp_posts (post_name);
CREATE INDEX wp_posts_type_status_date ON wp_posts (post_type, post_status, post_date, ID);
CREATE INDEX wp_posts_post_parent ON wp_posts (post_parent);
CREATE INDEX wp_posts_post_author ON wp_posts (post_author);
CREATE INDEX wp_posts_type_status_author ON wp_posts (post_type, post_status, post_author);

-- Their attributes. No unique key: of several rows of a name the shop reads the one with the lowest meta_id.
CREATE TABLE wp_postmeta (
    meta_id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    post_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  LONGTEXT DEFAULT NULL
);
CREATE INDEX wp_postmeta_post_id ON wp_postmeta (post_id);
CREATE INDEX wp_postmeta_meta_key ON wp_postmeta (meta_key);

-- Names of categories, product types, visibility marks; names hold & < > as HTML entities.
CREATE TABLE wp_terms (
    term_id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    name                        VARCHAR(200) NOT NULL DEFAULT '',
    slug                        VARCHAR(200) NOT NULL DEFAULT '',
    term_group                  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX wp_terms_slug ON wp_terms (slug);
CREATE INDEX wp_terms_name ON wp_terms (name);

CREATE TABLE wp_term_taxonomy (
    term_taxonomy_id            INTEGER PRIMARY KEY AUTOINCREMENT,
    term_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    taxonomy                    VARCHAR(32) NOT NULL DEFAULT '',
    description                 LONGTEXT NOT NULL,
    parent                      BIGINT UNSIGNED NOT NULL DEFAULT 0,  -- a term_id
    count                       BIGINT NOT NULL DEFAULT 0  -- published posts, kept by the shop's code
);
CREATE UNIQUE INDEX wp_term_taxonomy_term_id_taxonomy ON wp_term_taxonomy (term_id, taxonomy);
CREATE INDEX wp_term_taxonomy_taxonomy ON wp_term_taxonomy (taxonomy);

CREATE TABLE wp_term_relationships (
    object_id                   BIGINT UNSIGNED NOT NULL DEFAULT 0,
    term_taxonomy_id            BIGINT UNSIGNED NOT NULL DEFAULT 0,
    term_order                  INT NOT NULL DEFAULT 0,
    PRIMARY KEY (object_id, term_taxonomy_id)
);
CREATE INDEX wp_term_relationships_term_taxonomy_id ON wp_term_relationships (term_taxonomy_id);

CREATE TABLE wp_termmeta (
    meta_id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    term_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  LONGTEXT DEFAULT NULL
);
CREATE INDEX wp_termmeta_term_id ON wp_termmeta (term_id);
CREATE INDEX wp_termmeta_meta_key ON wp_termmeta (meta_key);

-- Settings, and cached values under names that begin with _transient_.
CREATE TABLE wp_options (
    option_id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    option_name                 VARCHAR(191) NOT NULL DEFAULT '',
    option_value                LONGTEXT NOT NULL,
    autoload                    VARCHAR(20) NOT NULL DEFAULT 'yes'
);
CREATE UNIQUE INDEX wp_options_option_name ON wp_options (option_name);
CREATE INDEX wp_options_autoload ON wp_options (autoload);

CREATE TABLE wp_users (
    ID                          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_login                  VARCHAR(60) NOT NULL DEFAULT '',
    user_pass                   VARCHAR(255) NOT NULL DEFAULT '',
    user_nicename               VARCHAR(50) NOT NULL DEFAULT '',
    user_email                  VARCHAR(100) NOT NULL DEFAULT '',
    user_url                    VARCHAR(100) NOT NULL DEFAULT '',
    user_registered             DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00',
    user_activation_key         VARCHAR(255) NOT NULL DEFAULT '',
    user_status                 INT NOT NULL DEFAULT 0,
    display_name                VARCHAR(250) NOT NULL DEFAULT ''
);
CREATE INDEX wp_users_user_login_key ON wp_users (user_login);
CREATE INDEX wp_users_user_nicename ON wp_users (user_nicename);
CREATE INDEX wp_users_user_email ON wp_users (user_email);

-- Roles and addresses of users, by name: no unique key, the lowest umeta_id counts.
CREATE TABLE wp_usermeta (
    umeta_id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  LONGTEXT DEFAULT NULL
);
CREATE INDEX wp_usermeta_user_id ON wp_usermeta (user_id);
CREATE INDEX wp_usermeta_meta_key ON wp_usermeta (meta_key);

-- Customers as the shop's reports and lists find them; guests have no user.
CREATE TABLE wp_wc_customer_lookup (
    customer_id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id                     BIGINT UNSIGNED DEFAULT NULL,
    username                    VARCHAR(60) NOT NULL DEFAULT '',
    first_name                  VARCHAR(255) NOT NULL,
    last_name                   VARCHAR(255) NOT NULL,
    email                       VARCHAR(100) DEFAULT NULL,
    date_last_active            TIMESTAMP DEFAULT NULL,
    date_registered             TIMESTAMP DEFAULT NULL,
    country                     CHAR(2) NOT NULL DEFAULT '',
    postcode                    VARCHAR(20) NOT NULL DEFAULT '',
    city                        VARCHAR(100) NOT NULL DEFAULT '',
    state                       VARCHAR(100) NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX wp_wc_customer_lookup_user_id ON wp_wc_customer_lookup (user_id);
CREATE INDEX wp_wc_customer_lookup_email ON wp_wc_customer_lookup (email);

-- One row per article and variation, made from postmeta: the shop searches, filters and sorts by it.
CREATE TABLE wp_wc_product_meta_lookup (
    product_id                  BIGINT NOT NULL,
    sku                         VARCHAR(100) DEFAULT '',
    global_unique_id            VARCHAR(100) DEFAULT '',  -- since WooCommerce 9.1
    "virtual"                   TINYINT(1) DEFAULT 0,
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
    PRIMARY KEY (product_id)
);
CREATE INDEX wp_wc_product_meta_lookup_virtual ON wp_wc_product_meta_lookup ("virtual");
CREATE INDEX wp_wc_product_meta_lookup_downloadable ON wp_wc_product_meta_lookup (downloadable);
CREATE INDEX wp_wc_product_meta_lookup_stock_status ON wp_wc_product_meta_lookup (stock_status);
CREATE INDEX wp_wc_product_meta_lookup_stock_quantity ON wp_wc_product_meta_lookup (stock_quantity);
CREATE INDEX wp_wc_product_meta_lookup_onsale ON wp_wc_product_meta_lookup (onsale);
CREATE INDEX wp_wc_product_meta_lookup_min_max_price ON wp_wc_product_meta_lookup (min_price, max_price);
CREATE INDEX wp_wc_product_meta_lookup_sku ON wp_wc_product_meta_lookup (sku);

-- Attribute terms per article and variation, for the filters of the catalogue.
CREATE TABLE wp_wc_product_attributes_lookup (
    product_id                  BIGINT NOT NULL,
    product_or_parent_id        BIGINT NOT NULL,
    taxonomy                    VARCHAR(32) NOT NULL,
    term_id                     BIGINT NOT NULL,
    is_variation_attribute      TINYINT(1) NOT NULL,
    in_stock                    TINYINT(1) NOT NULL,
    PRIMARY KEY (product_or_parent_id, term_id, product_id, taxonomy)
);
CREATE INDEX wp_wc_product_attributes_lookup_is_variation_attribute_term_id ON wp_wc_product_attributes_lookup (is_variation_attribute, term_id);
CREATE INDEX wp_wc_product_attributes_lookup_taxonomy_term_id_in_stock_product_or_parent_id ON wp_wc_product_attributes_lookup (taxonomy, term_id, in_stock, product_or_parent_id);
CREATE INDEX wp_wc_product_attributes_lookup_product_id ON wp_wc_product_attributes_lookup (product_id);

-- Every category with each of its ancestors and with itself.
CREATE TABLE wp_wc_category_lookup (
    category_tree_id            BIGINT UNSIGNED NOT NULL,
    category_id                 BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (category_tree_id, category_id)
);

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
    PRIMARY KEY (id)
);
CREATE INDEX wp_wc_orders_status ON wp_wc_orders (status);
CREATE INDEX wp_wc_orders_date_created ON wp_wc_orders (date_created_gmt);
CREATE INDEX wp_wc_orders_customer_id_billing_email ON wp_wc_orders (customer_id, billing_email);
CREATE INDEX wp_wc_orders_customer_id_status ON wp_wc_orders (customer_id, status);
CREATE INDEX wp_wc_orders_billing_email ON wp_wc_orders (billing_email);
CREATE INDEX wp_wc_orders_transaction_id ON wp_wc_orders (transaction_id);
CREATE INDEX wp_wc_orders_type_status_date ON wp_wc_orders (type, status, date_created_gmt);
CREATE INDEX wp_wc_orders_parent_order_id ON wp_wc_orders (parent_order_id);
CREATE INDEX wp_wc_orders_date_updated ON wp_wc_orders (date_updated_gmt);

CREATE TABLE wp_wc_order_operational_data (
    id                          INTEGER PRIMARY KEY AUTOINCREMENT,
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
    recorded_sales              TINYINT(1) DEFAULT NULL
);
CREATE UNIQUE INDEX wp_wc_order_operational_data_order_id ON wp_wc_order_operational_data (order_id);
CREATE INDEX wp_wc_order_operational_data_order_key ON wp_wc_order_operational_data (order_key);

CREATE TABLE wp_wc_order_addresses (
    id                          INTEGER PRIMARY KEY AUTOINCREMENT,
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
    phone                       VARCHAR(100) DEFAULT NULL
);
CREATE UNIQUE INDEX wp_wc_order_addresses_address_type_order_id ON wp_wc_order_addresses (address_type, order_id);
CREATE INDEX wp_wc_order_addresses_order_id ON wp_wc_order_addresses (order_id);

CREATE TABLE wp_wc_orders_meta (
    id                          INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id                    BIGINT UNSIGNED DEFAULT NULL,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  TEXT DEFAULT NULL
);
CREATE INDEX wp_wc_orders_meta_order_id ON wp_wc_orders_meta (order_id, meta_key);

-- Comments, and the notes of orders: `comment_type` order_note.
CREATE TABLE wp_comments (
    comment_ID                  INTEGER PRIMARY KEY AUTOINCREMENT,
    comment_post_ID             BIGINT UNSIGNED NOT NULL DEFAULT 0,
    comment_author              TEXT NOT NULL,
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
    user_id                     BIGINT UNSIGNED NOT NULL DEFAULT 0
);
CREATE INDEX wp_comments_comment_post_ID ON wp_comments (comment_post_ID);

-- Orders as the shop's reports count them; a row appears some time after the order.
CREATE TABLE wp_wc_order_stats (
    order_id                    BIGINT UNSIGNED NOT NULL PRIMARY KEY,
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
    customer_id                 BIGINT UNSIGNED NOT NULL
);
CREATE INDEX wp_wc_order_stats_status ON wp_wc_order_stats (status);

-- Order lines: both storages keep them here.
CREATE TABLE wp_woocommerce_order_items (
    order_item_id               INTEGER PRIMARY KEY AUTOINCREMENT,
    order_item_name             TEXT NOT NULL,
    order_item_type             VARCHAR(200) NOT NULL DEFAULT '',
    order_id                    BIGINT UNSIGNED NOT NULL
);
CREATE INDEX wp_woocommerce_order_items_order_id ON wp_woocommerce_order_items (order_id);

CREATE TABLE wp_woocommerce_order_itemmeta (
    meta_id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    order_item_id               BIGINT UNSIGNED NOT NULL,
    meta_key                    VARCHAR(255) DEFAULT NULL,
    meta_value                  LONGTEXT DEFAULT NULL
);
CREATE INDEX wp_woocommerce_order_itemmeta_order_item_id ON wp_woocommerce_order_itemmeta (order_item_id);
CREATE INDEX wp_woocommerce_order_itemmeta_meta_key ON wp_woocommerce_order_itemmeta (meta_key);

-- The shop's attributes of articles: `pa_` and the name is the taxonomy of their values.
CREATE TABLE wp_woocommerce_attribute_taxonomies (
    attribute_id                INTEGER PRIMARY KEY AUTOINCREMENT,
    attribute_name              VARCHAR(200) NOT NULL,
    attribute_label             VARCHAR(200) DEFAULT NULL,
    attribute_type              VARCHAR(20) NOT NULL,
    attribute_orderby           VARCHAR(20) NOT NULL,
    attribute_public            INT NOT NULL DEFAULT 1
);
CREATE INDEX wp_woocommerce_attribute_taxonomies_attribute_name ON wp_woocommerce_attribute_taxonomies (attribute_name);

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
