-- The tables of a small company's ERP, as the pack `reference` reads them: SQL Server 2012 and later.
-- Amounts and quantities are exact decimals; times tell their zone. Texts compare by the database's collation.

-- Tax classes and articles: one row per sellable sku.
CREATE TABLE tax_classes (
    code               NVARCHAR(20) NOT NULL PRIMARY KEY,
    description        NVARCHAR(200) NOT NULL,
    rate               DECIMAL(7,4) NOT NULL CHECK (rate >= 0)
);

CREATE TABLE articles (
    sku                NVARCHAR(64) NOT NULL PRIMARY KEY,
    active             BIT NOT NULL DEFAULT 1,
    barcode            NVARCHAR(64),
    tax_class          NVARCHAR(20) NOT NULL REFERENCES tax_classes (code),
    unit               NVARCHAR(10) NOT NULL DEFAULT 'pcs',
    weight             DECIMAL(18,4),  -- kg
    length             DECIMAL(18,4),  -- cm
    width              DECIMAL(18,4),  -- cm
    height             DECIMAL(18,4),  -- cm
    created_at         DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET(),
    updated_at         DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET(),
    CHECK (sku <> '')
);
CREATE INDEX articles_updated_at ON articles (updated_at);
CREATE INDEX articles_barcode ON articles (barcode);

CREATE TABLE article_texts (
    sku                NVARCHAR(64) NOT NULL REFERENCES articles (sku) ON DELETE CASCADE,
    language           NVARCHAR(5) NOT NULL,
    name               NVARCHAR(255) NOT NULL,
    description        NVARCHAR(MAX),
    short_description  NVARCHAR(MAX),
    updated_at         DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET(),
    PRIMARY KEY (sku, language)
);
CREATE INDEX article_texts_updated_at ON article_texts (updated_at);

-- Categories: a tree; an article may be in several.
CREATE TABLE categories (
    id                 NVARCHAR(20) NOT NULL PRIMARY KEY,
    parent_id          NVARCHAR(20) REFERENCES categories (id),
    active             BIT NOT NULL DEFAULT 1,
    position           INT NOT NULL DEFAULT 0,
    CHECK (parent_id <> id)
);
CREATE INDEX categories_parent_id ON categories (parent_id);

CREATE TABLE category_texts (
    category_id        NVARCHAR(20) NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
    language           NVARCHAR(5) NOT NULL,
    name               NVARCHAR(255) NOT NULL,
    description        NVARCHAR(MAX),
    PRIMARY KEY (category_id, language)
);

CREATE TABLE article_categories (
    sku                NVARCHAR(64) NOT NULL REFERENCES articles (sku) ON DELETE CASCADE,
    category_id        NVARCHAR(20) NOT NULL REFERENCES categories (id),
    updated_at         DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET(),
    PRIMARY KEY (sku, category_id)
);
CREATE INDEX article_categories_updated_at ON article_categories (updated_at);
CREATE INDEX article_categories_category_id ON article_categories (category_id);

-- Prices: at most one row per article and list; a sale lies on the same row.
CREATE TABLE price_lists (
    code               NVARCHAR(20) NOT NULL PRIMARY KEY,
    description        NVARCHAR(200) NOT NULL DEFAULT '',
    currency           NVARCHAR(3) NOT NULL DEFAULT 'EUR',
    tax_included       BIT NOT NULL
);

CREATE TABLE prices (
    sku                NVARCHAR(64) NOT NULL REFERENCES articles (sku) ON DELETE CASCADE,
    list               NVARCHAR(20) NOT NULL REFERENCES price_lists (code),
    amount             DECIMAL(18,4) NOT NULL CHECK (amount >= 0),
    sale_amount        DECIMAL(18,4) CHECK (sale_amount >= 0),
    sale_from          DATE,  -- first day, included
    sale_to            DATE,  -- last day, included
    updated_at         DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET(),
    PRIMARY KEY (sku, list),
    CHECK (sale_to >= sale_from)
);
CREATE INDEX prices_list ON prices (list);
CREATE INDEX prices_updated_at ON prices (updated_at);

-- Stock on hand. A quantity may be negative: goods left before their receipt was booked.
CREATE TABLE warehouses (
    code               NVARCHAR(20) NOT NULL PRIMARY KEY,
    name               NVARCHAR(200) NOT NULL
);

CREATE TABLE stock (
    sku                NVARCHAR(64) NOT NULL REFERENCES articles (sku),
    warehouse          NVARCHAR(20) NOT NULL REFERENCES warehouses (code),
    quantity           DECIMAL(18,4) NOT NULL DEFAULT 0,
    PRIMARY KEY (sku, warehouse)
);
CREATE INDEX stock_warehouse ON stock (warehouse);

