-- The tables of Odoo 19 that the pack `odoo` reads, with the columns it reads and those a test needs to fill them. Odoo's own tables
-- have many more. What 17 and 18 have otherwise is in tests/cases/odoo/. PostgreSQL.

-- Which apps there are, and of which version; settings.
CREATE TABLE ir_module_module (
    id                 SERIAL PRIMARY KEY,
    name               VARCHAR NOT NULL UNIQUE,
    state              VARCHAR(16),
    latest_version     VARCHAR
);

CREATE TABLE ir_config_parameter (
    id                 SERIAL PRIMARY KEY,
    key                VARCHAR NOT NULL UNIQUE,
    value              TEXT NOT NULL
);

CREATE TABLE decimal_precision (
    id                 SERIAL PRIMARY KEY,
    name               VARCHAR NOT NULL UNIQUE,
    digits             INTEGER NOT NULL
);

CREATE TABLE res_lang (
    id                 SERIAL PRIMARY KEY,
    name               VARCHAR NOT NULL UNIQUE,
    code               VARCHAR NOT NULL UNIQUE,
    active             BOOLEAN
);

CREATE TABLE res_currency (
    id                 SERIAL PRIMARY KEY,
    name               VARCHAR NOT NULL,
    rounding           NUMERIC,
    active             BOOLEAN
);

CREATE TABLE res_company (
    id                    SERIAL PRIMARY KEY,
    name                  VARCHAR NOT NULL UNIQUE,
    currency_id           INTEGER NOT NULL REFERENCES res_currency (id),
    account_price_include VARCHAR NOT NULL DEFAULT 'tax_excluded'  -- or tax_included
);

-- Units: `factor` pieces of the reference unit make one of it.
CREATE TABLE uom_uom (
    id                 SERIAL PRIMARY KEY,
    name               JSONB NOT NULL,
    relative_uom_id    INTEGER REFERENCES uom_uom (id),
    relative_factor    NUMERIC NOT NULL DEFAULT 1,
    factor             NUMERIC
);

-- The tree of internal categories; parent_path is '1/4/9/', with the row's own id at its end.
CREATE TABLE product_category (
    id                 SERIAL PRIMARY KEY,
    parent_id          INTEGER REFERENCES product_category (id) ON DELETE CASCADE,
    name               VARCHAR NOT NULL,
    complete_name      VARCHAR,
    parent_path        VARCHAR
);

-- An article, and its variants: at least one. Texts are JSON by language code, 'en_US' is always there.
CREATE TABLE product_template (
    id                 SERIAL PRIMARY KEY,
    name               JSONB NOT NULL,
    description_sale   JSONB,
    type               VARCHAR NOT NULL,           -- consu, service, combo
    is_storable        BOOLEAN,                    -- consu only: stock is kept
    categ_id           INTEGER REFERENCES product_category (id),
    uom_id             INTEGER NOT NULL REFERENCES uom_uom (id),
    company_id         INTEGER REFERENCES res_company (id),
    list_price         NUMERIC,
    sale_ok            BOOLEAN,
    active             BOOLEAN,
    write_date         TIMESTAMP                   -- UTC, as all of Odoo's times
);

CREATE TABLE product_product (
    id                 SERIAL PRIMARY KEY,
    product_tmpl_id    INTEGER NOT NULL REFERENCES product_template (id) ON DELETE CASCADE,
    default_code       VARCHAR,
    barcode            VARCHAR,
    standard_price     JSONB,                      -- the cost, by company id
    weight             NUMERIC,
    active             BOOLEAN,
    write_date         TIMESTAMP
);
CREATE INDEX product_product_default_code ON product_product (default_code);

-- What tells variants apart: a template's attributes (lines), their values there, and which of them a variant has.
CREATE TABLE product_attribute_value (
    id                 SERIAL PRIMARY KEY,
    attribute_id       INTEGER NOT NULL,
    name               JSONB NOT NULL
);

