-- The tables of PrestaShop (prefix ps_) that the pack `prestashop` reads or writes: MySQL 5.7 and later, MariaDB 10.5 and later.
-- Only those, with types, keys and defaults as on an installation of PrestaShop 8.2.

-- PrestaShop leaves strictness to the server; its own zero dates need this.
SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION';

-- Groups of shops. With share_stock, the shops of a group sell from one set of figures.
CREATE TABLE ps_shop_group (
    id_shop_group  INT NOT NULL AUTO_INCREMENT,
    name           VARCHAR(64) NOT NULL,
    color          VARCHAR(50) NOT NULL,
    share_customer TINYINT NOT NULL,
    share_order    TINYINT NOT NULL,
    share_stock    TINYINT NOT NULL,
    active         TINYINT NOT NULL,
    deleted        TINYINT NOT NULL,
    PRIMARY KEY (id_shop_group)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The shops of one installation.
CREATE TABLE ps_shop (
    id_shop       INT NOT NULL AUTO_INCREMENT,
    id_shop_group INT NOT NULL,
    name          VARCHAR(64) NOT NULL,
    color         VARCHAR(50) NOT NULL,
    id_category   INT NOT NULL,
    theme_name    VARCHAR(255) NOT NULL,
    active        TINYINT NOT NULL,
    deleted       TINYINT NOT NULL,
    PRIMARY KEY (id_shop),
    KEY IDX_CBDFBB9EF5C9E40 (id_shop_group)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Languages, those switched off included.
CREATE TABLE ps_lang (
    id_lang          INT NOT NULL AUTO_INCREMENT,
    name             VARCHAR(32) NOT NULL,
    active           TINYINT NOT NULL,
    iso_code         VARCHAR(2) NOT NULL,
    language_code    VARCHAR(5) NOT NULL,
    locale           VARCHAR(5) NOT NULL,
    date_format_lite VARCHAR(32) NOT NULL,
    date_format_full VARCHAR(32) NOT NULL,
    is_rtl           TINYINT NOT NULL,
    PRIMARY KEY (id_lang)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Settings by name; those of one shop or group stand beside the general one, whose two ids are NULL.
CREATE TABLE ps_configuration (
    id_configuration INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_shop_group    INT UNSIGNED,
    id_shop          INT UNSIGNED,
    name             VARCHAR(254) NOT NULL,
    value            MEDIUMTEXT,
    date_add         DATETIME NOT NULL,
    date_upd         DATETIME NOT NULL,
    PRIMARY KEY (id_configuration),
    KEY id_shop (id_shop),
    KEY id_shop_group (id_shop_group),
    KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Customer groups: a category is visible to those it is linked with.
CREATE TABLE ps_group (
    id_group             INT UNSIGNED NOT NULL AUTO_INCREMENT,
    reduction            DECIMAL(5,2) NOT NULL DEFAULT 0.00,
    price_display_method TINYINT NOT NULL DEFAULT 0,
    show_prices          TINYINT UNSIGNED NOT NULL DEFAULT 1,
    date_add             DATETIME NOT NULL,
    date_upd             DATETIME NOT NULL,
    PRIMARY KEY (id_group)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- The tree of categories, as parents and as nested sets; 1 is the root of all, each shop has a home below it.
CREATE TABLE ps_category (
    id_category      INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_parent        INT UNSIGNED NOT NULL,
    id_shop_default  INT UNSIGNED NOT NULL DEFAULT 1,
    level_depth      TINYINT UNSIGNED NOT NULL DEFAULT 0,
    nleft            INT UNSIGNED NOT NULL DEFAULT 0,
    nright           INT UNSIGNED NOT NULL DEFAULT 0,
    active           TINYINT UNSIGNED NOT NULL DEFAULT 0,
    date_add         DATETIME NOT NULL,
    date_upd         DATETIME NOT NULL,
    position         INT UNSIGNED NOT NULL DEFAULT 0,
    is_root_category TINYINT NOT NULL DEFAULT 0,
    PRIMARY KEY (id_category),
    KEY activenleft (active, nleft),
    KEY activenright (active, nright),
    KEY category_parent (id_parent),
    KEY level_depth (level_depth),
    KEY nleftrightactive (nleft, nright, active),
    KEY nright (nright)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Texts of a category by shop and language.
CREATE TABLE ps_category_lang (
    id_category            INT UNSIGNED NOT NULL,
    id_shop                INT UNSIGNED NOT NULL DEFAULT 1,
    id_lang                INT UNSIGNED NOT NULL,
    name                   VARCHAR(128) NOT NULL,
    description            MEDIUMTEXT,
    additional_description MEDIUMTEXT,
    link_rewrite           VARCHAR(128) NOT NULL,
    meta_title             VARCHAR(255),
    meta_keywords          VARCHAR(255),
    meta_description       VARCHAR(512),
    PRIMARY KEY (id_category, id_shop, id_lang),
    KEY category_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Categories of a shop, with their order under their parent there.
CREATE TABLE ps_category_shop (
    id_category INT NOT NULL,
    id_shop     INT NOT NULL,
    position    INT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id_category, id_shop)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Who sees a category.
CREATE TABLE ps_category_group (
    id_category INT UNSIGNED NOT NULL,
    id_group    INT UNSIGNED NOT NULL,
    PRIMARY KEY (id_category, id_group),
    KEY id_category (id_category),
    KEY id_group (id_group)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Articles. What product_shop has, too, the storefront reads there.
CREATE TABLE ps_product (
    id_product                INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_supplier               INT UNSIGNED,
    id_manufacturer           INT UNSIGNED,
    id_category_default       INT UNSIGNED,
    id_shop_default           INT UNSIGNED NOT NULL DEFAULT 1,
    id_tax_rules_group        INT UNSIGNED NOT NULL,
    on_sale                   TINYINT UNSIGNED NOT NULL DEFAULT 0,
    online_only               TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ean13                     VARCHAR(13),
    isbn                      VARCHAR(32),
    upc                       VARCHAR(12),
    mpn                       VARCHAR(40),
    ecotax                    DECIMAL(17,6) NOT NULL DEFAULT 0.000000,
    quantity                  INT NOT NULL DEFAULT 0,
    minimal_quantity          INT UNSIGNED NOT NULL DEFAULT 1,
    low_stock_threshold       INT,
    low_stock_alert           TINYINT NOT NULL DEFAULT 0,
    price                     DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    wholesale_price           DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    unity                     VARCHAR(255),
    unit_price                DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    unit_price_ratio          DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    additional_shipping_cost  DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    reference                 VARCHAR(64),
    supplier_reference        VARCHAR(64),
    location                  VARCHAR(255) NOT NULL DEFAULT '',
    width                     DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    height                    DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    depth                     DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    weight                    DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    out_of_stock              INT UNSIGNED NOT NULL DEFAULT 2,
    additional_delivery_times TINYINT UNSIGNED NOT NULL DEFAULT 1,
    quantity_discount         TINYINT DEFAULT 0,
    customizable              TINYINT NOT NULL DEFAULT 0,
    uploadable_files          TINYINT NOT NULL DEFAULT 0,
    text_fields               TINYINT NOT NULL DEFAULT 0,
    active                    TINYINT UNSIGNED NOT NULL DEFAULT 0,
    redirect_type             ENUM('','404','410','301-product','302-product','301-category','302-category','200-displayed','404-displayed','410-displayed','default') NOT NULL DEFAULT 'default',
    id_type_redirected        INT UNSIGNED NOT NULL DEFAULT 0,
    available_for_order       TINYINT NOT NULL DEFAULT 1,
    available_date            DATE,
    show_condition            TINYINT NOT NULL DEFAULT 0,
    `condition`               ENUM('new','used','refurbished') NOT NULL DEFAULT 'new',
    show_price                TINYINT NOT NULL DEFAULT 1,
    indexed                   TINYINT NOT NULL DEFAULT 0,
    visibility                ENUM('both','catalog','search','none') NOT NULL DEFAULT 'both',
    cache_is_pack             TINYINT NOT NULL DEFAULT 0,
    cache_has_attachments     TINYINT NOT NULL DEFAULT 0,
    is_virtual                TINYINT NOT NULL DEFAULT 0,
    cache_default_attribute   INT UNSIGNED,
    date_add                  DATETIME NOT NULL,
    date_upd                  DATETIME NOT NULL,
    advanced_stock_management TINYINT NOT NULL DEFAULT 0,
    pack_stock_type           INT UNSIGNED NOT NULL DEFAULT 3,
    state                     INT UNSIGNED NOT NULL DEFAULT 1,
    product_type              ENUM('standard','pack','virtual','combinations','') NOT NULL DEFAULT '',
    PRIMARY KEY (id_product),
    KEY date_add (date_add),
    KEY id_category_default (id_category_default),
    KEY indexed (indexed),
    KEY product_manufacturer (id_manufacturer, id_product),
    KEY product_supplier (id_supplier),
    KEY reference_idx (reference),
    KEY state (state, date_upd),
    KEY supplier_reference_idx (supplier_reference)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Articles of a shop.
CREATE TABLE ps_product_shop (
    id_product                INT UNSIGNED NOT NULL,
    id_shop                   INT UNSIGNED NOT NULL,
    id_category_default       INT UNSIGNED,
    id_tax_rules_group        INT UNSIGNED NOT NULL,
    on_sale                   TINYINT UNSIGNED NOT NULL DEFAULT 0,
    online_only               TINYINT UNSIGNED NOT NULL DEFAULT 0,
    ecotax                    DECIMAL(17,6) NOT NULL DEFAULT 0.000000,
    minimal_quantity          INT UNSIGNED NOT NULL DEFAULT 1,
    low_stock_threshold       INT,
    low_stock_alert           TINYINT NOT NULL DEFAULT 0,
    price                     DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    wholesale_price           DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    unity                     VARCHAR(255),
    unit_price                DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    unit_price_ratio          DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    additional_shipping_cost  DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    customizable              TINYINT NOT NULL DEFAULT 0,
    uploadable_files          TINYINT NOT NULL DEFAULT 0,
    text_fields               TINYINT NOT NULL DEFAULT 0,
    active                    TINYINT UNSIGNED NOT NULL DEFAULT 0,
    redirect_type             ENUM('','404','410','301-product','302-product','301-category','302-category','200-displayed','404-displayed','410-displayed','default') NOT NULL DEFAULT 'default',
    id_type_redirected        INT UNSIGNED NOT NULL DEFAULT 0,
    available_for_order       TINYINT NOT NULL DEFAULT 1,
    available_date            DATE,
    show_condition            TINYINT NOT NULL DEFAULT 1,
    `condition`               ENUM('new','used','refurbished') NOT NULL DEFAULT 'new',
    show_price                TINYINT NOT NULL DEFAULT 1,
    indexed                   TINYINT NOT NULL DEFAULT 0,
    visibility                ENUM('both','catalog','search','none') NOT NULL DEFAULT 'both',
    cache_default_attribute   INT UNSIGNED,
    advanced_stock_management TINYINT NOT NULL DEFAULT 0,
    date_add                  DATETIME NOT NULL,
    date_upd                  DATETIME NOT NULL,
    pack_stock_type           INT UNSIGNED NOT NULL DEFAULT 3,
    PRIMARY KEY (id_product, id_shop),
    KEY date_add (date_add, active, visibility),
    KEY id_category_default (id_category_default),
    KEY indexed (indexed, active, id_product)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Texts of an article by shop and language.
CREATE TABLE ps_product_lang (
    id_product         INT UNSIGNED NOT NULL,
    id_shop            INT UNSIGNED NOT NULL DEFAULT 1,
    id_lang            INT UNSIGNED NOT NULL,
    description        MEDIUMTEXT,
    description_short  MEDIUMTEXT,
    link_rewrite       VARCHAR(128) NOT NULL,
    meta_description   VARCHAR(512),
    meta_keywords      VARCHAR(255),
    meta_title         VARCHAR(128),
    name               VARCHAR(128) NOT NULL,
    available_now      VARCHAR(255),
    available_later    VARCHAR(255),
    delivery_in_stock  VARCHAR(255),
    delivery_out_stock VARCHAR(255),
    PRIMARY KEY (id_product, id_shop, id_lang),
    KEY id_lang (id_lang),
    KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Articles of a category, with their order there.
CREATE TABLE ps_category_product (
    id_category INT UNSIGNED NOT NULL,
    id_product  INT UNSIGNED NOT NULL,
    position    INT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id_category, id_product),
    KEY id_category (id_category, position),
    KEY id_product (id_product)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Combinations of an article: what is sold, and what it costs more or less than the article.
CREATE TABLE ps_product_attribute (
    id_product_attribute INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_product           INT UNSIGNED NOT NULL,
    reference            VARCHAR(64),
    supplier_reference   VARCHAR(64),
    ean13                VARCHAR(13),
    isbn                 VARCHAR(32),
    upc                  VARCHAR(12),
    mpn                  VARCHAR(40),
    wholesale_price      DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    price                DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    ecotax               DECIMAL(17,6) NOT NULL DEFAULT 0.000000,
    weight               DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    unit_price_impact    DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    default_on           TINYINT UNSIGNED,
    minimal_quantity     INT UNSIGNED NOT NULL DEFAULT 1,
    low_stock_threshold  INT,
    low_stock_alert      TINYINT NOT NULL DEFAULT 0,
    available_date       DATE,
    PRIMARY KEY (id_product_attribute),
    UNIQUE KEY product_default (id_product, default_on),
    KEY id_product_id_product_attribute (id_product_attribute, id_product),
    KEY product_attribute_product (id_product),
    KEY reference (reference),
    KEY supplier_reference (supplier_reference)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Combinations of a shop.
CREATE TABLE ps_product_attribute_shop (
    id_product           INT UNSIGNED NOT NULL,
    id_product_attribute INT UNSIGNED NOT NULL,
    id_shop              INT UNSIGNED NOT NULL,
    wholesale_price      DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    price                DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    ecotax               DECIMAL(17,6) NOT NULL DEFAULT 0.000000,
    weight               DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    unit_price_impact    DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    default_on           TINYINT UNSIGNED,
    minimal_quantity     INT UNSIGNED NOT NULL DEFAULT 1,
    low_stock_threshold  INT,
    low_stock_alert      TINYINT NOT NULL DEFAULT 0,
    available_date       DATE,
    PRIMARY KEY (id_product_attribute, id_shop),
    UNIQUE KEY id_product (id_product, id_shop, default_on)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What is in an article that is a pack of others.
CREATE TABLE ps_pack (
    id_product_pack           INT UNSIGNED NOT NULL,
    id_product_item           INT UNSIGNED NOT NULL,
    id_product_attribute_item INT UNSIGNED NOT NULL,
    quantity                  INT UNSIGNED NOT NULL DEFAULT 1,
    PRIMARY KEY (id_product_pack, id_product_item, id_product_attribute_item),
    KEY product_item (id_product_item, id_product_attribute_item)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Figures, by article, combination (0: the article itself, or the sum of its combinations) and shop, or group of shops where stock is shared.
CREATE TABLE ps_stock_available (
    id_stock_available   INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_product           INT UNSIGNED NOT NULL,
    id_product_attribute INT UNSIGNED NOT NULL,
    id_shop              INT UNSIGNED NOT NULL,
    id_shop_group        INT UNSIGNED NOT NULL,
    quantity             INT NOT NULL DEFAULT 0,
    physical_quantity    INT NOT NULL DEFAULT 0,
    reserved_quantity    INT NOT NULL DEFAULT 0,
    depends_on_stock     TINYINT UNSIGNED NOT NULL DEFAULT 0,
    out_of_stock         TINYINT UNSIGNED NOT NULL DEFAULT 0,
    location             VARCHAR(255) NOT NULL DEFAULT '',
    PRIMARY KEY (id_stock_available),
    UNIQUE KEY product_sqlstock (id_product, id_product_attribute, id_shop, id_shop_group),
    KEY id_product (id_product),
    KEY id_product_attribute (id_product_attribute),
    KEY id_shop (id_shop),
    KEY id_shop_group (id_shop_group)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Prices that hold for some customers, quantities or days; 0 is everybody, a price of -1 the ordinary one.
CREATE TABLE ps_specific_price (
    id_specific_price      INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_specific_price_rule INT UNSIGNED NOT NULL,
    id_cart                INT UNSIGNED NOT NULL,
    id_product             INT UNSIGNED NOT NULL,
    id_shop                INT UNSIGNED NOT NULL DEFAULT 1,
    id_shop_group          INT UNSIGNED NOT NULL,
    id_currency            INT UNSIGNED NOT NULL,
    id_country             INT UNSIGNED NOT NULL,
    id_group               INT UNSIGNED NOT NULL,
    id_customer            INT UNSIGNED NOT NULL,
    id_product_attribute   INT UNSIGNED NOT NULL,
    price                  DECIMAL(20,6) NOT NULL,
    from_quantity          MEDIUMINT UNSIGNED NOT NULL,
    reduction              DECIMAL(20,6) NOT NULL,
    reduction_tax          TINYINT NOT NULL DEFAULT 1,
    reduction_type         ENUM('amount','percentage') NOT NULL,
    `from`                 DATETIME NOT NULL,
    `to`                   DATETIME NOT NULL,
    PRIMARY KEY (id_specific_price),
    UNIQUE KEY id_product_2 (id_product, id_product_attribute, id_customer, id_cart, `from`, `to`, id_shop, id_shop_group, id_currency, id_country, id_group, from_quantity, id_specific_price_rule),
    KEY `from` (`from`),
    KEY from_quantity (from_quantity),
    KEY id_cart (id_cart),
    KEY id_customer (id_customer),
    KEY id_product (id_product, id_shop, id_currency, id_country, id_group, id_customer, from_quantity, `from`, `to`),
    KEY id_product_attribute (id_product_attribute),
    KEY id_shop (id_shop),
    KEY id_specific_price_rule (id_specific_price_rule),
    KEY `to` (`to`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What an article names as its tax.
CREATE TABLE ps_tax_rules_group (
    id_tax_rules_group INT NOT NULL AUTO_INCREMENT,
    name               VARCHAR(50) NOT NULL,
    active             INT NOT NULL,
    deleted            TINYINT UNSIGNED NOT NULL,
    date_add           DATETIME NOT NULL,
    date_upd           DATETIME NOT NULL,
    PRIMARY KEY (id_tax_rules_group)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Lines of carts, those of orders too: they are there before the order is.
CREATE TABLE ps_cart_product (
    id_cart              INT UNSIGNED NOT NULL,
    id_product           INT UNSIGNED NOT NULL,
    id_address_delivery  INT UNSIGNED NOT NULL DEFAULT 0,
    id_shop              INT UNSIGNED NOT NULL DEFAULT 1,
    id_product_attribute INT UNSIGNED NOT NULL DEFAULT 0,
    id_customization     INT UNSIGNED NOT NULL DEFAULT 0,
    quantity             INT UNSIGNED NOT NULL DEFAULT 0,
    date_add             DATETIME NOT NULL,
    PRIMARY KEY (id_cart, id_product, id_product_attribute, id_customization, id_address_delivery),
    KEY id_cart_order (id_cart, date_add, id_product, id_product_attribute),
    KEY id_product_attribute (id_product_attribute)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Statuses of orders.
CREATE TABLE ps_order_state (
    id_order_state INT UNSIGNED NOT NULL AUTO_INCREMENT,
    invoice        TINYINT UNSIGNED DEFAULT 0,
    send_email     TINYINT UNSIGNED NOT NULL DEFAULT 0,
    module_name    VARCHAR(255),
    color          VARCHAR(32),
    unremovable    TINYINT UNSIGNED NOT NULL,
    hidden         TINYINT UNSIGNED NOT NULL DEFAULT 0,
    logable        TINYINT NOT NULL DEFAULT 0,
    delivery       TINYINT UNSIGNED NOT NULL DEFAULT 0,
    shipped        TINYINT UNSIGNED NOT NULL DEFAULT 0,
    paid           TINYINT UNSIGNED NOT NULL DEFAULT 0,
    pdf_invoice    TINYINT UNSIGNED NOT NULL DEFAULT 0,
    pdf_delivery   TINYINT UNSIGNED NOT NULL DEFAULT 0,
    deleted        TINYINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id_order_state),
    KEY module_name (module_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Orders. current_state is 0 until all lines are there.
CREATE TABLE ps_orders (
    id_order                 INT UNSIGNED NOT NULL AUTO_INCREMENT,
    reference                VARCHAR(9),
    id_shop_group            INT UNSIGNED NOT NULL DEFAULT 1,
    id_shop                  INT UNSIGNED NOT NULL DEFAULT 1,
    id_carrier               INT UNSIGNED NOT NULL,
    id_lang                  INT UNSIGNED NOT NULL,
    id_customer              INT UNSIGNED NOT NULL,
    id_cart                  INT UNSIGNED NOT NULL,
    id_currency              INT UNSIGNED NOT NULL,
    id_address_delivery      INT UNSIGNED NOT NULL,
    id_address_invoice       INT UNSIGNED NOT NULL,
    current_state            INT UNSIGNED NOT NULL,
    secure_key               VARCHAR(32) NOT NULL DEFAULT '-1',
    payment                  VARCHAR(255) NOT NULL,
    conversion_rate          DECIMAL(13,6) NOT NULL DEFAULT 1.000000,
    module                   VARCHAR(255),
    recyclable               TINYINT UNSIGNED NOT NULL DEFAULT 0,
    gift                     TINYINT UNSIGNED NOT NULL DEFAULT 0,
    gift_message             MEDIUMTEXT,
    mobile_theme             TINYINT NOT NULL DEFAULT 0,
    total_discounts          DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_discounts_tax_incl DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_discounts_tax_excl DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_paid               DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_paid_tax_incl      DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_paid_tax_excl      DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_paid_real          DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_products           DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_products_wt        DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_shipping           DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_shipping_tax_incl  DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_shipping_tax_excl  DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    carrier_tax_rate         DECIMAL(10,3) NOT NULL DEFAULT 0.000,
    total_wrapping           DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_wrapping_tax_incl  DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_wrapping_tax_excl  DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    round_mode               TINYINT NOT NULL DEFAULT 2,
    round_type               TINYINT NOT NULL DEFAULT 1,
    invoice_number           INT UNSIGNED NOT NULL DEFAULT 0,
    delivery_number          INT UNSIGNED NOT NULL DEFAULT 0,
    invoice_date             DATETIME NOT NULL,
    delivery_date            DATETIME NOT NULL,
    valid                    INT UNSIGNED NOT NULL DEFAULT 0,
    date_add                 DATETIME NOT NULL,
    date_upd                 DATETIME NOT NULL,
    note                     MEDIUMTEXT,
    PRIMARY KEY (id_order),
    KEY current_state (current_state),
    KEY date_add (date_add),
    KEY id_address_delivery (id_address_delivery),
    KEY id_address_invoice (id_address_invoice),
    KEY id_carrier (id_carrier),
    KEY id_cart (id_cart),
    KEY id_currency (id_currency),
    KEY id_customer (id_customer),
    KEY id_lang (id_lang),
    KEY id_shop (id_shop),
    KEY id_shop_group (id_shop_group),
    KEY invoice_number (invoice_number),
    KEY reference (reference)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Lines of orders.
CREATE TABLE ps_order_detail (
    id_order_detail               INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_order                      INT UNSIGNED NOT NULL,
    id_order_invoice              INT,
    id_warehouse                  INT UNSIGNED DEFAULT 0,
    id_shop                       INT UNSIGNED NOT NULL,
    product_id                    INT UNSIGNED NOT NULL,
    product_attribute_id          INT UNSIGNED,
    id_customization              INT UNSIGNED DEFAULT 0,
    product_name                  MEDIUMTEXT NOT NULL,
    product_quantity              INT UNSIGNED NOT NULL DEFAULT 0,
    product_quantity_in_stock     INT NOT NULL DEFAULT 0,
    product_quantity_refunded     INT UNSIGNED NOT NULL DEFAULT 0,
    product_quantity_return       INT UNSIGNED NOT NULL DEFAULT 0,
    product_quantity_reinjected   INT UNSIGNED NOT NULL DEFAULT 0,
    product_price                 DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    reduction_percent             DECIMAL(5,2) NOT NULL DEFAULT 0.00,
    reduction_amount              DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    reduction_amount_tax_incl     DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    reduction_amount_tax_excl     DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    group_reduction               DECIMAL(5,2) NOT NULL DEFAULT 0.00,
    product_quantity_discount     DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    product_ean13                 VARCHAR(13),
    product_isbn                  VARCHAR(32),
    product_upc                   VARCHAR(12),
    product_mpn                   VARCHAR(40),
    product_reference             VARCHAR(64),
    product_supplier_reference    VARCHAR(64),
    product_weight                DECIMAL(20,6) NOT NULL,
    id_tax_rules_group            INT UNSIGNED DEFAULT 0,
    tax_computation_method        TINYINT UNSIGNED NOT NULL DEFAULT 0,
    tax_name                      VARCHAR(16) NOT NULL,
    tax_rate                      DECIMAL(10,3) NOT NULL DEFAULT 0.000,
    ecotax                        DECIMAL(17,6) NOT NULL DEFAULT 0.000000,
    ecotax_tax_rate               DECIMAL(5,3) NOT NULL DEFAULT 0.000,
    discount_quantity_applied     TINYINT NOT NULL DEFAULT 0,
    download_hash                 VARCHAR(255),
    download_nb                   INT UNSIGNED DEFAULT 0,
    download_deadline             DATETIME,
    total_price_tax_incl          DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_price_tax_excl          DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    unit_price_tax_incl           DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    unit_price_tax_excl           DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_shipping_price_tax_incl DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_shipping_price_tax_excl DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    purchase_supplier_price       DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    original_product_price        DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    original_wholesale_price      DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_refunded_tax_excl       DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    total_refunded_tax_incl       DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    PRIMARY KEY (id_order_detail),
    KEY id_order_id_order_detail (id_order, id_order_detail),
    KEY id_tax_rules_group (id_tax_rules_group),
    KEY order_detail_order (id_order),
    KEY product_attribute_id (product_attribute_id),
    KEY product_id (product_id, product_attribute_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Statuses that an order had.
CREATE TABLE ps_order_history (
    id_order_history INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_employee      INT UNSIGNED NOT NULL,
    id_order         INT UNSIGNED NOT NULL,
    id_order_state   INT UNSIGNED NOT NULL,
    date_add         DATETIME NOT NULL,
    PRIMARY KEY (id_order_history),
    KEY id_employee (id_employee),
    KEY id_order_state (id_order_state),
    KEY order_history_order (id_order)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Credit slips: what was paid back of an order. `amount` is that of the articles, or another one that was chosen.
CREATE TABLE ps_order_slip (
    id_order_slip           INT UNSIGNED NOT NULL AUTO_INCREMENT,
    conversion_rate         DECIMAL(13,6) NOT NULL DEFAULT 1.000000,
    id_customer             INT UNSIGNED NOT NULL,
    id_order                INT UNSIGNED NOT NULL,
    total_products_tax_excl DECIMAL(20,6),
    total_products_tax_incl DECIMAL(20,6),
    total_shipping_tax_excl DECIMAL(20,6),
    total_shipping_tax_incl DECIMAL(20,6),
    shipping_cost           TINYINT UNSIGNED NOT NULL DEFAULT 0,
    amount                  DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    shipping_cost_amount    DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    partial                 TINYINT NOT NULL,
    order_slip_type         TINYINT UNSIGNED NOT NULL DEFAULT 0,
    date_add                DATETIME NOT NULL,
    date_upd                DATETIME NOT NULL,
    PRIMARY KEY (id_order_slip),
    KEY order_slip_customer (id_customer),
    KEY id_order (id_order)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What a slip is of: pieces of the order's lines.
CREATE TABLE ps_order_slip_detail (
    id_order_slip        INT UNSIGNED NOT NULL,
    id_order_detail      INT UNSIGNED NOT NULL,
    product_quantity     INT UNSIGNED NOT NULL DEFAULT 0,
    unit_price_tax_excl  DECIMAL(20,6),
    unit_price_tax_incl  DECIMAL(20,6),
    total_price_tax_excl DECIMAL(20,6),
    total_price_tax_incl DECIMAL(20,6),
    amount_tax_excl      DECIMAL(20,6),
    amount_tax_incl      DECIMAL(20,6),
    PRIMARY KEY (id_order_slip, id_order_detail)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What customers ask to send back, and which pieces. State: 1 asked, 2 to be sent, 3 has come, 4 declined, 5 done.
CREATE TABLE ps_order_return (
    id_order_return INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_customer     INT UNSIGNED NOT NULL,
    id_order        INT UNSIGNED NOT NULL,
    state           TINYINT UNSIGNED NOT NULL DEFAULT 1,
    question        MEDIUMTEXT NOT NULL,
    date_add        DATETIME NOT NULL,
    date_upd        DATETIME NOT NULL,
    PRIMARY KEY (id_order_return),
    KEY order_return_customer (id_customer),
    KEY id_order (id_order)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE ps_order_return_detail (
    id_order_return  INT UNSIGNED NOT NULL,
    id_order_detail  INT UNSIGNED NOT NULL,
    id_customization INT UNSIGNED NOT NULL DEFAULT 0,
    product_quantity INT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id_order_return, id_order_detail, id_customization)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Discounts that an order got, with tax (value) and without.
CREATE TABLE ps_order_cart_rule (
    id_order_cart_rule INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_order           INT UNSIGNED NOT NULL,
    id_cart_rule       INT UNSIGNED NOT NULL,
    id_order_invoice   INT UNSIGNED DEFAULT 0,
    name               VARCHAR(254) NOT NULL,
    value              DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    value_tax_excl     DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    free_shipping      TINYINT NOT NULL DEFAULT 0,
    deleted            TINYINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id_order_cart_rule),
    KEY id_cart_rule (id_cart_rule),
    KEY id_order (id_order)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Which taxes a line bears.
CREATE TABLE ps_order_detail_tax (
    id_order_detail INT NOT NULL,
    id_tax          INT NOT NULL,
    unit_amount     DECIMAL(16,6) NOT NULL DEFAULT 0.000000,
    total_amount    DECIMAL(16,6) NOT NULL DEFAULT 0.000000,
    KEY id_order_detail (id_order_detail),
    KEY id_tax (id_tax)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Rates. One that orders have used is never changed, but replaced.
CREATE TABLE ps_tax (
    id_tax  INT UNSIGNED NOT NULL AUTO_INCREMENT,
    rate    DECIMAL(10,3) NOT NULL,
    active  TINYINT UNSIGNED NOT NULL DEFAULT 1,
    deleted TINYINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id_tax)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What was paid, by the reference that all parts of a split order share.
CREATE TABLE ps_order_payment (
    id_order_payment INT NOT NULL AUTO_INCREMENT,
    order_reference  VARCHAR(9),
    id_currency      INT UNSIGNED NOT NULL,
    amount           DECIMAL(20,6) NOT NULL,
    payment_method   VARCHAR(255) NOT NULL,
    conversion_rate  DECIMAL(13,6) NOT NULL DEFAULT 1.000000,
    transaction_id   VARCHAR(254),
    card_number      VARCHAR(254),
    card_brand       VARCHAR(254),
    card_expiration  CHAR(7),
    card_holder      VARCHAR(254),
    date_add         DATETIME NOT NULL,
    id_employee      INT,
    PRIMARY KEY (id_order_payment),
    KEY order_reference (order_reference)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Words of customers (private 0) and of the staff about an order.
CREATE TABLE ps_message (
    id_message  INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_cart     INT UNSIGNED,
    id_customer INT UNSIGNED NOT NULL,
    id_employee INT UNSIGNED,
    id_order    INT UNSIGNED NOT NULL,
    message     MEDIUMTEXT NOT NULL,
    private     TINYINT UNSIGNED NOT NULL DEFAULT 1,
    date_add    DATETIME NOT NULL,
    PRIMARY KEY (id_message),
    KEY message_order (id_order),
    KEY id_cart (id_cart)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What a customer had put on a piece: type 0 is a file, 1 a text.
CREATE TABLE ps_customized_data (
    id_customization INT UNSIGNED NOT NULL,
    type             TINYINT NOT NULL,
    `index`          INT NOT NULL,
    value            VARCHAR(255) NOT NULL,
    id_module        INT NOT NULL DEFAULT 0,
    price            DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    weight           DECIMAL(20,6) NOT NULL DEFAULT 0.000000,
    PRIMARY KEY (id_customization, type, `index`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE ps_carrier (
    id_carrier           INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_reference         INT UNSIGNED NOT NULL,
    name                 VARCHAR(64) NOT NULL,
    url                  VARCHAR(255),
    active               TINYINT UNSIGNED NOT NULL DEFAULT 0,
    deleted              TINYINT UNSIGNED NOT NULL DEFAULT 0,
    external_module_name VARCHAR(64),
    PRIMARY KEY (id_carrier)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE ps_currency (
    id_currency     INT UNSIGNED NOT NULL AUTO_INCREMENT,
    name            VARCHAR(64) NOT NULL,
    iso_code        VARCHAR(3) NOT NULL DEFAULT '0',
    `precision`     INT NOT NULL DEFAULT 6,
    conversion_rate DECIMAL(13,6) NOT NULL,
    deleted         TINYINT UNSIGNED NOT NULL DEFAULT 0,
    active          TINYINT UNSIGNED NOT NULL DEFAULT 1,
    PRIMARY KEY (id_currency)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE ps_country (
    id_country      INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_zone         INT UNSIGNED NOT NULL,
    iso_code        VARCHAR(3) NOT NULL,
    active          TINYINT UNSIGNED NOT NULL DEFAULT 0,
    contains_states TINYINT NOT NULL DEFAULT 0,
    PRIMARY KEY (id_country),
    KEY country_iso_code (iso_code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Provinces.
CREATE TABLE ps_state (
    id_state   INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_country INT UNSIGNED NOT NULL,
    id_zone    INT UNSIGNED NOT NULL,
    name       VARCHAR(80) NOT NULL,
    iso_code   VARCHAR(7) NOT NULL,
    active     TINYINT NOT NULL DEFAULT 0,
    PRIMARY KEY (id_state),
    KEY id_country (id_country)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Guests are customers, too.
CREATE TABLE ps_customer (
    id_customer INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_shop_group INT UNSIGNED NOT NULL DEFAULT 1,
    id_shop     INT UNSIGNED NOT NULL DEFAULT 1,
    id_gender   INT UNSIGNED NOT NULL,
    id_default_group INT UNSIGNED NOT NULL DEFAULT 1,
    id_lang     INT UNSIGNED,
    company     VARCHAR(255),
    siret       VARCHAR(14),
    firstname   VARCHAR(255) NOT NULL,
    lastname    VARCHAR(255) NOT NULL,
    email       VARCHAR(255) NOT NULL,
    passwd      VARCHAR(255) NOT NULL,
    last_passwd_gen TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    secure_key  VARCHAR(32) NOT NULL DEFAULT '-1',  -- told by links in mails
    active      TINYINT UNSIGNED NOT NULL DEFAULT 0,
    is_guest    TINYINT NOT NULL DEFAULT 0,
    deleted     TINYINT NOT NULL DEFAULT 0,
    date_add    DATETIME NOT NULL,
    date_upd    DATETIME NOT NULL,
    PRIMARY KEY (id_customer),
    KEY customer_email (email)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE ps_customer_group (
    id_customer INT UNSIGNED NOT NULL,
    id_group    INT UNSIGNED NOT NULL,
    PRIMARY KEY (id_customer, id_group)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- One that an order has used is not changed: an edit makes a new row.
CREATE TABLE ps_address (
    id_address   INT UNSIGNED NOT NULL AUTO_INCREMENT,
    id_country   INT UNSIGNED NOT NULL,
    id_state     INT UNSIGNED,
    id_customer  INT UNSIGNED NOT NULL DEFAULT 0,
    alias        VARCHAR(32) NOT NULL,
    company      VARCHAR(255),
    lastname     VARCHAR(255) NOT NULL,
    firstname    VARCHAR(255) NOT NULL,
    address1     VARCHAR(128) NOT NULL,
    address2     VARCHAR(128),
    postcode     VARCHAR(12),
    city         VARCHAR(64) NOT NULL,
    other        MEDIUMTEXT,
    phone        VARCHAR(32),
    phone_mobile VARCHAR(32),
    vat_number   VARCHAR(32),
    dni          VARCHAR(16),
    date_add     DATETIME NOT NULL,
    date_upd     DATETIME NOT NULL,
    active       TINYINT UNSIGNED NOT NULL DEFAULT 1,
    deleted      TINYINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (id_address),
    KEY address_customer (id_customer)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- How an order travels, with the one tracking number that PrestaShop shows.
CREATE TABLE ps_order_carrier (
    id_order_carrier       INT NOT NULL AUTO_INCREMENT,
    id_order               INT UNSIGNED NOT NULL,
    id_carrier             INT UNSIGNED NOT NULL,
    id_order_invoice       INT UNSIGNED,
    weight                 DECIMAL(20,6),
    shipping_cost_tax_excl DECIMAL(20,6),
    shipping_cost_tax_incl DECIMAL(20,6),
    tracking_number        VARCHAR(64),
    date_add               DATETIME NOT NULL,
    PRIMARY KEY (id_order_carrier),
    KEY id_carrier (id_carrier),
    KEY id_order (id_order),
    KEY id_order_invoice (id_order_invoice)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What a fresh installation with two languages holds of what the pack reads.
INSERT INTO ps_shop_group (id_shop_group, name, color, share_customer, share_order, share_stock, active, deleted) VALUES
    (1, 'Default', '', 0, 0, 0, 1, 0);

INSERT INTO ps_shop (id_shop, id_shop_group, name, color, id_category, theme_name, active, deleted) VALUES
    (1, 1, 'Shop', '', 2, 'classic', 1, 0);

INSERT INTO ps_lang (id_lang, name, active, iso_code, language_code, locale, date_format_lite, date_format_full, is_rtl) VALUES
    (1, 'Italiano', 1, 'it', 'it-it', 'it-IT', 'd/m/Y', 'd/m/Y H:i:s', 0),
    (2, 'English', 1, 'en', 'en-us', 'en-US', 'm/d/Y', 'm/d/Y H:i:s', 0);

INSERT INTO ps_configuration (name, value, date_add, date_upd) VALUES
    ('PS_VERSION_DB', '8.2.1', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_TIMEZONE', 'Europe/Rome', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_LANG_DEFAULT', '1', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_SHOP_DEFAULT', '1', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_ROOT_CATEGORY', '1', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_HOME_CATEGORY', '2', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_STOCK_MANAGEMENT', '1', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_PACK_STOCK_TYPE', '0', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_WEIGHT_UNIT', 'kg', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_DIMENSION_UNIT', 'cm', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_OS_PAYMENT', '2', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_OS_SHIPPING', '4', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_OS_DELIVERED', '5', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_OS_CANCELED', '6', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_OS_REFUND', '7', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_OS_ERROR', '8', '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    ('PS_OS_BANKWIRE', '10', '2026-01-01 09:00:00', '2026-01-01 09:00:00');

INSERT INTO ps_group (id_group, date_add, date_upd) VALUES
    (1, '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    (2, '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    (3, '2026-01-01 09:00:00', '2026-01-01 09:00:00');

INSERT INTO ps_category (id_category, id_parent, level_depth, nleft, nright, active, date_add, date_upd, position, is_root_category) VALUES
    (1, 0, 0, 1, 4, 1, '2026-01-01 09:00:00', '2026-01-01 09:00:00', 0, 0),
    (2, 1, 1, 2, 3, 1, '2026-01-01 09:00:00', '2026-01-01 09:00:00', 0, 1);

INSERT INTO ps_category_lang (id_category, id_shop, id_lang, name, link_rewrite) VALUES
    (1, 1, 1, 'Root', 'root'),
    (1, 1, 2, 'Root', 'root'),
    (2, 1, 1, 'Home', 'home'),
    (2, 1, 2, 'Home', 'home');

INSERT INTO ps_category_shop (id_category, id_shop, position) VALUES
    (1, 1, 0),
    (2, 1, 0);

INSERT INTO ps_category_group (id_category, id_group) VALUES
    (2, 1),
    (2, 2),
    (2, 3);

INSERT INTO ps_tax_rules_group (id_tax_rules_group, name, active, deleted, date_add, date_upd) VALUES
    (1, 'IVA 22', 1, 0, '2026-01-01 09:00:00', '2026-01-01 09:00:00'),
    (2, 'IVA 10', 1, 0, '2026-01-01 09:00:00', '2026-01-01 09:00:00');

INSERT INTO ps_order_state (id_order_state, unremovable, logable, paid, shipped) VALUES
    (1, 1, 0, 0, 0),
    (2, 1, 1, 1, 0),
    (3, 1, 1, 1, 0),
    (4, 1, 1, 1, 1),
    (5, 1, 1, 1, 1),
    (6, 1, 0, 0, 0),
    (7, 1, 0, 0, 0),
    (8, 1, 0, 0, 0),
    (9, 1, 0, 1, 0),
    (10, 1, 0, 0, 0),
    (11, 1, 1, 1, 0),
    (12, 1, 0, 0, 0),
    (13, 1, 0, 0, 0);

INSERT INTO ps_currency (id_currency, name, iso_code, `precision`, conversion_rate) VALUES
    (1, '', 'EUR', 2, 1);

INSERT INTO ps_country (id_country, id_zone, iso_code, active, contains_states) VALUES
    (10, 1, 'IT', 1, 1);

INSERT INTO ps_state (id_state, id_country, id_zone, name, iso_code, active) VALUES
    (121, 10, 1, 'Asti', 'AT', 1),
    (219, 10, 1, 'Torino', 'TO', 1);

INSERT INTO ps_carrier (id_carrier, id_reference, name, active) VALUES
    (1, 1, '0', 1),
    (2, 2, 'Corriere', 1);

INSERT INTO ps_tax (id_tax, rate) VALUES
    (1, 22.000),
    (2, 10.000);
