-- The tables of Dynamics NAV 2017 that the pack `dynamics-nav` reads, with the columns it reads and those a test needs to fill them, for a company
-- whose tables begin with `CRONUS Italia S_p_A_`: SQL Server 2012 and later. NAV's own tables have many more, each with a `timestamp`; nothing
-- in them is NULL (an empty text, 0, the day 1753-01-01). What is written to lies in tables of ponte's own, which `ponte setup` creates.

CREATE TABLE [CRONUS Italia S_p_A_$General Ledger Setup] (
    [Primary Key]               NVARCHAR(10) NOT NULL PRIMARY KEY,
    [LCY Code]                  NVARCHAR(10) NOT NULL
);

CREATE TABLE [CRONUS Italia S_p_A_$Company Information] (
    [Primary Key]               NVARCHAR(10) NOT NULL PRIMARY KEY,
    [Country_Region Code]       NVARCHAR(10) NOT NULL DEFAULT ''
);

-- Which rate a customer's group and an item's group make.
CREATE TABLE [CRONUS Italia S_p_A_$VAT Posting Setup] (
    [VAT Bus_ Posting Group]    NVARCHAR(20) NOT NULL,
    [VAT Prod_ Posting Group]   NVARCHAR(20) NOT NULL,
    [VAT _]                     DECIMAL(38,20) NOT NULL DEFAULT 0,
    PRIMARY KEY ([VAT Bus_ Posting Group], [VAT Prod_ Posting Group])
);

CREATE TABLE [CRONUS Italia S_p_A_$Item Category] (
    [Code]                      NVARCHAR(20) NOT NULL PRIMARY KEY,
    [Parent Category]           NVARCHAR(20) NOT NULL DEFAULT '',
    [Description]               NVARCHAR(50) NOT NULL DEFAULT ''
);

-- Type 0: kept on stock, 1: a service.
CREATE TABLE [CRONUS Italia S_p_A_$Item] (
    [No_]                       NVARCHAR(20) NOT NULL PRIMARY KEY,
    [Description]               NVARCHAR(50) NOT NULL DEFAULT '',
    [Type]                      INT NOT NULL DEFAULT 0,
    [Base Unit of Measure]      NVARCHAR(10) NOT NULL DEFAULT 'PZ',
    [Unit Price]                DECIMAL(38,20) NOT NULL DEFAULT 0,
    [Price Includes VAT]        TINYINT NOT NULL DEFAULT 0,
    [VAT Prod_ Posting Group]   NVARCHAR(20) NOT NULL DEFAULT '',
    [Item Category Code]        NVARCHAR(20) NOT NULL DEFAULT '',
    [Blocked]                   TINYINT NOT NULL DEFAULT 0,
    [Sales Blocked]             TINYINT NOT NULL DEFAULT 0,
    [GTIN]                      NVARCHAR(14) NOT NULL DEFAULT '',
    [Gross Weight]              DECIMAL(38,20) NOT NULL DEFAULT 0,
    [Net Weight]                DECIMAL(38,20) NOT NULL DEFAULT 0
);

CREATE TABLE [CRONUS Italia S_p_A_$Item Translation] (
    [Item No_]                  NVARCHAR(20) NOT NULL,
    [Variant Code]              NVARCHAR(10) NOT NULL DEFAULT '',
    [Language Code]             NVARCHAR(10) NOT NULL,
    [Description]               NVARCHAR(50) NOT NULL DEFAULT '',
    PRIMARY KEY ([Item No_], [Variant Code], [Language Code])
);

-- Codes of other parties; Cross-Reference Type 3: a bar code.
CREATE TABLE [CRONUS Italia S_p_A_$Item Cross Reference] (
    [Item No_]                  NVARCHAR(20) NOT NULL,
    [Variant Code]              NVARCHAR(10) NOT NULL DEFAULT '',
    [Cross-Reference Type]      INT NOT NULL,
    [Cross-Reference No_]       NVARCHAR(20) NOT NULL,
    PRIMARY KEY ([Item No_], [Variant Code], [Cross-Reference Type], [Cross-Reference No_])
);

-- Sales Type 0: of a customer, 1: of a price group, 2: of all, 3: of a campaign.
CREATE TABLE [CRONUS Italia S_p_A_$Sales Price] (
    [Item No_]                  NVARCHAR(20) NOT NULL,
    [Sales Type]                INT NOT NULL,
    [Sales Code]                NVARCHAR(20) NOT NULL DEFAULT '',
    [Starting Date]             DATETIME NOT NULL DEFAULT '1753-01-01',
    [Ending Date]               DATETIME NOT NULL DEFAULT '1753-01-01',
    [Currency Code]             NVARCHAR(10) NOT NULL DEFAULT '',
    [Variant Code]              NVARCHAR(10) NOT NULL DEFAULT '',
    [Unit of Measure Code]      NVARCHAR(10) NOT NULL DEFAULT '',
    [Minimum Quantity]          DECIMAL(38,20) NOT NULL DEFAULT 0,
    [Unit Price]                DECIMAL(38,20) NOT NULL DEFAULT 0,
    [Price Includes VAT]        TINYINT NOT NULL DEFAULT 0,
    PRIMARY KEY ([Item No_], [Sales Type], [Sales Code], [Starting Date], [Currency Code], [Variant Code], [Unit of Measure Code], [Minimum Quantity])
);

