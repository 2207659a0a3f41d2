-- The tables of SAP Business One that the pack `sap-business-one` reads, with the columns it reads and those a test needs to fill them: SQL
-- Server 2012 and later. SAP's own tables have many more. Nothing here is ever written to by ponte; what is lies in tables of its own, which
-- `ponte setup` creates.

-- The company: its version as a number (1000190 is 10.0), its currency.
CREATE TABLE CINF (
    Version            INT NOT NULL
);

CREATE TABLE OADM (
    Code               INT NOT NULL PRIMARY KEY DEFAULT 1,
    CompnyName         NVARCHAR(100),
    MainCurncy         NVARCHAR(3)
);

-- Units: how many milligrams and millimetres they are.
CREATE TABLE OWGT (
    UnitCode           SMALLINT NOT NULL PRIMARY KEY,
    UnitDisply         NVARCHAR(2) NOT NULL,
    WightInMG          NUMERIC(19,6)
);

CREATE TABLE OLGT (
    UnitCode           SMALLINT NOT NULL PRIMARY KEY,
    UnitDisply         NVARCHAR(2) NOT NULL,
    SizeInMM           NUMERIC(19,6)
);

-- VAT groups: of sales (Category O) or purchases (I).
CREATE TABLE OVTG (
    Code               NVARCHAR(8) NOT NULL PRIMARY KEY,
    Name               NVARCHAR(100),
    Category           CHAR(1) NOT NULL,
    Inactive           CHAR(1) NOT NULL DEFAULT 'N',
    Rate               NUMERIC(19,6)
);

-- Item groups and items. Flags are Y or N.
CREATE TABLE OITB (
    ItmsGrpCod         SMALLINT NOT NULL PRIMARY KEY,
    ItmsGrpNam         NVARCHAR(100) NOT NULL,
    Locked             CHAR(1) DEFAULT 'N'
);

CREATE TABLE OITM (
    ItemCode           NVARCHAR(50) NOT NULL PRIMARY KEY,
    ItemName           NVARCHAR(200),
    FrgnName           NVARCHAR(200),
    ItmsGrpCod         SMALLINT,
    VatGourpSa         NVARCHAR(8),
    CodeBars           NVARCHAR(254),
    SellItem           CHAR(1) DEFAULT 'Y',
    InvntItem          CHAR(1) DEFAULT 'Y',
    TreeType           CHAR(1) DEFAULT 'N',      -- S: a set, sold as one and delivered as its parts
    validFor           CHAR(1) DEFAULT 'N',
    validFrom          DATETIME,
    validTo            DATETIME,
    frozenFor          CHAR(1) DEFAULT 'N',
    frozenFrom         DATETIME,
    frozenTo           DATETIME,
    SWeight1           NUMERIC(19,6),
    SWght1Unit         SMALLINT,
    SLength1           NUMERIC(19,6),
    SLen1Unit          SMALLINT,
    SWidth1            NUMERIC(19,6),
    SWdth1Unit         SMALLINT,
    SHeight1           NUMERIC(19,6),
    SHght1Unit         SMALLINT,
    NumInSale          NUMERIC(19,6) DEFAULT 1,  -- pieces of the inventory's unit in one that is sold
    UgpEntry           INT DEFAULT -1,           -- group of units; -1: none
    SUoMEntry          INT,
    UserText           NVARCHAR(MAX),
    UpdateDate         DATETIME
);

-- Price lists; a price per item and list.
CREATE TABLE OPLN (
    ListNum            SMALLINT NOT NULL PRIMARY KEY,
    ListName           NVARCHAR(32) NOT NULL,
    IsGrossPrc         CHAR(1) DEFAULT 'N',
    PrimCurr           NVARCHAR(3)
);

CREATE TABLE ITM1 (
    ItemCode           NVARCHAR(50) NOT NULL,
    PriceList          SMALLINT NOT NULL,
    Price              NUMERIC(19,6),
    Currency           NVARCHAR(3),
    UomEntry           INT,
    PRIMARY KEY (ItemCode, PriceList)
);

-- Special prices: CardCode is a business partner's, or `*` and the number of a price list for whoever buys by it. By periods, and in these by
-- quantities.
CREATE TABLE OSPP (
    ItemCode           NVARCHAR(50) NOT NULL,
    CardCode           NVARCHAR(15) NOT NULL,
    Price              NUMERIC(19,6),
    PRIMARY KEY (ItemCode, CardCode)
);

CREATE TABLE SPP1 (
    ItemCode           NVARCHAR(50) NOT NULL,
    CardCode           NVARCHAR(15) NOT NULL,
    LINENUM            SMALLINT NOT NULL,
    Price              NUMERIC(19,6),            -- after the discount
    Currency           NVARCHAR(3),
    FromDate           DATETIME,
    ToDate             DATETIME,                 -- the last day; NULL: without an end
    PRIMARY KEY (ItemCode, CardCode, LINENUM)
);

CREATE TABLE SPP2 (
    ItemCode           NVARCHAR(50) NOT NULL,
    CardCode           NVARCHAR(15) NOT NULL,
    SPP1LNum           SMALLINT NOT NULL,
    SPP2LNum           SMALLINT NOT NULL,
    Amount             NUMERIC(19,6),            -- from so many on
    Price              NUMERIC(19,6),
    PRIMARY KEY (ItemCode, CardCode, SPP1LNum, SPP2LNum)
);