CREATE TABLE product_template_attribute_line (
    id                 SERIAL PRIMARY KEY,
    product_tmpl_id    INTEGER NOT NULL REFERENCES product_template (id) ON DELETE CASCADE,
    attribute_id       INTEGER NOT NULL,
    sequence           INTEGER,
    value_count        INTEGER,
    active             BOOLEAN
);

CREATE TABLE product_template_attribute_value (
    id                         SERIAL PRIMARY KEY,
    product_attribute_value_id INTEGER NOT NULL REFERENCES product_attribute_value (id),
    attribute_line_id          INTEGER NOT NULL REFERENCES product_template_attribute_line (id),
    price_extra                NUMERIC,
    ptav_active                BOOLEAN
);

CREATE TABLE product_variant_combination (
    product_product_id                  INTEGER NOT NULL REFERENCES product_product (id) ON DELETE CASCADE,
    product_template_attribute_value_id INTEGER NOT NULL REFERENCES product_template_attribute_value (id),
    PRIMARY KEY (product_product_id, product_template_attribute_value_id)
);

CREATE TABLE account_tax (
    id                     SERIAL PRIMARY KEY,
    company_id             INTEGER NOT NULL REFERENCES res_company (id),
    name                   JSONB NOT NULL,
    sequence               INTEGER NOT NULL DEFAULT 1,
    type_tax_use           VARCHAR NOT NULL,       -- sale, purchase, none
    amount_type            VARCHAR NOT NULL DEFAULT 'percent',
    amount                 NUMERIC NOT NULL,
    price_include_override VARCHAR,                -- tax_included, tax_excluded; NULL: as the company says
    active                 BOOLEAN
);

CREATE TABLE product_taxes_rel (
    prod_id            INTEGER NOT NULL REFERENCES product_template (id) ON DELETE CASCADE,
    tax_id             INTEGER NOT NULL REFERENCES account_tax (id) ON DELETE CASCADE,
    PRIMARY KEY (prod_id, tax_id)
);

-- Price lists and their rules.
CREATE TABLE product_pricelist (
    id                 SERIAL PRIMARY KEY,
    name               JSONB NOT NULL,
    currency_id        INTEGER NOT NULL REFERENCES res_currency (id),
    company_id         INTEGER REFERENCES res_company (id),
    active             BOOLEAN
);

CREATE TABLE product_pricelist_item (
    id                 SERIAL PRIMARY KEY,
    pricelist_id       INTEGER REFERENCES product_pricelist (id) ON DELETE CASCADE,
    applied_on         VARCHAR NOT NULL,           -- 0_product_variant, 1_product, 2_product_category, 3_global
    product_id         INTEGER REFERENCES product_product (id),
    product_tmpl_id    INTEGER REFERENCES product_template (id),
    categ_id           INTEGER REFERENCES product_category (id),
    min_quantity       NUMERIC,
    date_start         TIMESTAMP,
    date_end           TIMESTAMP,
    compute_price      VARCHAR NOT NULL,           -- fixed, percentage, formula
    base               VARCHAR NOT NULL DEFAULT 'list_price',  -- list_price, standard_price, pricelist
    base_pricelist_id  INTEGER REFERENCES product_pricelist (id),
    fixed_price        NUMERIC,
    percent_price      DOUBLE PRECISION,
    price_discount     NUMERIC,
    price_round        NUMERIC,
    price_surcharge    NUMERIC,
    price_min_margin   NUMERIC,
    price_max_margin   NUMERIC
);

-- Places and what lies in them. A place of usage internal is the company's own; customers are one, too.
CREATE TABLE stock_location (
    id                 SERIAL PRIMARY KEY,
    location_id        INTEGER REFERENCES stock_location (id),
    warehouse_id       INTEGER,
    company_id         INTEGER REFERENCES res_company (id),
    name               VARCHAR NOT NULL,
    usage              VARCHAR NOT NULL,           -- view, internal, customer, supplier, inventory, production, transit
    parent_path        VARCHAR,
    active             BOOLEAN
);