-- What came and went; its sum is what is there.
CREATE TABLE [CRONUS Italia S_p_A_$Item Ledger Entry] (
    [Entry No_]                 INT NOT NULL PRIMARY KEY,
    [Item No_]                  NVARCHAR(20) NOT NULL,
    [Location Code]             NVARCHAR(10) NOT NULL DEFAULT '',
    [Quantity]                  DECIMAL(38,20) NOT NULL DEFAULT 0
);
CREATE INDEX [$1] ON [CRONUS Italia S_p_A_$Item Ledger Entry] ([Item No_]);

CREATE TABLE [CRONUS Italia S_p_A_$Customer] (
    [No_]                       NVARCHAR(20) NOT NULL PRIMARY KEY,
    [Name]                      NVARCHAR(50) NOT NULL DEFAULT '',
    [Address]                   NVARCHAR(50) NOT NULL DEFAULT '',
    [Address 2]                 NVARCHAR(50) NOT NULL DEFAULT '',
    [City]                      NVARCHAR(30) NOT NULL DEFAULT '',
    [Post Code]                 NVARCHAR(20) NOT NULL DEFAULT '',
    [County]                    NVARCHAR(30) NOT NULL DEFAULT '',
    [Country_Region Code]       NVARCHAR(10) NOT NULL DEFAULT '',
    [Phone No_]                 NVARCHAR(30) NOT NULL DEFAULT '',
    [E-Mail]                    NVARCHAR(80) NOT NULL DEFAULT '',
    [VAT Registration No_]      NVARCHAR(20) NOT NULL DEFAULT '',
    [Fiscal Code]               NVARCHAR(20) NOT NULL DEFAULT '',
    [PA Code]                   NVARCHAR(7) NOT NULL DEFAULT '',
    [PEC E-Mail Address]        NVARCHAR(80) NOT NULL DEFAULT '',
    [Blocked]                   INT NOT NULL DEFAULT 0
);

-- Sales documents that are not yet posted whole; Document Type 1: an order. Lines of Type 2 are items.
CREATE TABLE [CRONUS Italia S_p_A_$Sales Header] (
    [Document Type]             INT NOT NULL,
    [No_]                       NVARCHAR(20) NOT NULL,
    [Sell-to Customer No_]      NVARCHAR(20) NOT NULL DEFAULT '',
    PRIMARY KEY ([Document Type], [No_])
);

CREATE TABLE [CRONUS Italia S_p_A_$Sales Line] (
    [Document Type]             INT NOT NULL,
    [Document No_]              NVARCHAR(20) NOT NULL,
    [Line No_]                  INT NOT NULL,
    [Type]                      INT NOT NULL DEFAULT 2,
    [No_]                       NVARCHAR(20) NOT NULL DEFAULT '',
    [Location Code]             NVARCHAR(10) NOT NULL DEFAULT '',
    [Quantity (Base)]           DECIMAL(38,20) NOT NULL DEFAULT 0,
    [Outstanding Quantity]      DECIMAL(38,20) NOT NULL DEFAULT 0,
    [Outstanding Qty_ (Base)]   DECIMAL(38,20) NOT NULL DEFAULT 0,
    PRIMARY KEY ([Document Type], [Document No_], [Line No_])
);

-- What was posted.
CREATE TABLE [CRONUS Italia S_p_A_$Shipping Agent] (
    [Code]                      NVARCHAR(10) NOT NULL PRIMARY KEY,
    [Name]                      NVARCHAR(50) NOT NULL DEFAULT ''
);

CREATE TABLE [CRONUS Italia S_p_A_$Sales Shipment Header] (
    [No_]                       NVARCHAR(20) NOT NULL PRIMARY KEY,
    [Order No_]                 NVARCHAR(20) NOT NULL DEFAULT '',
    [Posting Date]              DATETIME NOT NULL DEFAULT '1753-01-01',
    [Shipping Agent Code]       NVARCHAR(10) NOT NULL DEFAULT '',
    [Package Tracking No_]      NVARCHAR(30) NOT NULL DEFAULT ''
);
CREATE INDEX [$1] ON [CRONUS Italia S_p_A_$Sales Shipment Header] ([Order No_]);

CREATE TABLE [CRONUS Italia S_p_A_$Sales Invoice Header] (
    [No_]                       NVARCHAR(20) NOT NULL PRIMARY KEY,
    [Order No_]                 NVARCHAR(20) NOT NULL DEFAULT ''
);
CREATE INDEX [$1] ON [CRONUS Italia S_p_A_$Sales Invoice Header] ([Order No_]);

CREATE TABLE [CRONUS Italia S_p_A_$Sales Invoice Line] (
    [Document No_]              NVARCHAR(20) NOT NULL,
    [Line No_]                  INT NOT NULL,
    [Shipment No_]              NVARCHAR(20) NOT NULL DEFAULT '',
    PRIMARY KEY ([Document No_], [Line No_])
);
