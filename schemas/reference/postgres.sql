-- The tables of a small company's ERP, as the pack `reference` reads them: PostgreSQL 12 and later.
-- Amounts and quantities are exact decimals; timestamps are with time zone.

-- Tax classes and articles: one row per sellable sku.
CREATE TABLE tax_classes (
    code               VARCHAR(20) NOT NULL PRIMARY KEY,
    description        VARCHAR(200) NOT NULL,
    rate               NUMERIC(7,4) NOT NULL CHECK (rate >= 0)
);

CREATE TABLE articles (
    sku                VARCHAR(64) NOT NULL PRIMARY KEY,
    active             BOOLEAN NOT NULL DEFAULT TRUE,
    barcode            VARCHAR(64),
    tax_class          VARCHAR(20) NOT NULL REFERENCES tax_classes (code),
    unit               VARCHAR(10) NOT NULL DEFAULT 'pcs',
    weight             NUMERIC(18,4),  -- kg
    length             NUMERIC(18,4),  -- cm
    width              NUMERIC(18,4),  -- cm
    height             NUMERIC(18,4),  -- cm
    created_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CHECK (sku <> '')
);
CREATE INDEX articles_updated_at ON articles (updated_at);
CREATE INDEX articles_barcode ON articles (barcode);

CREATE TABLE article_texts (
    sku                VARCHAR(64) NOT NULL REFERENCES articles (sku) ON DELETE CASCADE,
    language           VARCHAR(5) NOT NULL,
    name               VARCHAR(255) NOT NULL,
    description        TEXT,
    short_description  TEXT,
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (sku, language)
);
CREATE INDEX article_texts_updated_at ON article_texts (updated_at);

-- Categories: a tree; an article may be in several.
CREATE TABLE categories (
    id                 VARCHAR(20) NOT NULL PRIMARY KEY,
    parent_id          VARCHAR(20) REFERENCES categories (id),
    active             BOOLEAN NOT NULL DEFAULT TRUE,
    position           INTEGER NOT NULL DEFAULT 0,
    CHECK (parent_id <> id)
);
CREATE INDEX categories_parent_id ON categories (parent_id);

CREATE TABLE category_texts (
    category_id        VARCHAR(20) NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    language           VARCHAR(5) NOT NULL,
    name               VARCHAR(255) NOT NULL,
    description        TEXT,
    PRIMARY KEY (category_id, language)
);

CREATE TABLE article_categories (
    sku                VARCHAR(64) NOT NULL REFERENCES articles (sku) ON DELETE CASCADE,
    category_id        VARCHAR(20) NOT NULL REFERENCES categories (id),
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (sku, category_id)
);
CREATE INDEX article_categories_updated_at ON article_categories (updated_at);
CREATE INDEX article_categories_category_id ON article_categories (category_id);

-- Prices: at most one row per article and list; a sale lies on the same row.
CREATE TABLE price_lists (
    code               VARCHAR(20) NOT NULL PRIMARY KEY,
    description        VARCHAR(200) NOT NULL DEFAULT '',
    currency           VARCHAR(3) NOT NULL DEFAULT 'EUR',
    tax_included       BOOLEAN NOT NULL
);

CREATE TABLE prices (
    sku                VARCHAR(64) NOT NULL REFERENCES articles (sku) ON DELETE CASCADE,
    list               VARCHAR(20) NOT NULL REFERENCES price_lists (code),
    amount             NUMERIC(18,4) NOT NULL CHECK (amount >= 0),
    sale_amount        NUMERIC(18,4) CHECK (sale_amount >= 0),
    sale_from          DATE,  -- first day, included
    sale_to            DATE,  -- last day, included
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (sku, list),
    CHECK (sale_to >= sale_from)
);
CREATE INDEX prices_list ON prices (list);
CREATE INDEX prices_updated_at ON prices (updated_at);

-- Stock on hand. A quantity may be negative: goods left before their receipt was booked.
CREATE TABLE warehouses (
    code               VARCHAR(20) NOT NULL PRIMARY KEY,
    name               VARCHAR(200) NOT NULL
);

CREATE TABLE stock (
    sku                VARCHAR(64) NOT NULL REFERENCES articles (sku),
    warehouse          VARCHAR(20) NOT NULL REFERENCES warehouses (code),
    quantity           NUMERIC(18,4) NOT NULL DEFAULT 0,
    PRIMARY KEY (sku, warehouse)
);
CREATE INDEX stock_warehouse ON stock (warehouse);

