-- A small company's Dynamics NAV. Load it after schemas/dynamics-nav/sqlserver.sql. What each item is there for:
--   HAMMER   in two locations, a foreign name, sales prices: one for all, one that has ended, one for ten, one of the web's price group
--   NAILS    in no location    RAKE  blocked    SAW  blocked for sales, a price with VAT    FITTING  a service

INSERT INTO [CRONUS Italia S_p_A_$General Ledger Setup] ([Primary Key], [LCY Code]) VALUES ('', 'EUR');
INSERT INTO [CRONUS Italia S_p_A_$Company Information] ([Primary Key], [Country_Region Code]) VALUES ('', 'IT');
INSERT INTO [CRONUS Italia S_p_A_$VAT Posting Setup] ([VAT Bus_ Posting Group], [VAT Prod_ Posting Group], [VAT _]) VALUES
    ('NAZ', 'IVA22', 22), ('NAZ', 'IVA10', 10), ('UE', 'IVA22', 0), ('UE', 'IVA4', 4);
INSERT INTO [CRONUS Italia S_p_A_$Item Category] ([Code], [Description]) VALUES ('UT', 'Utensili'), ('UTM', 'Utensili & mano'), ('SERV', '');
INSERT INTO [CRONUS Italia S_p_A_$Item] ([No_], [Description], [Type], [Unit Price], [Price Includes VAT], [VAT Prod_ Posting Group], [Item Category Code], [Blocked],
    [Gross Weight], [Net Weight]) VALUES
    ('HAMMER', 'Martello', 0, 13, 0, 'IVA22', 'UTM', 0, 0, 0.7), ('NAILS', 'Chiodi', 0, 4, 0, 'IVA22', 'UT', 0, 0.6, 0.5),
    ('RAKE', 'Rastrello', 0, 15, 0, 'IVA10', 'UT', 1, 0, 0), ('SAW', 'Sega', 0, 24.4, 1, 'IVA22', 'UT', 0, 0, 0),
    ('FITTING', 'Montaggio', 1, 50, 0, 'IVA22', 'SERV', 0, 0, 0), ('NEW', '', 0, 0, 0, '', '', 0, 0, 0);
INSERT INTO [CRONUS Italia S_p_A_$Item Translation] ([Item No_], [Language Code], [Description]) VALUES ('HAMMER', 'ENU', 'Hammer'), ('HAMMER', 'ITA', 'Un martello');
INSERT INTO [CRONUS Italia S_p_A_$Sales Price] ([Item No_], [Sales Type], [Sales Code], [Starting Date], [Ending Date], [Unit of Measure Code], [Minimum Quantity], [Unit Price])
VALUES ('HAMMER', 2, '', '2020-01-01', '1753-01-01', 'PZ', 0, 12.5), ('HAMMER', 2, '', '2019-01-01', '2019-12-31', '', 0, 1), ('HAMMER', 2, '', '2020-01-01', '1753-01-01', '', 10, 2),
    ('HAMMER', 0, 'C001', '2020-01-01', '1753-01-01', '', 0, 3), ('HAMMER', 1, 'WEB 2', '2020-01-01', '2086-01-01', '', 0, 11), ('HAMMER', 2, '', '2086-01-01', '1753-01-01', '', 0, 4);
INSERT INTO [CRONUS Italia S_p_A_$Item Ledger Entry] ([Entry No_], [Item No_], [Location Code], [Quantity]) VALUES
    (1, 'HAMMER', 'SEDE', 20), (2, 'HAMMER', 'SEDE', -5), (3, 'HAMMER', 'RIP', 100), (4, 'NAILS', '', 9), (5, 'SAW', 'SEDE', 4);
INSERT INTO [CRONUS Italia S_p_A_$Sales Header] ([Document Type], [No_], [Sell-to Customer No_]) VALUES (0, 'P1', 'C001'), (1, 'O1', 'C001');
INSERT INTO [CRONUS Italia S_p_A_$Sales Line] ([Document Type], [Document No_], [Line No_], [Type], [No_], [Location Code], [Quantity (Base)], [Outstanding Quantity], [Outstanding Qty_ (Base)])
VALUES (0, 'P1', 10000, 2, 'HAMMER', 'SEDE', 3, 3, 3), (1, 'O1', 10000, 2, 'HAMMER', 'SEDE', 5, 2, 2), (1, 'O1', 20000, 1, 'HAMMER', '', 5, 5, 5),
    (1, 'O1', 30000, 2, 'NAILS', '', 1, 1, 1), (1, 'O1', 40000, 2, 'SAW', '', 5, 5, 5);
INSERT INTO [CRONUS Italia S_p_A_$Customer] ([No_], [Name], [Address], [City], [Post Code], [County], [Country_Region Code], [Phone No_], [E-Mail], [VAT Registration No_],
    [Fiscal Code], [PEC E-Mail Address]) VALUES
    ('C001', 'Verdi Srl', 'Via Po 3', 'Torino', '10100', 'TO', 'IT', '011 123', 'Office@Verdi.example', 'IT01234567897', '01234567897', 'verdi@pec.example'),
    ('C002', 'Anna Bianchi', 'Via Roma 1', 'Roma', '00100', 'RM', '', '', 'anna@example.com', '', 'BNCNNA80A41L219E', '');
INSERT INTO [CRONUS Italia S_p_A_$Shipping Agent] ([Code], [Name]) VALUES ('BRT', 'Bartolini');

-- What only newer versions have, a column a line.
UPDATE [CRONUS Italia S_p_A_$Item Category] SET [Parent Category] = 'UT' WHERE [Code] = 'UTM';
UPDATE [CRONUS Italia S_p_A_$Item] SET [GTIN] = '8000000000019' WHERE [No_] = 'HAMMER';
UPDATE [CRONUS Italia S_p_A_$Item] SET [Sales Blocked] = 1 WHERE [No_] = 'SAW';
UPDATE [CRONUS Italia S_p_A_$Customer] SET [PA Code] = 'ABC1234' WHERE [No_] = 'C001';