-- Customers.
-- Who gets a commission, in percent: of what customers order themselves, and of what they order on the web.
CREATE TABLE sales_agents (
    code               NVARCHAR(20) NOT NULL PRIMARY KEY,
    name               NVARCHAR(200) NOT NULL,
    rate               DECIMAL(7,4),
    web_rate           DECIMAL(7,4)
);

CREATE TABLE customers (
    number             NVARCHAR(20) NOT NULL PRIMARY KEY,
    name               NVARCHAR(200) NOT NULL,
    first_name         NVARCHAR(100),  -- of a person, or of whom to speak to in a company
    last_name          NVARCHAR(100),
    email              NVARCHAR(255) COLLATE Latin1_General_100_CI_AS,  -- asked for without case
    phone              NVARCHAR(64),
    vat_number         NVARCHAR(20),
    tax_code           NVARCHAR(20),
    sdi_code           NVARCHAR(7),   -- where electronic invoices go
    pec                NVARCHAR(255),  -- certified e-mail
    street             NVARCHAR(200),
    postcode           NVARCHAR(20),
    city               NVARCHAR(200),
    province           NVARCHAR(10),
    country            NVARCHAR(2) NOT NULL DEFAULT 'IT',
    agent              NVARCHAR(20) REFERENCES sales_agents (code),
    price_list         NVARCHAR(20) REFERENCES price_lists (code),
    web                BIT NOT NULL DEFAULT 0,  -- has, or is to have, an account in the web shops
    active             BIT NOT NULL DEFAULT 1,
    updated_at         DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET()
);
CREATE INDEX customers_email ON customers (email);
CREATE INDEX customers_vat_number ON customers (vat_number);

-- Customer orders. draft: known, promises nothing yet. confirmed: its lines wait for delivery.
-- closed: nothing more will be delivered. web_reference is '<shop>/<order id>' for an order of a web shop.
CREATE TABLE orders (
    number             NVARCHAR(20) NOT NULL PRIMARY KEY,
    customer           NVARCHAR(20) NOT NULL REFERENCES customers (number),
    status             NVARCHAR(10) NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'confirmed', 'closed', 'cancelled')),
    web_reference      NVARCHAR(100),  -- unique where there is one: see below
    web_number         NVARCHAR(64),  -- as the shop shows it to the customer
    order_date         DATE NOT NULL,
    currency           NVARCHAR(3) NOT NULL DEFAULT 'EUR',
    tax_included       BIT NOT NULL DEFAULT 0,
    shipping_amount    DECIMAL(18,4) NOT NULL DEFAULT 0,
    net_total          DECIMAL(18,2),
    total              DECIMAL(18,2),  -- with tax
    payment_method     NVARCHAR(64),
    paid_amount        DECIMAL(18,2),
    payment_state      NVARCHAR(20),  -- unpaid, partly_paid, paid, partly_refunded, refunded
    paid_at            DATETIMEOFFSET(3),
    transaction_id     NVARCHAR(255),
    carrier            NVARCHAR(200),
    pickup_point       NVARCHAR(255),  -- where the customer fetches the goods: as the carrier knows it, and its name
    pickup_name        NVARCHAR(255),
    delivery_name      NVARCHAR(200),  -- NULL: to the customer's own address
    delivery_street    NVARCHAR(200),
    delivery_postcode  NVARCHAR(20),
    delivery_city      NVARCHAR(200),
    delivery_province  NVARCHAR(10),
    delivery_country   NVARCHAR(2),
    agent              NVARCHAR(20) REFERENCES sales_agents (code),
    agent_rate         DECIMAL(7,4),
    note               NVARCHAR(MAX),
    updated_at         DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET()
);
CREATE UNIQUE INDEX orders_web_reference ON orders (web_reference) WHERE web_reference IS NOT NULL;
CREATE INDEX orders_customer ON orders (customer);
CREATE INDEX orders_status ON orders (status);

CREATE TABLE order_lines (
    order_number       NVARCHAR(20) NOT NULL REFERENCES orders (number) ON DELETE CASCADE,
    line               INT NOT NULL,
    sku                NVARCHAR(64) REFERENCES articles (sku),  -- NULL: a line of text or a charge
    warehouse          NVARCHAR(20) REFERENCES warehouses (code),
    description        NVARCHAR(255) NOT NULL DEFAULT '',
    options            NVARCHAR(MAX),  -- what was chosen or written on it; the description ends with it, as far as there is room
    quantity           DECIMAL(18,4) NOT NULL,
    delivered_quantity DECIMAL(18,4) NOT NULL DEFAULT 0,
    unit_price         DECIMAL(18,4) NOT NULL DEFAULT 0,
    discount_percent   DECIMAL(7,4) NOT NULL DEFAULT 0,
    amount             DECIMAL(18,2),  -- of the whole line, to the cent; with tax if the order says tax_included
    tax_class          NVARCHAR(20) REFERENCES tax_classes (code),
    PRIMARY KEY (order_number, line)
);
CREATE INDEX order_lines_sku ON order_lines (sku);