-- Customers.
-- Who gets a commission, in percent: of what customers order themselves, and of what they order on the web.
CREATE TABLE sales_agents (
    code               VARCHAR(20) NOT NULL PRIMARY KEY,
    name               VARCHAR(200) NOT NULL,
    rate               NUMERIC(7,4),
    web_rate           NUMERIC(7,4)
);

CREATE TABLE customers (
    number             VARCHAR(20) NOT NULL PRIMARY KEY,
    name               VARCHAR(200) NOT NULL,
    first_name         VARCHAR(100),  -- of a person, or of whom to speak to in a company
    last_name          VARCHAR(100),
    email              VARCHAR(255),
    phone              VARCHAR(64),
    vat_number         VARCHAR(20),
    tax_code           VARCHAR(20),
    sdi_code           VARCHAR(7),   -- where electronic invoices go
    pec                VARCHAR(255),  -- certified e-mail
    street             VARCHAR(200),
    postcode           VARCHAR(20),
    city               VARCHAR(200),
    province           VARCHAR(10),
    country            VARCHAR(2) NOT NULL DEFAULT 'IT',
    agent              VARCHAR(20) REFERENCES sales_agents (code),
    price_list         VARCHAR(20) REFERENCES price_lists (code),
    web                BOOLEAN NOT NULL DEFAULT FALSE,  -- has, or is to have, an account in the web shops
    active             BOOLEAN NOT NULL DEFAULT TRUE,
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX customers_email ON customers (lower(email));
CREATE INDEX customers_vat_number ON customers (vat_number);

-- Customer orders. draft: known, promises nothing yet. confirmed: its lines wait for delivery.
-- closed: nothing more will be delivered. web_reference is '<shop>/<order id>' for an order of a web shop.
CREATE TABLE orders (
    number             VARCHAR(20) NOT NULL PRIMARY KEY,
    customer           VARCHAR(20) NOT NULL REFERENCES customers (number),
    status             VARCHAR(10) NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'confirmed', 'closed', 'cancelled')),
    web_reference      VARCHAR(100) UNIQUE,
    web_number         VARCHAR(64),  -- as the shop shows it to the customer
    order_date         DATE NOT NULL,
    currency           VARCHAR(3) NOT NULL DEFAULT 'EUR',
    tax_included       BOOLEAN NOT NULL DEFAULT FALSE,
    shipping_amount    NUMERIC(18,4) NOT NULL DEFAULT 0,
    net_total          NUMERIC(18,2),
    total              NUMERIC(18,2),  -- with tax
    payment_method     VARCHAR(64),
    paid_amount        NUMERIC(18,2),
    payment_state      VARCHAR(20),  -- unpaid, partly_paid, paid, partly_refunded, refunded
    paid_at            TIMESTAMPTZ,
    transaction_id     VARCHAR(255),
    carrier            VARCHAR(200),
    pickup_point       VARCHAR(255),  -- where the customer fetches the goods: as the carrier knows it, and its name
    pickup_name        VARCHAR(255),
    delivery_name      VARCHAR(200),  -- NULL: to the customer's own address
    delivery_street    VARCHAR(200),
    delivery_postcode  VARCHAR(20),
    delivery_city      VARCHAR(200),
    delivery_province  VARCHAR(10),
    delivery_country   VARCHAR(2),
    agent              VARCHAR(20) REFERENCES sales_agents (code),
    agent_rate         NUMERIC(7,4),
    note               TEXT,
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX orders_customer ON orders (customer);
CREATE INDEX orders_status ON orders (status);

CREATE TABLE order_lines (
    order_number       VARCHAR(20) NOT NULL REFERENCES orders (number) ON DELETE CASCADE,
    line               INTEGER NOT NULL,
    sku                VARCHAR(64) REFERENCES articles (sku),  -- NULL: a line of text or a charge
    warehouse          VARCHAR(20) REFERENCES warehouses (code),
    description        VARCHAR(255) NOT NULL DEFAULT '',
    options            TEXT,  -- what was chosen or written on it; the description ends with it, as far as there is room
    quantity           NUMERIC(18,4) NOT NULL,
    delivered_quantity NUMERIC(18,4) NOT NULL DEFAULT 0,
    unit_price         NUMERIC(18,4) NOT NULL DEFAULT 0,
    discount_percent   NUMERIC(7,4) NOT NULL DEFAULT 0,
    amount             NUMERIC(18,2),  -- of the whole line, to the cent; with tax if the order says tax_included
    tax_class          VARCHAR(20) REFERENCES tax_classes (code),
    PRIMARY KEY (order_number, line)
);
CREATE INDEX order_lines_sku ON order_lines (sku);