CREATE TABLE stock_warehouse (
    id                 SERIAL PRIMARY KEY,
    company_id         INTEGER NOT NULL REFERENCES res_company (id),
    view_location_id   INTEGER NOT NULL REFERENCES stock_location (id),
    name               VARCHAR NOT NULL,
    code               VARCHAR(5) NOT NULL,
    active             BOOLEAN,
    UNIQUE (code, company_id)
);

CREATE TABLE stock_quant (
    id                 SERIAL PRIMARY KEY,
    product_id         INTEGER NOT NULL REFERENCES product_product (id),
    location_id        INTEGER NOT NULL REFERENCES stock_location (id),
    company_id         INTEGER REFERENCES res_company (id),
    owner_id           INTEGER,                    -- a partner whose goods these are
    quantity           NUMERIC,
    reserved_quantity  NUMERIC NOT NULL DEFAULT 0
);

-- Movements: product_uom_qty in the unit product_uom, product_qty in the product's own.
CREATE TABLE stock_move (
    id                 SERIAL PRIMARY KEY,
    company_id         INTEGER NOT NULL REFERENCES res_company (id),
    product_id         INTEGER NOT NULL REFERENCES product_product (id),
    product_uom        INTEGER NOT NULL REFERENCES uom_uom (id),
    product_uom_qty    NUMERIC NOT NULL,
    product_qty        NUMERIC,
    location_id        INTEGER NOT NULL REFERENCES stock_location (id),
    location_dest_id   INTEGER NOT NULL REFERENCES stock_location (id),
    location_final_id  INTEGER REFERENCES stock_location (id),
    state              VARCHAR,                    -- draft, waiting, confirmed, partially_available, assigned, done, cancel
    origin             VARCHAR,
    reference          VARCHAR
);
CREATE INDEX stock_move_state ON stock_move (state);

-- Countries and their provinces.
CREATE TABLE res_country (
    id                 SERIAL PRIMARY KEY,
    name               JSONB NOT NULL,
    code               VARCHAR(2) UNIQUE
);

CREATE TABLE res_country_state (
    id                 SERIAL PRIMARY KEY,
    country_id         INTEGER NOT NULL REFERENCES res_country (id),
    name               VARCHAR NOT NULL,
    code               VARCHAR NOT NULL
);

-- Companies, people and addresses. What is a company's for all its people and addresses (VAT number) follows commercial_partner_id.
CREATE TABLE res_partner (
    id                      SERIAL PRIMARY KEY,
    company_id              INTEGER REFERENCES res_company (id),
    parent_id               INTEGER REFERENCES res_partner (id),
    commercial_partner_id   INTEGER REFERENCES res_partner (id),
    type                    VARCHAR,               -- contact, invoice, delivery, other
    name                    VARCHAR,
    complete_name           VARCHAR,
    commercial_company_name VARCHAR,
    is_company              BOOLEAN,
    active                  BOOLEAN,
    employee                BOOLEAN,
    partner_share           BOOLEAN,
    customer_rank           INTEGER,
    autopost_bills          VARCHAR NOT NULL,
    lang                    VARCHAR,
    user_id             INTEGER,  -- salesperson (res_users)
    vat                     VARCHAR,
    email                   VARCHAR,
    email_normalized        VARCHAR,
    phone                   VARCHAR,
    street                  VARCHAR,
    street2                 VARCHAR,
    zip                     VARCHAR,
    city                    VARCHAR,
    state_id                INTEGER REFERENCES res_country_state (id),
    country_id              INTEGER REFERENCES res_country (id),
    create_date             TIMESTAMP,
    write_date              TIMESTAMP,
    CHECK (type = 'contact' AND name IS NOT NULL OR type <> 'contact')
);
CREATE INDEX res_partner_vat ON res_partner (vat);

-- Tags of contacts.
CREATE TABLE res_partner_category (
    id                 SERIAL PRIMARY KEY,
    name               JSONB NOT NULL,
    active             BOOLEAN
);

CREATE TABLE res_partner_res_partner_category_rel (
    category_id        INTEGER NOT NULL REFERENCES res_partner_category (id) ON DELETE CASCADE,
    partner_id         INTEGER NOT NULL REFERENCES res_partner (id) ON DELETE CASCADE,
    PRIMARY KEY (category_id, partner_id)
);

