-- A shop with languages and stores, made up for tests: MySQL and MariaDB.
CREATE TABLE language (
    id      INT NOT NULL PRIMARY KEY,
    code    VARCHAR(8) NOT NULL UNIQUE,
    enabled TINYINT NOT NULL DEFAULT 1
) ENGINE = InnoDB;
INSERT INTO language (id, code) VALUES (1, 'en'), (2, 'it'), (3, 'de');

CREATE TABLE store (
    id       INT NOT NULL PRIMARY KEY,
    language VARCHAR(8) NOT NULL
) ENGINE = InnoDB;
INSERT INTO store (id, language) VALUES (10, 'en'), (20, 'it');

CREATE TABLE product (
    id      INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    sku     VARCHAR(64) NOT NULL,
    visible TINYINT NOT NULL DEFAULT 0,
    price   DECIMAL(15,4) NOT NULL DEFAULT 0,
    pieces  INT NOT NULL DEFAULT 0
) ENGINE = InnoDB;

CREATE TABLE product_text (
    product_id  INT NOT NULL,
    language_id INT NOT NULL,
    name        VARCHAR(255) NOT NULL,
    description TEXT,
    PRIMARY KEY (product_id, language_id)
) ENGINE = InnoDB;

CREATE TABLE product_store (
    product_id INT NOT NULL,
    store_id   INT NOT NULL,
    PRIMARY KEY (product_id, store_id)
) ENGINE = InnoDB;

CREATE TABLE orders (
    id     INT NOT NULL PRIMARY KEY,
    state  VARCHAR(20) NOT NULL,
    placed DATETIME NOT NULL
) ENGINE = InnoDB;

CREATE TABLE order_lines (
    order_id INT NOT NULL,
    sku      VARCHAR(64) NOT NULL,
    pieces   INT NOT NULL,
    PRIMARY KEY (order_id, sku)
) ENGINE = InnoDB;
