-- A small company's SAP Business One. Load it after schemas/sap-business-one/sqlserver.sql. What each article is there for:
--   HAMMER   in two warehouses, weight and length in other units, two price lists, a foreign name
--   NAILS    stocked by the piece, sold in boxes of 100
--   RAKE     frozen    SAW  frozen until 2020 only    SPADE  valid from 2086    PAINT  by groups of units, priced by another one
--   FITTING  a service    SET  a sales BOM    STEEL  not sold

INSERT INTO CINF (Version) VALUES (1000190);
INSERT INTO OADM (CompnyName, MainCurncy) VALUES ('Ferramenta Srl', 'EUR');
INSERT INTO OWGT (UnitCode, UnitDisply, WightInMG) VALUES (1, 'kg', 1000000), (2, 'g', 1000);
INSERT INTO OLGT (UnitCode, UnitDisply, SizeInMM) VALUES (1, 'mm', 1), (2, 'm', 1000);
INSERT INTO OVTG (Code, Name, Category, Inactive, Rate) VALUES
    ('A22', 'Old 22 %', 'O', 'Y', 22), ('V22', '22 %', 'O', 'N', 22), ('V10', '10 %', 'O', 'N', 10), ('B04', 'Purchases 4 %', 'I', 'N', 4);
INSERT INTO OITB (ItmsGrpCod, ItmsGrpNam) VALUES (100, 'Utensili'), (101, 'Servizi & altro'), (102, 'Materie prime');

INSERT INTO OITM (ItemCode, ItemName, FrgnName, ItmsGrpCod, VatGourpSa, CodeBars, SWeight1, SWght1Unit, SLength1, SLen1Unit, UserText) VALUES
    ('HAMMER', 'Martello', 'Hammer', 100, 'V22', '8000000000019', 700, 2, 0.3, 2, 'Di acciaio.');
INSERT INTO OITM (ItemCode, ItemName, ItmsGrpCod, VatGourpSa, SWeight1, SWght1Unit, NumInSale) VALUES
    ('NAILS', 'Chiodi, 100 pezzi', 100, 'V22', 0.5, 1, 100);
INSERT INTO OITM (ItemCode, ItemName, ItmsGrpCod, VatGourpSa, frozenFor, frozenFrom, frozenTo, validFor, validFrom) VALUES
    ('RAKE', 'Rastrello', 100, 'V10', 'Y', NULL, NULL, 'N', NULL), ('SAW', 'Sega', 100, 'V22', 'Y', '2019-01-01', '2020-12-31', 'N', NULL),
    ('SPADE', 'Vanga', 100, 'V22', 'N', NULL, NULL, 'Y', '2086-01-01');
INSERT INTO OITM (ItemCode, ItemName, ItmsGrpCod, VatGourpSa, UgpEntry, SUoMEntry) VALUES ('PAINT', 'Vernice', 100, 'V22', 3, 7);
INSERT INTO OITM (ItemCode, ItemName, ItmsGrpCod, VatGourpSa, SellItem, InvntItem, TreeType) VALUES
    ('FITTING', 'Montaggio', 101, 'V22', 'Y', 'N', 'N'), ('SET', 'Set di attrezzi', 100, 'V22', 'Y', 'N', 'S'), ('STEEL', 'Acciaio', 102, 'V22', 'N', 'Y', 'N');

INSERT INTO OPLN (ListNum, ListName, IsGrossPrc, PrimCurr) VALUES (1, 'Web', 'N', 'EUR'), (2, 'Al pubblico', 'Y', 'EUR');
INSERT INTO ITM1 (ItemCode, PriceList, Price, Currency, UomEntry) VALUES
    ('HAMMER', 1, 12.5, 'EUR', -1), ('HAMMER', 2, 15.25, 'EUR', -1), ('NAILS', 1, 4, '', -1), ('RAKE', 1, 15, 'EUR', -1), ('SAW', 1, 20, 'EUR', -1),
    ('SPADE', 1, 18, 'EUR', -1), ('PAINT', 1, 30, 'EUR', 8), ('FITTING', 1, 50, 'EUR', -1), ('SET', 1, 99, 'EUR', -1), ('SET', 2, 0, 'EUR', -1),
    ('STEEL', 1, 1, 'EUR', -1);

INSERT INTO OWHS (WhsCode, WhsName) VALUES ('01', 'Sede'), ('02', 'Riparazioni');
INSERT INTO OITW (ItemCode, WhsCode, OnHand, IsCommited) VALUES
    ('HAMMER', '01', 15, 2), ('HAMMER', '02', 100, 0), ('NAILS', '01', 1250, 0), ('RAKE', '01', 3, 0), ('SAW', '01', 4, 5), ('SET', '01', 0, 0);

INSERT INTO OCRD (CardCode, CardName, CardType, CmpPrivate, LicTradNum, AddID, IPACodePA, PECAddr, E_Mail, Phone1, CntctPrsn, BillToDef) VALUES
    ('C001', 'Verdi Srl', 'C', 'C', 'IT 01234567897', '01234567897', 'ABC1234', 'verdi@pec.example', 'Office@Verdi.example', '011 123', 'Ivo', 'Sede'),
    ('C002', 'Anna Bianchi', 'C', 'I', '', 'BNCNNA80A41L219E', '', '', 'anna@example.com', '', '', 'Casa'),
    ('V001', 'Fornitore', 'S', 'C', 'IT01234567897', '', '', '', 'office@verdi.example', '', '', '');
INSERT INTO CRD1 (CardCode, Address, AdresType, Street, StreetNo, ZipCode, City, State, Country) VALUES
    ('C001', 'Sede', 'B', 'Via Po', '3', '10100', 'Torino', 'TO', 'IT'), ('C001', 'Sede', 'S', 'Via Asti', '1', '14100', 'Asti', 'AT', 'IT'),
    ('C002', 'Casa', 'B', 'Via Roma 1', '', '00100', 'Roma', 'RM', 'IT');
INSERT INTO OCPR (CntctCode, CardCode, Name, FirstName, LastName) VALUES (1, 'C001', 'Ivo', 'Ivo', 'Verdi');
INSERT INTO OSHP (TrnspCode, TrnspName) VALUES (1, 'BRT'), (2, 'Ritiro');
