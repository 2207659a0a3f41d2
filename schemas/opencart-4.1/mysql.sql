-- The tables of OpenCart 4.1 (prefix oc_) that the pack `opencart-4.1` reads or writes: MySQL 5.7 and later, MariaDB 10.5 and later.
-- Only those, with types, keys and defaults as on an installation of OpenCart 4.1.0.4 (defaults of TEXT columns aside, which not every server takes).

-- Dates of '0000-00-00' are OpenCart's own: newer servers refuse them in their default mode.
SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION';

-- Articles. `quantity` is the figure the shop sells from; `price` is without tax. Sku and barcodes are rows of `oc_product_code`.
-- A variant names its master in `master_id`; `variant` and `override` are JSON.
CREATE TABLE oc_product (
    product_id         INT NOT NULL AUTO_INCREMENT,
    master_id          INT DEFAULT 0,
    model              VARCHAR(64) DEFAULT NULL,
    location           VARCHAR(128) DEFAULT NULL,
    variant            TEXT DEFAULT NULL,
    `override`         TEXT DEFAULT NULL,
    quantity           INT DEFAULT 0,
    stock_status_id    INT DEFAULT 0,
    image              VARCHAR(255) DEFAULT NULL,
    manufacturer_id    INT DEFAULT 0,
    shipping           TINYINT(1) DEFAULT 1,
    price              DECIMAL(15,4) DEFAULT 0.0000,
    points             INT DEFAULT 0,
    tax_class_id       INT DEFAULT 0,
    date_available     DATE DEFAULT NULL,
    weight             DECIMAL(15,8) DEFAULT 0.00000000,
    weight_class_id    INT DEFAULT 0,
    length             DECIMAL(15,8) DEFAULT 0.00000000,
    width              DECIMAL(15,8) DEFAULT 0.00000000,
    height             DECIMAL(15,8) DEFAULT 0.00000000,
    length_class_id    INT DEFAULT 0,
    subtract           TINYINT(1) DEFAULT 1,
    minimum            INT DEFAULT 1,
    rating             INT DEFAULT 0,
    sort_order         INT DEFAULT 0,
    status             TINYINT(1) DEFAULT 0,
    date_added         DATETIME DEFAULT NULL,
    date_modified      DATETIME DEFAULT NULL,
    PRIMARY KEY (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Sku, EAN and so on: `code` is the identifier's code. No unique key.
CREATE TABLE oc_product_code (
    product_code_id    INT NOT NULL AUTO_INCREMENT,
    product_id         INT DEFAULT NULL,
    code               VARCHAR(48) DEFAULT NULL,
    value              VARCHAR(255) DEFAULT NULL,
    PRIMARY KEY (product_code_id),
    KEY code (code),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Texts by language; names are kept as the admin form sends them, with & < > and quotes as HTML entities.
CREATE TABLE oc_product_description (
    product_id          INT NOT NULL,
    language_id         INT NOT NULL,
    name                VARCHAR(255) DEFAULT NULL,
    description         MEDIUMTEXT DEFAULT NULL,
    tag                 TEXT DEFAULT NULL,
    meta_title          VARCHAR(255) DEFAULT NULL,
    meta_description    VARCHAR(255) DEFAULT NULL,
    meta_keyword        VARCHAR(255) DEFAULT NULL,
    PRIMARY KEY (product_id, language_id),
    KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Lower prices for a group of customers from a quantity on. With `special` 1 it is an offer; `type` F is a fixed price, P a percentage, S an amount off.
CREATE TABLE oc_product_discount (
    product_discount_id    INT NOT NULL AUTO_INCREMENT,
    product_id             INT DEFAULT NULL,
    customer_group_id      INT DEFAULT NULL,
    quantity               INT DEFAULT 0,
    priority               INT DEFAULT 1,
    price                  DECIMAL(15,4) DEFAULT 0.0000,
    type                   CHAR(1) DEFAULT 'P',
    special                TINYINT(1) DEFAULT 0,
    date_start             DATE DEFAULT NULL,
    date_end               DATE DEFAULT NULL,
    PRIMARY KEY (product_discount_id),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- In which stores an article is sold; store 0 is the main one.
CREATE TABLE oc_product_to_store (
    product_id    INT NOT NULL,
    store_id      INT NOT NULL DEFAULT 0,
    PRIMARY KEY (product_id, store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Categories of an article.
CREATE TABLE oc_product_to_category (
    product_id     INT NOT NULL,
    category_id    INT NOT NULL,
    PRIMARY KEY (product_id, category_id),
    KEY category_id (category_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Options to choose from, and their values with a figure of their own.
CREATE TABLE oc_product_option (
    product_option_id    INT NOT NULL AUTO_INCREMENT,
    product_id           INT DEFAULT NULL,
    option_id            INT DEFAULT NULL,
    value                TEXT DEFAULT NULL,
    required             TINYINT(1) DEFAULT 0,
    PRIMARY KEY (product_option_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_product_option_value (
    product_option_value_id    INT NOT NULL AUTO_INCREMENT,
    product_option_id          INT DEFAULT NULL,
    product_id                 INT DEFAULT NULL,
    option_id                  INT DEFAULT NULL,
    option_value_id            INT DEFAULT 0,
    quantity                   INT DEFAULT 0,
    subtract                   TINYINT(1) DEFAULT 0,
    price                      DECIMAL(15,4) DEFAULT NULL,
    price_prefix               VARCHAR(1) DEFAULT NULL,
    points                     INT DEFAULT 0,
    points_prefix              VARCHAR(1) DEFAULT NULL,
    weight                     DECIMAL(15,8) DEFAULT NULL,
    weight_prefix              VARCHAR(1) DEFAULT NULL,
    PRIMARY KEY (product_option_value_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What else hangs on an article: emptied when it is deleted, written by nobody here.
CREATE TABLE oc_product_attribute (
    product_id           INT NOT NULL,
    attribute_id         INT NOT NULL,
    language_id          INT NOT NULL,
    text                 TEXT DEFAULT NULL,
    PRIMARY KEY (product_id, attribute_id, language_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_product_filter (
    product_id           INT NOT NULL,
    filter_id            INT NOT NULL,
    PRIMARY KEY (product_id, filter_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_product_image (
    product_image_id     INT NOT NULL AUTO_INCREMENT,
    product_id           INT DEFAULT NULL,
    image                VARCHAR(255) DEFAULT NULL,
    sort_order           INT DEFAULT 0,
    PRIMARY KEY (product_image_id),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_product_related (
    product_id           INT NOT NULL,
    related_id           INT NOT NULL,
    PRIMARY KEY (product_id, related_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_product_report (
    product_report_id    INT NOT NULL AUTO_INCREMENT,
    product_id           INT DEFAULT NULL,
    store_id             INT DEFAULT 0,
    ip                   VARCHAR(40) DEFAULT NULL,
    country              VARCHAR(2) DEFAULT NULL,
    date_added           DATETIME DEFAULT NULL,
    PRIMARY KEY (product_report_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_product_reward (
    product_reward_id    INT NOT NULL AUTO_INCREMENT,
    product_id           INT DEFAULT 0,
    customer_group_id    INT DEFAULT 0,
    points               INT DEFAULT 0,
    PRIMARY KEY (product_reward_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_product_to_download (
    product_id           INT NOT NULL,
    download_id          INT NOT NULL,
    PRIMARY KEY (product_id, download_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_product_to_layout (
    product_id           INT NOT NULL,
    store_id             INT NOT NULL DEFAULT 0,
    layout_id            INT DEFAULT 0,
    PRIMARY KEY (product_id, store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_product_subscription (
    product_id           INT NOT NULL,
    subscription_plan_id INT NOT NULL,
    customer_group_id    INT NOT NULL,
    trial_price          DECIMAL(10,4) DEFAULT NULL,
    price                DECIMAL(10,4) DEFAULT NULL,
    PRIMARY KEY (product_id, subscription_plan_id, customer_group_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_review (
    review_id            INT NOT NULL AUTO_INCREMENT,
    product_id           INT DEFAULT 0,
    customer_id          INT DEFAULT 0,
    author               VARCHAR(64) DEFAULT NULL,
    text                 TEXT DEFAULT NULL,
    rating               INT DEFAULT 0,
    status               TINYINT(1) DEFAULT 0,
    date_added           DATETIME DEFAULT NULL,
    date_modified        DATETIME DEFAULT NULL,
    PRIMARY KEY (review_id),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
CREATE TABLE oc_coupon_product (
    coupon_product_id    INT NOT NULL AUTO_INCREMENT,
    coupon_id            INT DEFAULT NULL,
    product_id           INT DEFAULT NULL,
    PRIMARY KEY (coupon_product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The tree of categories.
CREATE TABLE oc_category (
    category_id    INT NOT NULL AUTO_INCREMENT,
    image          VARCHAR(255) DEFAULT NULL,
    parent_id      INT DEFAULT 0,
    sort_order     INT DEFAULT 0,
    status         TINYINT(1) DEFAULT 0,
    PRIMARY KEY (category_id),
    KEY parent_id (parent_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_category_description (
    category_id         INT NOT NULL,
    language_id         INT NOT NULL,
    name                VARCHAR(255) DEFAULT NULL,
    description         MEDIUMTEXT DEFAULT NULL,
    meta_title          VARCHAR(255) DEFAULT NULL,
    meta_description    VARCHAR(255) DEFAULT NULL,
    meta_keyword        VARCHAR(255) DEFAULT NULL,
    PRIMARY KEY (category_id, language_id),
    KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The tree once more, flat: each category with itself and what is above it, the root on level 0.
CREATE TABLE oc_category_path (
    category_id    INT NOT NULL,
    path_id        INT NOT NULL,
    level          INT DEFAULT NULL,
    PRIMARY KEY (category_id, path_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_category_to_store (
    category_id    INT NOT NULL,
    store_id       INT NOT NULL DEFAULT 0,
    PRIMARY KEY (category_id, store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Names in addresses. Of an article: `key` product_id, `value` its id. Of a category: `key` path, `value` the ids from the root down
-- joined by `_`, `keyword` the names from the root down joined by `/`. No unique key, but a keyword is looked up within store and language.
CREATE TABLE oc_seo_url (
    seo_url_id     INT NOT NULL AUTO_INCREMENT,
    store_id       INT DEFAULT 0,
    language_id    INT DEFAULT NULL,
    `key`          VARCHAR(64) DEFAULT NULL,
    value          VARCHAR(255) DEFAULT NULL,
    keyword        VARCHAR(768) DEFAULT NULL,
    sort_order     INT DEFAULT 0,
    PRIMARY KEY (seo_url_id),
    KEY keyword (keyword),
    KEY language (language_id),
    KEY query (`key`, value),
    KEY store (store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Orders; `order_status_id` 0 is a checkout that was begun and never confirmed. Times are those of `config_timezone`.
CREATE TABLE oc_order (
    order_id                   INT NOT NULL AUTO_INCREMENT,
    subscription_id            INT DEFAULT 0,
    invoice_no                 INT DEFAULT 0,
    invoice_prefix             VARCHAR(26) DEFAULT NULL,
    transaction_id             VARCHAR(100) DEFAULT NULL,
    store_id                   INT DEFAULT 0,
    store_name                 VARCHAR(64) DEFAULT NULL,
    store_url                  VARCHAR(255) DEFAULT NULL,
    customer_id                INT DEFAULT 0,
    customer_group_id          INT DEFAULT 0,
    firstname                  VARCHAR(32) DEFAULT NULL,
    lastname                   VARCHAR(32) DEFAULT NULL,
    email                      VARCHAR(96) DEFAULT NULL,
    telephone                  VARCHAR(32) DEFAULT NULL,
    custom_field               TEXT DEFAULT NULL,
    payment_address_id         INT DEFAULT 0,
    payment_firstname          VARCHAR(32) DEFAULT NULL,
    payment_lastname           VARCHAR(32) DEFAULT NULL,
    payment_company            VARCHAR(60) DEFAULT NULL,
    payment_address_1          VARCHAR(128) DEFAULT NULL,
    payment_address_2          VARCHAR(128) DEFAULT NULL,
    payment_city               VARCHAR(128) DEFAULT NULL,
    payment_postcode           VARCHAR(10) DEFAULT NULL,
    payment_country            VARCHAR(128) DEFAULT NULL,
    payment_country_id         INT DEFAULT 0,
    payment_zone               VARCHAR(128) DEFAULT NULL,
    payment_zone_id            INT DEFAULT 0,
    payment_address_format     TEXT DEFAULT NULL,
    payment_custom_field       TEXT DEFAULT NULL,
    payment_method             TEXT DEFAULT NULL,
    shipping_address_id        INT DEFAULT NULL,
    shipping_firstname         VARCHAR(32) DEFAULT NULL,
    shipping_lastname          VARCHAR(32) DEFAULT NULL,
    shipping_company           VARCHAR(60) DEFAULT NULL,
    shipping_address_1         VARCHAR(128) DEFAULT NULL,
    shipping_address_2         VARCHAR(128) DEFAULT NULL,
    shipping_city              VARCHAR(128) DEFAULT NULL,
    shipping_postcode          VARCHAR(10) DEFAULT NULL,
    shipping_country           VARCHAR(128) DEFAULT NULL,
    shipping_country_id        INT DEFAULT 0,
    shipping_zone              VARCHAR(128) DEFAULT NULL,
    shipping_zone_id           INT DEFAULT 0,
    shipping_address_format    TEXT DEFAULT NULL,
    shipping_custom_field      TEXT DEFAULT NULL,
    shipping_method            TEXT DEFAULT NULL,
    comment                    TEXT DEFAULT NULL,
    total                      DECIMAL(15,4) DEFAULT 0.0000,
    order_status_id            INT DEFAULT 0,
    affiliate_id               INT DEFAULT 0,
    commission                 DECIMAL(15,4) DEFAULT NULL,
    marketing_id               INT DEFAULT 0,
    tracking                   VARCHAR(64) DEFAULT NULL,
    language_id                INT DEFAULT NULL,
    language_code              VARCHAR(5) DEFAULT NULL,
    currency_id                INT DEFAULT NULL,
    currency_code              VARCHAR(3) DEFAULT NULL,
    currency_value             DECIMAL(15,8) DEFAULT 1.00000000,
    ip                         VARCHAR(40) DEFAULT NULL,
    forwarded_ip               VARCHAR(40) DEFAULT NULL,
    user_agent                 VARCHAR(255) DEFAULT NULL,
    accept_language            VARCHAR(255) DEFAULT NULL,
    date_added                 DATETIME DEFAULT NULL,
    date_modified              DATETIME DEFAULT NULL,
    PRIMARY KEY (order_id),
    KEY email (email),
    KEY order_status_id (order_status_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Lines; prices without tax, `tax` per piece.
CREATE TABLE oc_order_product (
    order_product_id    INT NOT NULL AUTO_INCREMENT,
    order_id            INT DEFAULT NULL,
    product_id          INT DEFAULT NULL,
    master_id           INT DEFAULT 0,
    name                VARCHAR(255) DEFAULT NULL,
    model               VARCHAR(64) DEFAULT NULL,
    quantity            INT DEFAULT 1,
    price               DECIMAL(15,4) DEFAULT 0.0000,
    total               DECIMAL(15,4) DEFAULT 0.0000,
    tax                 DECIMAL(15,4) DEFAULT 0.0000,
    reward              INT DEFAULT 0,
    PRIMARY KEY (order_product_id),
    KEY order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What was chosen of a line's options.
CREATE TABLE oc_order_option (
    order_option_id            INT NOT NULL AUTO_INCREMENT,
    order_id                   INT DEFAULT NULL,
    order_product_id           INT DEFAULT NULL,
    product_option_id          INT DEFAULT NULL,
    product_option_value_id    INT DEFAULT 0,
    name                       VARCHAR(255) DEFAULT NULL,
    value                      TEXT DEFAULT NULL,
    type                       VARCHAR(32) DEFAULT NULL,
    PRIMARY KEY (order_option_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Every status an order had.
CREATE TABLE oc_order_history (
    order_history_id    INT NOT NULL AUTO_INCREMENT,
    order_id            INT DEFAULT NULL,
    order_status_id     INT DEFAULT 0,
    notify              TINYINT(1) DEFAULT 0,
    comment             TEXT DEFAULT NULL,
    date_added          DATETIME DEFAULT NULL,
    PRIMARY KEY (order_history_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What customers ask to send back, an article each.
CREATE TABLE oc_return (
    return_id        INT NOT NULL AUTO_INCREMENT,
    order_id         INT DEFAULT 0,
    customer_id      INT DEFAULT 0,
    firstname        VARCHAR(32) DEFAULT NULL,
    lastname         VARCHAR(32) DEFAULT NULL,
    email            VARCHAR(96) DEFAULT NULL,
    telephone        VARCHAR(32) DEFAULT NULL,
    product_id       INT DEFAULT 0,
    product          VARCHAR(255) DEFAULT NULL,
    model            VARCHAR(64) DEFAULT NULL,
    quantity         INT DEFAULT 0,
    opened           TINYINT(1) DEFAULT 0,
    return_reason_id INT DEFAULT 0,
    return_action_id INT DEFAULT 0,
    return_status_id INT DEFAULT 0,
    comment          TEXT DEFAULT NULL,
    date_ordered     DATE DEFAULT NULL,
    date_added       DATETIME DEFAULT NULL,
    date_modified    DATETIME DEFAULT NULL,
    PRIMARY KEY (return_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Settings by store; lists are JSON.
CREATE TABLE oc_setting (
    setting_id    INT NOT NULL AUTO_INCREMENT,
    store_id      INT DEFAULT 0,
    code          VARCHAR(128) DEFAULT NULL,
    `key`         VARCHAR(128) DEFAULT NULL,
    value         MEDIUMTEXT DEFAULT NULL,
    serialized    TINYINT(1) DEFAULT 0,
    PRIMARY KEY (setting_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_language (
    language_id    INT NOT NULL AUTO_INCREMENT,
    name           VARCHAR(32) DEFAULT NULL,
    code           VARCHAR(5) DEFAULT NULL,
    locale         VARCHAR(255) DEFAULT NULL,
    extension      VARCHAR(255) DEFAULT NULL,
    sort_order     INT DEFAULT 0,
    status         TINYINT(1) DEFAULT 0,
    PRIMARY KEY (language_id),
    KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Stores beside the main one.
CREATE TABLE oc_store (
    store_id    INT NOT NULL AUTO_INCREMENT,
    name        VARCHAR(64) DEFAULT NULL,
    url         VARCHAR(255) DEFAULT NULL,
    PRIMARY KEY (store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_customer_group (
    customer_group_id    INT NOT NULL AUTO_INCREMENT,
    approval             INT DEFAULT 0,
    sort_order           INT DEFAULT 0,
    PRIMARY KEY (customer_group_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Units: how many of it make one of the unit with value 1.
CREATE TABLE oc_weight_class (
    weight_class_id    INT NOT NULL AUTO_INCREMENT,
    value              DECIMAL(15,8) DEFAULT 0.00000000,
    PRIMARY KEY (weight_class_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_weight_class_description (
    weight_class_id    INT NOT NULL,
    language_id        INT NOT NULL,
    title              VARCHAR(32) DEFAULT NULL,
    unit               VARCHAR(4) DEFAULT NULL,
    PRIMARY KEY (weight_class_id, language_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_length_class (
    length_class_id    INT NOT NULL AUTO_INCREMENT,
    value              DECIMAL(15,8) DEFAULT NULL,
    PRIMARY KEY (length_class_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_length_class_description (
    length_class_id    INT NOT NULL,
    language_id        INT NOT NULL,
    title              VARCHAR(32) DEFAULT NULL,
    unit               VARCHAR(4) DEFAULT NULL,
    PRIMARY KEY (length_class_id, language_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What is said of an article that is out of stock.
CREATE TABLE oc_stock_status (
    stock_status_id    INT NOT NULL AUTO_INCREMENT,
    language_id        INT NOT NULL,
    name               VARCHAR(32) DEFAULT NULL,
    PRIMARY KEY (stock_status_id, language_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What an order's total is made of, without tax but for the rows `tax`, which bear the name of their rate. In the shop's own
-- currency; `oc_order.currency_value` times that is the order's.
CREATE TABLE oc_order_total (
    order_total_id    INT NOT NULL AUTO_INCREMENT,
    order_id          INT DEFAULT NULL,
    extension         VARCHAR(255) DEFAULT NULL,
    code              VARCHAR(32) DEFAULT NULL,
    title             VARCHAR(255) DEFAULT NULL,
    value             DECIMAL(15,4) DEFAULT 0.0000,
    sort_order        INT DEFAULT 0,
    PRIMARY KEY (order_total_id),
    KEY order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Rates: of type P in percent, of type F an amount. Rules say which class bears which.
CREATE TABLE oc_tax_rate (
    tax_rate_id      INT NOT NULL AUTO_INCREMENT,
    geo_zone_id      INT DEFAULT 0,
    name             VARCHAR(32) DEFAULT NULL,
    rate             DECIMAL(15,4) DEFAULT 0.0000,
    type             CHAR(1) DEFAULT NULL,
    PRIMARY KEY (tax_rate_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_tax_rule (
    tax_rule_id     INT NOT NULL AUTO_INCREMENT,
    tax_class_id    INT DEFAULT NULL,
    tax_rate_id     INT DEFAULT NULL,
    based           VARCHAR(10) DEFAULT NULL,
    priority        INT DEFAULT 1,
    PRIMARY KEY (tax_rule_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_country (
    country_id           INT NOT NULL AUTO_INCREMENT,
    iso_code_2           VARCHAR(2) DEFAULT NULL,
    iso_code_3           VARCHAR(3) DEFAULT NULL,
    address_format_id    INT DEFAULT 0,
    postcode_required    TINYINT(1) DEFAULT NULL,
    status               TINYINT(1) DEFAULT 1,
    PRIMARY KEY (country_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Provinces.
CREATE TABLE oc_zone (
    zone_id       INT NOT NULL AUTO_INCREMENT,
    country_id    INT DEFAULT NULL,
    code          VARCHAR(32) DEFAULT NULL,
    status        TINYINT(1) DEFAULT 1,
    PRIMARY KEY (zone_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Accounts. Texts are HTML, as everything that people type in.
CREATE TABLE oc_customer (
    customer_id          INT NOT NULL AUTO_INCREMENT,
    customer_group_id    INT DEFAULT 0,
    store_id             INT DEFAULT 0,
    language_id          INT DEFAULT 0,
    firstname            VARCHAR(32) DEFAULT NULL,
    lastname             VARCHAR(32) DEFAULT NULL,
    email                VARCHAR(96) DEFAULT NULL,
    telephone            VARCHAR(32) DEFAULT NULL,
    password             VARCHAR(255) DEFAULT NULL,
    custom_field         TEXT DEFAULT NULL,  -- JSON by the custom field's id
    newsletter           TINYINT(1) DEFAULT 0,
    ip                   VARCHAR(40) DEFAULT NULL,
    status               TINYINT(1) DEFAULT 0,
    safe                 TINYINT(1) DEFAULT 0,
    commenter            TINYINT(1) DEFAULT 0,
    token                TEXT DEFAULT NULL,
    code                 VARCHAR(40) DEFAULT NULL,
    date_added           DATETIME DEFAULT NULL,
    PRIMARY KEY (customer_id),
    KEY email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE oc_address (
    address_id      INT NOT NULL AUTO_INCREMENT,
    customer_id     INT DEFAULT NULL,
    firstname       VARCHAR(32) DEFAULT NULL,
    lastname        VARCHAR(32) DEFAULT NULL,
    company         VARCHAR(60) DEFAULT NULL,
    address_1       VARCHAR(128) DEFAULT NULL,
    address_2       VARCHAR(128) DEFAULT NULL,
    city            VARCHAR(128) DEFAULT NULL,
    postcode        VARCHAR(10) DEFAULT NULL,
    country_id      INT DEFAULT 0,
    zone_id         INT DEFAULT 0,
    custom_field    TEXT DEFAULT NULL,
    `default`       TINYINT(1) DEFAULT 0,
    PRIMARY KEY (address_id),
    KEY customer_id (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
