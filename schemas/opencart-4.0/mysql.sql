-- The tables of OpenCart 4.0 (prefix oc_) that the pack `opencart-4.0` reads or writes: MySQL 5.7 and later, MariaDB 10.5 and later.
-- Only those, with types, keys and defaults as on an installation of OpenCart 4.0.2.3 (defaults of TEXT columns aside, which not every server takes).

-- Dates of '0000-00-00' are OpenCart's own: newer servers refuse them in their default mode.
SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION';

-- Articles. `quantity` is the figure the shop sells from; `price` is without tax.
-- A variant names its master in `master_id`; `variant` and `override` are JSON.
CREATE TABLE oc_product (
    product_id         INT NOT NULL AUTO_INCREMENT,
    master_id          INT NOT NULL DEFAULT 0,
    model              VARCHAR(64) NOT NULL,
    sku                VARCHAR(64) NOT NULL,
    upc                VARCHAR(12) NOT NULL,
    ean                VARCHAR(14) NOT NULL,
    jan                VARCHAR(13) NOT NULL,
    isbn               VARCHAR(17) NOT NULL,
    mpn                VARCHAR(64) NOT NULL,
    location           VARCHAR(128) NOT NULL,
    variant            TEXT NOT NULL,
    `override`         TEXT NOT NULL,
    quantity           INT NOT NULL DEFAULT 0,
    stock_status_id    INT NOT NULL,
    image              VARCHAR(255) NOT NULL,
    manufacturer_id    INT NOT NULL,
    shipping           TINYINT(1) NOT NULL DEFAULT 1,
    price              DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    points             INT NOT NULL DEFAULT 0,
    tax_class_id       INT NOT NULL,
    date_available     DATE NOT NULL,
    weight             DECIMAL(15,8) NOT NULL DEFAULT 0.00000000,
    weight_class_id    INT NOT NULL DEFAULT 0,
    length             DECIMAL(15,8) NOT NULL DEFAULT 0.00000000,
    width              DECIMAL(15,8) NOT NULL DEFAULT 0.00000000,
    height             DECIMAL(15,8) NOT NULL DEFAULT 0.00000000,
    length_class_id    INT NOT NULL DEFAULT 0,
    subtract           TINYINT(1) NOT NULL DEFAULT 1,
    minimum            INT NOT NULL DEFAULT 1,
    rating             INT NOT NULL,
    sort_order         INT NOT NULL DEFAULT 0,
    status             TINYINT(1) NOT NULL DEFAULT 0,
    date_added         DATETIME NOT NULL,
    date_modified      DATETIME NOT NULL,
    PRIMARY KEY (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Texts by language; names are kept as the admin form sends them, with & < > and quotes as HTML entities.
CREATE TABLE oc_product_description (
    product_id          INT NOT NULL,
    language_id         INT NOT NULL,
    name                VARCHAR(255) NOT NULL,
    description         TEXT NOT NULL,
    tag                 TEXT NOT NULL,
    meta_title          VARCHAR(255) NOT NULL,
    meta_description    VARCHAR(255) NOT NULL,
    meta_keyword        VARCHAR(255) NOT NULL,
    PRIMARY KEY (product_id, language_id),
    KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Lower prices for a group of customers from a quantity on.
CREATE TABLE oc_product_discount (
    product_discount_id    INT NOT NULL AUTO_INCREMENT,
    product_id             INT NOT NULL,
    customer_group_id      INT NOT NULL,
    quantity               INT NOT NULL DEFAULT 0,
    priority               INT NOT NULL DEFAULT 1,
    price                  DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    date_start             DATE NOT NULL,
    date_end               DATE NOT NULL,
    PRIMARY KEY (product_discount_id),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Offers, for a group of customers; '0000-00-00' is no day.
CREATE TABLE oc_product_special (
    product_special_id    INT NOT NULL AUTO_INCREMENT,
    product_id            INT NOT NULL,
    customer_group_id     INT NOT NULL,
    priority              INT NOT NULL DEFAULT 1,
    price                 DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    date_start            DATE NOT NULL,
    date_end              DATE NOT NULL,
    PRIMARY KEY (product_special_id),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- In which stores an article is sold; store 0 is the main one.
CREATE TABLE oc_product_to_store (
    product_id    INT NOT NULL,
    store_id      INT NOT NULL DEFAULT 0,
    PRIMARY KEY (product_id, store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Categories of an article.
CREATE TABLE oc_product_to_category (
    product_id     INT NOT NULL,
    category_id    INT NOT NULL,
    PRIMARY KEY (product_id, category_id),
    KEY category_id (category_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Options to choose from, and their values with a figure of their own.
CREATE TABLE oc_product_option (
    product_option_id    INT NOT NULL AUTO_INCREMENT,
    product_id           INT NOT NULL,
    option_id            INT NOT NULL,
    value                TEXT NOT NULL,
    required             TINYINT(1) NOT NULL,
    PRIMARY KEY (product_option_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_product_option_value (
    product_option_value_id    INT NOT NULL AUTO_INCREMENT,
    product_option_id          INT NOT NULL,
    product_id                 INT NOT NULL,
    option_id                  INT NOT NULL,
    option_value_id            INT NOT NULL,
    quantity                   INT NOT NULL,
    subtract                   TINYINT(1) NOT NULL,
    price                      DECIMAL(15,4) NOT NULL,
    price_prefix               VARCHAR(1) NOT NULL,
    points                     INT NOT NULL,
    points_prefix              VARCHAR(1) NOT NULL,
    weight                     DECIMAL(15,8) NOT NULL,
    weight_prefix              VARCHAR(1) NOT NULL,
    PRIMARY KEY (product_option_value_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What else hangs on an article: emptied when it is deleted, written by nobody here.
CREATE TABLE oc_product_attribute (
    product_id           INT NOT NULL,
    attribute_id         INT NOT NULL,
    language_id          INT NOT NULL,
    text                 TEXT NOT NULL,
    PRIMARY KEY (product_id, attribute_id, language_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_product_filter (
    product_id           INT NOT NULL,
    filter_id            INT NOT NULL,
    PRIMARY KEY (product_id, filter_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_product_image (
    product_image_id     INT NOT NULL AUTO_INCREMENT,
    product_id           INT NOT NULL,
    image                VARCHAR(255) NOT NULL,
    sort_order           INT NOT NULL DEFAULT 0,
    PRIMARY KEY (product_image_id),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_product_related (
    product_id           INT NOT NULL,
    related_id           INT NOT NULL,
    PRIMARY KEY (product_id, related_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_product_report (
    product_report_id    INT NOT NULL AUTO_INCREMENT,
    product_id           INT NOT NULL,
    store_id             INT NOT NULL DEFAULT 0,
    ip                   VARCHAR(40) NOT NULL,
    country              VARCHAR(2) NOT NULL,
    date_added           DATETIME NOT NULL,
    PRIMARY KEY (product_report_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_product_reward (
    product_reward_id    INT NOT NULL AUTO_INCREMENT,
    product_id           INT NOT NULL DEFAULT 0,
    customer_group_id    INT NOT NULL DEFAULT 0,
    points               INT NOT NULL DEFAULT 0,
    PRIMARY KEY (product_reward_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_product_to_download (
    product_id           INT NOT NULL,
    download_id          INT NOT NULL,
    PRIMARY KEY (product_id, download_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_product_to_layout (
    product_id           INT NOT NULL,
    store_id             INT NOT NULL,
    layout_id            INT NOT NULL,
    PRIMARY KEY (product_id, store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_product_subscription (
    product_id           INT NOT NULL,
    subscription_plan_id INT NOT NULL,
    customer_group_id    INT NOT NULL,
    trial_price          DECIMAL(10,4) NOT NULL,
    price                DECIMAL(10,4) NOT NULL,
    PRIMARY KEY (product_id, subscription_plan_id, customer_group_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_review (
    review_id            INT NOT NULL AUTO_INCREMENT,
    product_id           INT NOT NULL,
    customer_id          INT NOT NULL,
    author               VARCHAR(64) NOT NULL,
    text                 TEXT NOT NULL,
    rating               INT NOT NULL,
    status               TINYINT(1) NOT NULL DEFAULT 0,
    date_added           DATETIME NOT NULL,
    date_modified        DATETIME NOT NULL,
    PRIMARY KEY (review_id),
    KEY product_id (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE oc_coupon_product (
    coupon_product_id    INT NOT NULL AUTO_INCREMENT,
    coupon_id            INT NOT NULL,
    product_id           INT NOT NULL,
    PRIMARY KEY (coupon_product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- The tree of categories.
CREATE TABLE oc_category (
    category_id      INT NOT NULL AUTO_INCREMENT,
    image            VARCHAR(255) NOT NULL,
    parent_id        INT NOT NULL DEFAULT 0,
    `top`            TINYINT(1) NOT NULL,
    `column`         INT NOT NULL,
    sort_order       INT NOT NULL DEFAULT 0,
    status           TINYINT(1) NOT NULL,
    date_added       DATETIME NOT NULL,
    date_modified    DATETIME NOT NULL,
    PRIMARY KEY (category_id),
    KEY parent_id (parent_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_category_description (
    category_id         INT NOT NULL,
    language_id         INT NOT NULL,
    name                VARCHAR(255) NOT NULL,
    description         TEXT NOT NULL,
    meta_title          VARCHAR(255) NOT NULL,
    meta_description    VARCHAR(255) NOT NULL,
    meta_keyword        VARCHAR(255) NOT NULL,
    PRIMARY KEY (category_id, language_id),
    KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- The tree once more, flat: each category with itself and what is above it, the root on level 0.
CREATE TABLE oc_category_path (
    category_id    INT NOT NULL,
    path_id        INT NOT NULL,
    level          INT NOT NULL,
    PRIMARY KEY (category_id, path_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_category_to_store (
    category_id    INT NOT NULL,
    store_id       INT NOT NULL DEFAULT 0,
    PRIMARY KEY (category_id, store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Names in addresses. Of an article: `key` product_id, `value` its id. Of a category: `key` path, `value` the ids from the root down
-- joined by `_`, `keyword` the names from the root down joined by `/`. No unique key, but a keyword is looked up within store and language.
CREATE TABLE oc_seo_url (
    seo_url_id     INT NOT NULL AUTO_INCREMENT,
    store_id       INT NOT NULL,
    language_id    INT NOT NULL,
    `key`          VARCHAR(64) NOT NULL,
    value          VARCHAR(255) NOT NULL,
    keyword        VARCHAR(768) NOT NULL,
    sort_order     INT NOT NULL,
    PRIMARY KEY (seo_url_id),
    KEY keyword (keyword),
    KEY query (`key`, value)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Orders; `order_status_id` 0 is a checkout that was begun and never confirmed. Times are those of `config_timezone`.
CREATE TABLE oc_order (
    order_id                   INT NOT NULL AUTO_INCREMENT,
    subscription_id            INT NOT NULL,
    invoice_no                 INT NOT NULL DEFAULT 0,
    invoice_prefix             VARCHAR(26) NOT NULL,
    transaction_id             VARCHAR(100) NOT NULL,
    store_id                   INT NOT NULL DEFAULT 0,
    store_name                 VARCHAR(64) NOT NULL,
    store_url                  VARCHAR(255) NOT NULL,
    customer_id                INT NOT NULL DEFAULT 0,
    customer_group_id          INT NOT NULL DEFAULT 0,
    firstname                  VARCHAR(32) NOT NULL,
    lastname                   VARCHAR(32) NOT NULL,
    email                      VARCHAR(96) NOT NULL,
    telephone                  VARCHAR(32) NOT NULL,
    custom_field               TEXT NOT NULL,
    payment_address_id         INT NOT NULL,
    payment_firstname          VARCHAR(32) NOT NULL,
    payment_lastname           VARCHAR(32) NOT NULL,
    payment_company            VARCHAR(60) NOT NULL,
    payment_address_1          VARCHAR(128) NOT NULL,
    payment_address_2          VARCHAR(128) NOT NULL,
    payment_city               VARCHAR(128) NOT NULL,
    payment_postcode           VARCHAR(10) NOT NULL,
    payment_country            VARCHAR(128) NOT NULL,
    payment_country_id         INT NOT NULL,
    payment_zone               VARCHAR(128) NOT NULL,
    payment_zone_id            INT NOT NULL,
    payment_address_format     TEXT NOT NULL,
    payment_custom_field       TEXT NOT NULL,
    payment_method             TEXT NOT NULL,
    shipping_address_id        INT NOT NULL,
    shipping_firstname         VARCHAR(32) NOT NULL,
    shipping_lastname          VARCHAR(32) NOT NULL,
    shipping_company           VARCHAR(60) NOT NULL,
    shipping_address_1         VARCHAR(128) NOT NULL,
    shipping_address_2         VARCHAR(128) NOT NULL,
    shipping_city              VARCHAR(128) NOT NULL,
    shipping_postcode          VARCHAR(10) NOT NULL,
    shipping_country           VARCHAR(128) NOT NULL,
    shipping_country_id        INT NOT NULL,
    shipping_zone              VARCHAR(128) NOT NULL,
    shipping_zone_id           INT NOT NULL,
    shipping_address_format    TEXT NOT NULL,
    shipping_custom_field      TEXT NOT NULL,
    shipping_method            TEXT NOT NULL,
    comment                    TEXT NOT NULL,
    total                      DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    order_status_id            INT NOT NULL DEFAULT 0,
    affiliate_id               INT NOT NULL,
    commission                 DECIMAL(15,4) NOT NULL,
    marketing_id               INT NOT NULL,
    tracking                   VARCHAR(64) NOT NULL,
    language_id                INT NOT NULL,
    language_code              VARCHAR(5) NOT NULL,
    currency_id                INT NOT NULL,
    currency_code              VARCHAR(3) NOT NULL,
    currency_value             DECIMAL(15,8) NOT NULL DEFAULT 1.00000000,
    ip                         VARCHAR(40) NOT NULL,
    forwarded_ip               VARCHAR(40) NOT NULL,
    user_agent                 VARCHAR(255) NOT NULL,
    accept_language            VARCHAR(255) NOT NULL,
    date_added                 DATETIME NOT NULL,
    date_modified              DATETIME NOT NULL,
    PRIMARY KEY (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Lines; prices without tax, `tax` per piece.
CREATE TABLE oc_order_product (
    order_product_id    INT NOT NULL AUTO_INCREMENT,
    order_id            INT NOT NULL,
    product_id          INT NOT NULL,
    master_id           INT NOT NULL,
    name                VARCHAR(255) NOT NULL,
    model               VARCHAR(64) NOT NULL,
    quantity            INT NOT NULL,
    price               DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    total               DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    tax                 DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    reward              INT NOT NULL,
    PRIMARY KEY (order_product_id),
    KEY order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What was chosen of a line's options.
CREATE TABLE oc_order_option (
    order_option_id            INT NOT NULL AUTO_INCREMENT,
    order_id                   INT NOT NULL,
    order_product_id           INT NOT NULL,
    product_option_id          INT NOT NULL,
    product_option_value_id    INT NOT NULL DEFAULT 0,
    name                       VARCHAR(255) NOT NULL,
    value                      TEXT NOT NULL,
    type                       VARCHAR(32) NOT NULL,
    PRIMARY KEY (order_option_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Every status an order had.
CREATE TABLE oc_order_history (
    order_history_id    INT NOT NULL AUTO_INCREMENT,
    order_id            INT NOT NULL,
    order_status_id     INT NOT NULL,
    notify              TINYINT(1) NOT NULL DEFAULT 0,
    comment             TEXT NOT NULL,
    date_added          DATETIME NOT NULL,
    PRIMARY KEY (order_history_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What customers ask to send back, an article each.
CREATE TABLE oc_return (
    return_id        INT NOT NULL AUTO_INCREMENT,
    order_id         INT NOT NULL,
    customer_id      INT NOT NULL,
    firstname        VARCHAR(32) NOT NULL,
    lastname         VARCHAR(32) NOT NULL,
    email            VARCHAR(96) NOT NULL,
    telephone        VARCHAR(32) NOT NULL,
    product_id       INT NOT NULL,
    product          VARCHAR(255) NOT NULL,
    model            VARCHAR(64) NOT NULL,
    quantity         INT NOT NULL,
    opened           TINYINT(1) NOT NULL,
    return_reason_id INT NOT NULL,
    return_action_id INT NOT NULL,
    return_status_id INT NOT NULL,
    comment          TEXT NOT NULL,
    date_ordered     DATE NOT NULL,
    date_added       DATETIME NOT NULL,
    date_modified    DATETIME NOT NULL,
    PRIMARY KEY (return_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Settings by store; lists are JSON.
CREATE TABLE oc_setting (
    setting_id    INT NOT NULL AUTO_INCREMENT,
    store_id      INT NOT NULL DEFAULT 0,
    code          VARCHAR(128) NOT NULL,
    `key`         VARCHAR(128) NOT NULL,
    value         TEXT NOT NULL,
    serialized    TINYINT(1) NOT NULL DEFAULT 0,
    PRIMARY KEY (setting_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_language (
    language_id    INT NOT NULL AUTO_INCREMENT,
    name           VARCHAR(32) NOT NULL,
    code           VARCHAR(5) NOT NULL,
    locale         VARCHAR(255) NOT NULL,
    extension      VARCHAR(255) NOT NULL,
    sort_order     INT NOT NULL DEFAULT 0,
    status         TINYINT(1) NOT NULL,
    PRIMARY KEY (language_id),
    KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Stores beside the main one.
CREATE TABLE oc_store (
    store_id    INT NOT NULL AUTO_INCREMENT,
    name        VARCHAR(64) NOT NULL,
    url         VARCHAR(255) NOT NULL,
    PRIMARY KEY (store_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_customer_group (
    customer_group_id    INT NOT NULL AUTO_INCREMENT,
    approval             INT NOT NULL,
    sort_order           INT NOT NULL,
    PRIMARY KEY (customer_group_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Units: how many of it make one of the unit with value 1.
CREATE TABLE oc_weight_class (
    weight_class_id    INT NOT NULL AUTO_INCREMENT,
    value              DECIMAL(15,8) NOT NULL DEFAULT 0.00000000,
    PRIMARY KEY (weight_class_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_weight_class_description (
    weight_class_id    INT NOT NULL,
    language_id        INT NOT NULL,
    title              VARCHAR(32) NOT NULL,
    unit               VARCHAR(4) NOT NULL,
    PRIMARY KEY (weight_class_id, language_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_length_class (
    length_class_id    INT NOT NULL AUTO_INCREMENT,
    value              DECIMAL(15,8) NOT NULL,
    PRIMARY KEY (length_class_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_length_class_description (
    length_class_id    INT NOT NULL,
    language_id        INT NOT NULL,
    title              VARCHAR(32) NOT NULL,
    unit               VARCHAR(4) NOT NULL,
    PRIMARY KEY (length_class_id, language_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What is said of an article that is out of stock.
CREATE TABLE oc_stock_status (
    stock_status_id    INT NOT NULL AUTO_INCREMENT,
    language_id        INT NOT NULL,
    name               VARCHAR(32) NOT NULL,
    PRIMARY KEY (stock_status_id, language_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What an order's total is made of, without tax but for the rows `tax`, which bear the name of their rate. In the shop's own
-- currency; `oc_order.currency_value` times that is the order's.
CREATE TABLE oc_order_total (
    order_total_id    INT NOT NULL AUTO_INCREMENT,
    order_id          INT NOT NULL,
    extension         VARCHAR(255) NOT NULL,
    code              VARCHAR(32) NOT NULL,
    title             VARCHAR(255) NOT NULL,
    value             DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    sort_order        INT NOT NULL,
    PRIMARY KEY (order_total_id),
    KEY order_id (order_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Rates: of type P in percent, of type F an amount. Rules say which class bears which.
CREATE TABLE oc_tax_rate (
    tax_rate_id      INT NOT NULL AUTO_INCREMENT,
    geo_zone_id      INT NOT NULL DEFAULT 0,
    name             VARCHAR(32) NOT NULL,
    rate             DECIMAL(15,4) NOT NULL DEFAULT 0.0000,
    type             CHAR(1) NOT NULL,
    date_added       DATETIME NOT NULL,
    date_modified    DATETIME NOT NULL,
    PRIMARY KEY (tax_rate_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_tax_rule (
    tax_rule_id     INT NOT NULL AUTO_INCREMENT,
    tax_class_id    INT NOT NULL,
    tax_rate_id     INT NOT NULL,
    based           VARCHAR(10) NOT NULL,
    priority        INT NOT NULL DEFAULT 1,
    PRIMARY KEY (tax_rule_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_country (
    country_id           INT NOT NULL AUTO_INCREMENT,
    name                 VARCHAR(128) NOT NULL,
    iso_code_2           VARCHAR(2) NOT NULL,
    iso_code_3           VARCHAR(3) NOT NULL,
    address_format_id    INT NOT NULL,
    postcode_required    TINYINT(1) NOT NULL,
    status               TINYINT(1) NOT NULL DEFAULT 1,
    PRIMARY KEY (country_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Provinces.
CREATE TABLE oc_zone (
    zone_id       INT NOT NULL AUTO_INCREMENT,
    country_id    INT NOT NULL,
    name          VARCHAR(128) NOT NULL,
    code          VARCHAR(32) NOT NULL,
    status        TINYINT(1) NOT NULL DEFAULT 1,
    PRIMARY KEY (zone_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Accounts. Texts are HTML, as everything that people type in.
CREATE TABLE oc_customer (
    customer_id          INT NOT NULL AUTO_INCREMENT,
    customer_group_id    INT NOT NULL,
    store_id             INT NOT NULL DEFAULT 0,
    language_id          INT NOT NULL,
    firstname            VARCHAR(32) NOT NULL,
    lastname             VARCHAR(32) NOT NULL,
    email                VARCHAR(96) NOT NULL,
    telephone            VARCHAR(32) NOT NULL,
    password             VARCHAR(255) NOT NULL,
    custom_field         TEXT NOT NULL,  -- JSON by the custom field's id
    newsletter           TINYINT(1) NOT NULL DEFAULT 0,
    ip                   VARCHAR(40) NOT NULL,
    status               TINYINT(1) NOT NULL,
    safe                 TINYINT(1) NOT NULL,
    token                TEXT NOT NULL,
    code                 VARCHAR(40) NOT NULL,
    date_added           DATETIME NOT NULL,
    PRIMARY KEY (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE oc_address (
    address_id      INT NOT NULL AUTO_INCREMENT,
    customer_id     INT NOT NULL,
    firstname       VARCHAR(32) NOT NULL,
    lastname        VARCHAR(32) NOT NULL,
    company         VARCHAR(60) NOT NULL,
    address_1       VARCHAR(128) NOT NULL,
    address_2       VARCHAR(128) NOT NULL,
    city            VARCHAR(128) NOT NULL,
    postcode        VARCHAR(10) NOT NULL,
    country_id      INT NOT NULL DEFAULT 0,
    zone_id         INT NOT NULL DEFAULT 0,
    custom_field    TEXT NOT NULL,
    `default`       TINYINT(1) NOT NULL,
    PRIMARY KEY (address_id),
    KEY customer_id (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