-- How documents are numbered. `standard` ones count in a sequence of PostgreSQL's, ir_sequence_016 for id 16, or in one for each span
-- of days, ir_sequence_016_003; `no_gap` ones in number_next.
CREATE TABLE ir_sequence (
    id                 SERIAL PRIMARY KEY,
    name               VARCHAR NOT NULL,
    code               VARCHAR,
    implementation     VARCHAR NOT NULL,
    prefix             VARCHAR,
    suffix             VARCHAR,
    padding            INTEGER NOT NULL,
    number_next        INTEGER NOT NULL,
    number_increment   INTEGER NOT NULL,
    use_date_range     BOOLEAN,
    company_id         INTEGER REFERENCES res_company (id),
    active             BOOLEAN
);
INSERT INTO ir_sequence (id, name, code, implementation, prefix, padding, number_next, number_increment, active)
    VALUES (16, 'Sales Order', 'sale.order', 'standard', 'S', 5, 1, 1, TRUE);
CREATE SEQUENCE ir_sequence_016;

CREATE TABLE ir_sequence_date_range (
    id                 SERIAL PRIMARY KEY,
    sequence_id        INTEGER NOT NULL REFERENCES ir_sequence (id) ON DELETE CASCADE,
    number_next        INTEGER NOT NULL,
    date_from          DATE NOT NULL,
    date_to            DATE NOT NULL,
    UNIQUE (sequence_id, date_from, date_to)
);

-- When an order is to be paid.
CREATE TABLE account_payment_term (
    id                   SERIAL PRIMARY KEY,
    company_id           INTEGER REFERENCES res_company (id),
    name                 JSONB NOT NULL,
    active               BOOLEAN
);

CREATE TABLE sale_order (
    id                  SERIAL PRIMARY KEY,
    company_id          INTEGER NOT NULL REFERENCES res_company (id),
    partner_id          INTEGER NOT NULL REFERENCES res_partner (id),
    partner_invoice_id  INTEGER NOT NULL REFERENCES res_partner (id),
    partner_shipping_id INTEGER NOT NULL REFERENCES res_partner (id),
    currency_id         INTEGER REFERENCES res_currency (id),
    user_id             INTEGER,                   -- salesperson (res_users)
    payment_term_id     INTEGER REFERENCES account_payment_term (id),
    carrier_id          INTEGER,                   -- with the delivery methods (delivery_carrier)
    warehouse_id        INTEGER REFERENCES stock_warehouse (id),
    name                VARCHAR NOT NULL,
    state               VARCHAR,                   -- draft, sent, sale, cancel
    client_order_ref    VARCHAR,
    origin              VARCHAR,                   -- a web order: '<shop>/<order id>'
    reference           VARCHAR,                   -- of the payment
    date_order          TIMESTAMP NOT NULL,
    picking_policy      VARCHAR NOT NULL,
    invoice_status      VARCHAR,
    delivery_status     VARCHAR,                   -- pending, started, partial, full; NULL: nothing to deliver
    currency_rate       NUMERIC,
    amount_untaxed      NUMERIC,
    amount_tax          NUMERIC,
    amount_total        NUMERIC,
    note                TEXT,                      -- HTML
    locked              BOOLEAN,
    require_signature   BOOLEAN,
    require_payment     BOOLEAN,
    create_date         TIMESTAMP,
    write_date          TIMESTAMP
);