-- The tax split of an order: net and tax add up to its total.
CREATE TABLE order_taxes (
    order_number       VARCHAR(20) NOT NULL REFERENCES orders (number) ON DELETE CASCADE,
    tax_class          VARCHAR(20) NOT NULL REFERENCES tax_classes (code),
    net                NUMERIC(18,2) NOT NULL,
    tax                NUMERIC(18,2) NOT NULL,
    PRIMARY KEY (order_number, tax_class)
);

-- What is credited to customers. draft: written by ponte from what a shop paid back, for a person to look at and to issue.
-- web_reference is '<shop>/<refund id>'. Amounts are positive, with tax.
CREATE TABLE credit_notes (
    number             VARCHAR(20) NOT NULL PRIMARY KEY,
    order_number       VARCHAR(20) NOT NULL REFERENCES orders (number),
    customer           VARCHAR(20) NOT NULL REFERENCES customers (number),
    status             VARCHAR(10) NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'issued', 'cancelled')),
    web_reference      VARCHAR(100) UNIQUE,
    note_date          DATE NOT NULL,
    currency           VARCHAR(3) NOT NULL DEFAULT 'EUR',
    net_total          NUMERIC(18,2) NOT NULL,
    total              NUMERIC(18,2) NOT NULL,
    payment_method     VARCHAR(64),
    reason             VARCHAR(255)
);
CREATE INDEX credit_notes_order ON credit_notes (order_number);

CREATE TABLE credit_note_lines (
    note_number        VARCHAR(20) NOT NULL REFERENCES credit_notes (number) ON DELETE CASCADE,
    line               INTEGER NOT NULL,
    sku                VARCHAR(64) REFERENCES articles (sku),  -- NULL: a charge, or a part of a price
    description        VARCHAR(255) NOT NULL DEFAULT '',
    quantity           NUMERIC(18,4) NOT NULL,
    unit_price         NUMERIC(18,4) NOT NULL DEFAULT 0,
    amount             NUMERIC(18,2) NOT NULL,
    tax_class          VARCHAR(20) REFERENCES tax_classes (code),
    PRIMARY KEY (note_number, line)
);

-- The tax split of a credit note: net and tax add up to its total.
CREATE TABLE credit_note_taxes (
    note_number        VARCHAR(20) NOT NULL REFERENCES credit_notes (number) ON DELETE CASCADE,
    tax_class          VARCHAR(20) NOT NULL REFERENCES tax_classes (code),
    net                NUMERIC(18,2) NOT NULL,
    tax                NUMERIC(18,2) NOT NULL,
    PRIMARY KEY (note_number, tax_class)
);

-- Numbers of documents that come from the web: prefix and value, raised one by one.
CREATE TABLE counters (
    name               VARCHAR(20) NOT NULL PRIMARY KEY,
    prefix             VARCHAR(10) NOT NULL,
    value              BIGINT NOT NULL
);
INSERT INTO counters (name, prefix, value) VALUES ('web_order', 'W', 100000), ('web_customer', 'WC', 100000), ('web_credit', 'WN', 100000);

-- Documents that followed from orders: deliveries and invoices.
CREATE TABLE documents (
    number             VARCHAR(20) NOT NULL PRIMARY KEY,
    kind               VARCHAR(10) NOT NULL CHECK (kind IN ('delivery', 'invoice')),
    customer           VARCHAR(20) NOT NULL REFERENCES customers (number),
    document_date      DATE NOT NULL,
    carrier            VARCHAR(64),
    tracking_number    VARCHAR(100),
    delivered_on       DATE,                           -- when it reached the customer
    updated_at         TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX documents_customer ON documents (customer);

CREATE TABLE document_lines (
    document_number    VARCHAR(20) NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    line               INTEGER NOT NULL,
    order_number       VARCHAR(20),
    order_line         INTEGER,
    sku                VARCHAR(64) REFERENCES articles (sku),
    warehouse          VARCHAR(20) REFERENCES warehouses (code),
    quantity           NUMERIC(18,4) NOT NULL,
    unit_price         NUMERIC(18,4) NOT NULL DEFAULT 0,
    tax_class          VARCHAR(20) REFERENCES tax_classes (code),
    PRIMARY KEY (document_number, line),
    FOREIGN KEY (order_number, order_line) REFERENCES order_lines (order_number, line)
);
CREATE INDEX document_lines_order ON document_lines (order_number, order_line);