-- Stock per warehouse.
CREATE TABLE OWHS (
    WhsCode            NVARCHAR(8) NOT NULL PRIMARY KEY,
    WhsName            NVARCHAR(100)
);

CREATE TABLE OITW (
    ItemCode           NVARCHAR(50) NOT NULL,
    WhsCode            NVARCHAR(8) NOT NULL,
    OnHand             NUMERIC(19,6) DEFAULT 0,
    IsCommited         NUMERIC(19,6) DEFAULT 0,
    OnOrder            NUMERIC(19,6) DEFAULT 0,
    PRIMARY KEY (ItemCode, WhsCode)
);

-- Business partners (CardType C: customers), their addresses (AdresType B: bills, S: goods) and contact persons.
CREATE TABLE OCRD (
    CardCode           NVARCHAR(15) NOT NULL PRIMARY KEY,
    CardName           NVARCHAR(100),
    CardType           CHAR(1) DEFAULT 'C',
    CmpPrivate         CHAR(1) DEFAULT 'C',      -- I: a private person
    LicTradNum         NVARCHAR(32),             -- VAT number
    AddID              NVARCHAR(64),             -- in Italy the fiscal code
    IPACodePA          NVARCHAR(32),             -- where e-invoices go
    PECAddr            NVARCHAR(254),
    E_Mail             NVARCHAR(100),
    Phone1             NVARCHAR(20),
    Cellular           NVARCHAR(50),
    CntctPrsn          NVARCHAR(90),
    BillToDef          NVARCHAR(50),
    frozenFor          CHAR(1) DEFAULT 'N'
);

CREATE TABLE CRD1 (
    CardCode           NVARCHAR(15) NOT NULL,
    Address            NVARCHAR(50) NOT NULL,
    AdresType          CHAR(1) NOT NULL DEFAULT 'B',
    Street             NVARCHAR(100),
    StreetNo           NVARCHAR(100),
    ZipCode            NVARCHAR(20),
    City               NVARCHAR(100),
    State              NVARCHAR(3),
    Country            NVARCHAR(3),
    PRIMARY KEY (CardCode, Address, AdresType)
);

CREATE TABLE OCPR (
    CntctCode          INT NOT NULL PRIMARY KEY,
    CardCode           NVARCHAR(15) NOT NULL,
    Name               NVARCHAR(50) NOT NULL,
    FirstName          NVARCHAR(50),
    LastName           NVARCHAR(50)
);

-- Documents. CANCELED: Y, N, or C for the document that cancels another. BaseType 17 is a sales order, 15 a delivery.
CREATE TABLE ORDR (
    DocEntry           INT NOT NULL PRIMARY KEY,
    DocNum             INT NOT NULL,
    CANCELED           CHAR(1) NOT NULL DEFAULT 'N',
    DocStatus          CHAR(1) NOT NULL DEFAULT 'O',
    DocDate            DATETIME,
    CardCode           NVARCHAR(15),
    NumAtCard          NVARCHAR(100),
    DocTotal           NUMERIC(19,6)
);
CREATE INDEX ORDR_NUM_AT_CAR ON ORDR (NumAtCard);

CREATE TABLE RDR1 (
    DocEntry           INT NOT NULL,
    LineNum            INT NOT NULL,
    ItemCode           NVARCHAR(50),
    WhsCode            NVARCHAR(8),
    Quantity           NUMERIC(19,6),
    OpenQty            NUMERIC(19,6),
    InvQty             NUMERIC(19,6),            -- in the inventory's unit
    OpenInvQty         NUMERIC(19,6),
    LineStatus         CHAR(1) DEFAULT 'O',
    PRIMARY KEY (DocEntry, LineNum)
);

CREATE TABLE OSHP (
    TrnspCode          SMALLINT NOT NULL PRIMARY KEY,
    TrnspName          NVARCHAR(40) NOT NULL
);

CREATE TABLE ODLN (
    DocEntry           INT NOT NULL PRIMARY KEY,
    DocNum             INT NOT NULL,
    CANCELED           CHAR(1) NOT NULL DEFAULT 'N',
    DocDate            DATETIME,
    TrackNo            NVARCHAR(30),
    TrnspCode          SMALLINT
);

CREATE TABLE DLN1 (
    DocEntry           INT NOT NULL,
    LineNum            INT NOT NULL,
    BaseType           INT,
    BaseEntry          INT,
    BaseLine           INT,
    ItemCode           NVARCHAR(50),
    Quantity           NUMERIC(19,6),
    PRIMARY KEY (DocEntry, LineNum)
);
CREATE INDEX DLN1_BASE_ENTRY ON DLN1 (BaseEntry, BaseType);

CREATE TABLE OINV (
    DocEntry           INT NOT NULL PRIMARY KEY,
    DocNum             INT NOT NULL,
    CANCELED           CHAR(1) NOT NULL DEFAULT 'N',
    DocDate            DATETIME
);

CREATE TABLE INV1 (
    DocEntry           INT NOT NULL,
    LineNum            INT NOT NULL,
    BaseType           INT,
    BaseEntry          INT,
    BaseLine           INT,
    ItemCode           NVARCHAR(50),
    Quantity           NUMERIC(19,6),
    PRIMARY KEY (DocEntry, LineNum)
);
CREATE INDEX INV1_BASE_ENTRY ON INV1 (BaseEntry, BaseType);