-- Amounts of a line: price_subtotal without tax, price_total with it; Odoo computes them from price_unit, discount and the taxes.
CREATE TABLE sale_order_line (
    id                   SERIAL PRIMARY KEY,
    order_id             INTEGER NOT NULL REFERENCES sale_order (id) ON DELETE CASCADE,
    sequence             INTEGER,
    company_id           INTEGER REFERENCES res_company (id),
    currency_id          INTEGER REFERENCES res_currency (id),
    order_partner_id     INTEGER REFERENCES res_partner (id),
    state                VARCHAR,
    product_id           INTEGER REFERENCES product_product (id),
    product_uom_id       INTEGER REFERENCES uom_uom (id),
    product_uom_qty      NUMERIC NOT NULL,
    display_type         VARCHAR,                  -- line_section, line_note: no article
    name                 TEXT NOT NULL,
    price_unit           NUMERIC NOT NULL,
    technical_price_unit DOUBLE PRECISION,
    discount             NUMERIC,
    price_subtotal       NUMERIC,
    price_tax            DOUBLE PRECISION,
    price_total          NUMERIC,
    price_reduce_taxexcl NUMERIC,
    price_reduce_taxinc  NUMERIC,
    qty_delivered_method VARCHAR,                  -- stock_move, manual
    qty_delivered        NUMERIC,
    qty_invoiced         NUMERIC,
    qty_to_invoice       NUMERIC,
    invoice_status       VARCHAR,
    customer_lead        DOUBLE PRECISION NOT NULL,
    is_downpayment       BOOLEAN,
    is_delivery          BOOLEAN,
    warehouse_id         INTEGER REFERENCES stock_warehouse (id),
    create_date          TIMESTAMP,
    write_date           TIMESTAMP,
    CHECK (display_type IS NOT NULL OR is_downpayment OR product_id IS NOT NULL AND product_uom_id IS NOT NULL)
);

CREATE TABLE account_tax_sale_order_line_rel (
    sale_order_line_id INTEGER NOT NULL REFERENCES sale_order_line (id) ON DELETE CASCADE,
    account_tax_id     INTEGER NOT NULL REFERENCES account_tax (id),
    PRIMARY KEY (sale_order_line_id, account_tax_id)
);

-- Deliveries: one document for what leaves, or moves, together. `sale_id` is the order that it is for. Carrier and tracking numbers come
-- with the delivery methods.
CREATE TABLE delivery_carrier (
    id                   SERIAL PRIMARY KEY,
    name                 JSONB NOT NULL
);

CREATE TABLE stock_picking (
    id                   SERIAL PRIMARY KEY,
    company_id           INTEGER REFERENCES res_company (id),
    sale_id              INTEGER REFERENCES sale_order (id),
    partner_id           INTEGER REFERENCES res_partner (id),
    location_id          INTEGER NOT NULL REFERENCES stock_location (id),
    location_dest_id     INTEGER NOT NULL REFERENCES stock_location (id),
    name                 VARCHAR,
    origin               VARCHAR,
    state                VARCHAR,                  -- draft, waiting, confirmed, assigned, done, cancel
    date_done            TIMESTAMP,
    carrier_id           INTEGER REFERENCES delivery_carrier (id),
    carrier_tracking_ref VARCHAR,
    write_date           TIMESTAMP
);
CREATE INDEX stock_picking_sale_id ON stock_picking (sale_id);

-- Invoices, and which of their lines are which lines of an order.
CREATE TABLE account_move (
    id                   SERIAL PRIMARY KEY,
    company_id           INTEGER REFERENCES res_company (id),
    name                 VARCHAR,
    move_type            VARCHAR NOT NULL,         -- out_invoice, out_refund, entry ...
    state                VARCHAR NOT NULL,         -- draft, posted, cancel
    payment_state        VARCHAR,                  -- not_paid, paid, reversed ...
    invoice_date         DATE
);

CREATE TABLE account_move_line (
    id                   SERIAL PRIMARY KEY,
    move_id              INTEGER NOT NULL REFERENCES account_move (id) ON DELETE CASCADE
);

CREATE TABLE sale_order_line_invoice_rel (
    invoice_line_id      INTEGER NOT NULL REFERENCES account_move_line (id) ON DELETE CASCADE,
    order_line_id        INTEGER NOT NULL REFERENCES sale_order_line (id) ON DELETE CASCADE,
    PRIMARY KEY (invoice_line_id, order_line_id)
);
CREATE INDEX sale_order_line_invoice_rel_order_line_id ON sale_order_line_invoice_rel (order_line_id);