-- The tax split of an order: net and tax add up to its total.
CREATE TABLE order_taxes (
    order_number       NVARCHAR(20) NOT NULL REFERENCES orders (number) ON DELETE CASCADE,
    tax_class          NVARCHAR(20) NOT NULL REFERENCES tax_classes (code),
    net                DECIMAL(18,2) NOT NULL,
    tax                DECIMAL(18,2) NOT NULL,
    PRIMARY KEY (order_number, tax_class)
);

-- What is credited to customers. draft: written by ponte from what a shop paid back, for a person to look at and to issue.
-- web_reference is '<shop>/<refund id>'. Amounts are positive, with tax.
CREATE TABLE credit_notes (
    number             NVARCHAR(20) NOT NULL PRIMARY KEY,
    order_number       NVARCHAR(20) NOT NULL REFERENCES orders (number),
    customer           NVARCHAR(20) NOT NULL REFERENCES customers (number),
    status             NVARCHAR(10) NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'issued', 'cancelled')),
    web_reference      NVARCHAR(100),
    note_date          DATE NOT NULL,
    currency           NVARCHAR(3) NOT NULL DEFAULT 'EUR',
    net_total          DECIMAL(18,2) NOT NULL,
    total              DECIMAL(18,2) NOT NULL,
    payment_method     NVARCHAR(64),
    reason             NVARCHAR(255)
);
CREATE INDEX credit_notes_order ON credit_notes (order_number);
CREATE UNIQUE INDEX credit_notes_web_reference ON credit_notes (web_reference) WHERE web_reference IS NOT NULL;

CREATE TABLE credit_note_lines (
    note_number        NVARCHAR(20) NOT NULL REFERENCES credit_notes (number) ON DELETE CASCADE,
    line               INTEGER NOT NULL,
    sku                NVARCHAR(64) REFERENCES articles (sku),  -- NULL: a charge, or a part of a price
    description        NVARCHAR(255) NOT NULL DEFAULT '',
    quantity           DECIMAL(18,4) NOT NULL,
    unit_price         DECIMAL(18,4) NOT NULL DEFAULT 0,
    amount             DECIMAL(18,2) NOT NULL,
    tax_class          NVARCHAR(20) REFERENCES tax_classes (code),
    PRIMARY KEY (note_number, line)
);

-- The tax split of a credit note: net and tax add up to its total.
CREATE TABLE credit_note_taxes (
    note_number        NVARCHAR(20) NOT NULL REFERENCES credit_notes (number) ON DELETE CASCADE,
    tax_class          NVARCHAR(20) NOT NULL REFERENCES tax_classes (code),
    net                DECIMAL(18,2) NOT NULL,
    tax                DECIMAL(18,2) NOT NULL,
    PRIMARY KEY (note_number, tax_class)
);

-- Numbers of documents that come from the web: prefix and value, raised one by one.
CREATE TABLE counters (
    name               NVARCHAR(20) NOT NULL PRIMARY KEY,
    prefix             NVARCHAR(10) NOT NULL,
    value              BIGINT NOT NULL
);
INSERT INTO counters (name, prefix, value) VALUES ('web_order', 'W', 100000), ('web_customer', 'WC', 100000), ('web_credit', 'WN', 100000);

-- Documents that followed from orders: deliveries and invoices.
CREATE TABLE documents (
    number             NVARCHAR(20) NOT NULL PRIMARY KEY,
    kind               NVARCHAR(10) NOT NULL CHECK (kind IN ('delivery', 'invoice')),
    customer           NVARCHAR(20) NOT NULL REFERENCES customers (number),
    document_date      DATE NOT NULL,
    carrier            NVARCHAR(64),
    tracking_number    NVARCHAR(100),
    delivered_on       DATE,                           -- when it reached the customer
    updated_at         DATETIMEOFFSET(3) NOT NULL DEFAULT SYSDATETIMEOFFSET()
);
CREATE INDEX documents_customer ON documents (customer);

CREATE TABLE document_lines (
    document_number    NVARCHAR(20) NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    line               INT NOT NULL,
    order_number       NVARCHAR(20),
    order_line         INT,
    sku                NVARCHAR(64) REFERENCES articles (sku),
    warehouse          NVARCHAR(20) REFERENCES warehouses (code),
    quantity           DECIMAL(18,4) NOT NULL,
    unit_price         DECIMAL(18,4) NOT NULL DEFAULT 0,
    tax_class          NVARCHAR(20) REFERENCES tax_classes (code),
    PRIMARY KEY (document_number, line),
    FOREIGN KEY (order_number, order_line) REFERENCES order_lines (order_number, line)
);
CREATE INDEX document_lines_order ON document_lines (order_number, order_line);
