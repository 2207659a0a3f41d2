//! What the demo's company sells: a hardware and garden store with some 230 articles in a tree of categories. Always the
//! same: numbers come from a counter, not from chance.

/// A line of articles: a category, and what distinguishes them.
struct Range {
    category: &'static str,
    /// English and Italian name.
    name: (&'static str, &'static str),
    sku: &'static str,
    sizes: &'static [&'static str],
    /// Net price of the smallest in cents, and what each next size adds.
    cents: (i64, i64),
    /// Weight of the smallest in grams, and what each next size adds.
    grams: (i64, i64),
    tax: &'static str,
}

/// Code, parent, English and Italian name.
pub const CATEGORIES: [(&str, &str, &str, &str); 18] = [
    ("TOOLS", "", "Tools", "Utensili"),
    ("HAMMERS", "TOOLS", "Hammers & mallets", "Martelli e mazze"),
    ("DRIVERS", "TOOLS", "Screwdrivers", "Cacciaviti"),
    ("SPANNERS", "TOOLS", "Spanners", "Chiavi"),
    ("SAWS", "TOOLS", "Saws", "Seghe"),
    ("BITS", "TOOLS", "Drill bits", "Punte"),
    ("FIXINGS", "", "Screws & nails", "Viteria"),
    ("GARDEN", "", "Garden", "Giardino"),
    ("CUTTING", "GARDEN", "Shears & pruners", "Cesoie e forbici"),
    ("WATERING", "GARDEN", "Watering", "Irrigazione"),
    ("SEEDS", "GARDEN", "Seeds", "Sementi"),
    ("ELECTRIC", "", "Electrical", "Elettricità"),
    ("BULBS", "ELECTRIC", "Light bulbs", "Lampadine"),
    (
        "CABLES",
        "ELECTRIC",
        "Cables & extensions",
        "Cavi e prolunghe",
    ),
    ("PAINT", "", "Paint", "Colori"),
    ("ENAMEL", "PAINT", "Enamels", "Smalti"),
    ("BRUSHES", "PAINT", "Brushes", "Pennelli"),
    ("BOOKS", "", "Books", "Libri"),
];

#[rustfmt::skip]
const RANGES: [Range; 20] = [
    Range { category: "HAMMERS", name: ("Claw hammer", "Martello da carpentiere"), sku: "HC", sizes: &["300 g", "450 g", "560 g", "700 g", "900 g"], cents: (1190, 260), grams: (480, 160), tax: "IVA22" },
    Range { category: "HAMMERS", name: ("Rubber mallet", "Mazzuola in gomma"), sku: "HM", sizes: &["40 mm", "55 mm", "65 mm", "75 mm", "90 mm"], cents: (690, 180), grams: (260, 140), tax: "IVA22" },
    Range { category: "DRIVERS", name: ("Slotted screwdriver", "Cacciavite a taglio"), sku: "DS", sizes: &["2.5x75", "3x100", "4x100", "5.5x125", "6.5x150", "8x175", "10x200"], cents: (290, 85), grams: (40, 22), tax: "IVA22" },
    Range { category: "DRIVERS", name: ("Torx screwdriver", "Cacciavite torx"), sku: "DT", sizes: &["T6", "T8", "T10", "T15", "T20", "T25", "T27", "T30", "T40"], cents: (390, 65), grams: (45, 12), tax: "IVA22" },
    Range { category: "SPANNERS", name: ("Combination spanner", "Chiave combinata"), sku: "SC", sizes: &["6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "24", "27", "30", "32"], cents: (310, 95), grams: (30, 26), tax: "IVA22" },
    Range { category: "SPANNERS", name: ("Hex key", "Chiave a brugola"), sku: "SH", sizes: &["1.5", "2", "2.5", "3", "4", "5", "6", "8", "10", "12"], cents: (90, 45), grams: (6, 14), tax: "IVA22" },
    Range { category: "SAWS", name: ("Hand saw", "Segaccio"), sku: "SW", sizes: &["350 mm", "400 mm", "450 mm", "500 mm", "550 mm"], cents: (1290, 240), grams: (420, 60), tax: "IVA22" },
    Range { category: "CUTTING", name: ("Bypass pruner", "Forbice da potatura"), sku: "GP", sizes: &["18 cm", "20 cm", "21 cm", "22 cm", "25 cm"], cents: (1650, 420), grams: (190, 25), tax: "IVA22" },
    Range { category: "CUTTING", name: ("Hedge shear", "Cesoia per siepi"), sku: "GH", sizes: &["45 cm", "55 cm", "60 cm", "70 cm"], cents: (2490, 380), grams: (780, 110), tax: "IVA22" },
    Range { category: "WATERING", name: ("Garden hose 1/2\"", "Tubo da giardino 1/2\""), sku: "WH", sizes: &["10 m", "15 m", "20 m", "25 m", "30 m", "50 m"], cents: (1190, 560), grams: (1500, 750), tax: "IVA22" },
    Range { category: "WATERING", name: ("Watering can", "Innaffiatoio"), sku: "WC", sizes: &["2 l", "5 l", "8 l", "10 l", "12 l", "14 l"], cents: (490, 210), grams: (250, 130), tax: "IVA22" },
    Range { category: "SEEDS", name: ("Vegetable seeds", "Sementi da orto"), sku: "SE", sizes: &["basil", "beetroot", "broad bean", "cabbage", "carrot", "chard", "chicory", "courgette", "cucumber", "fennel", "kale", "leek", "lettuce", "onion", "parsley", "pea", "pumpkin", "radish", "rocket", "spinach", "tomato", "turnip"], cents: (190, 5), grams: (8, 1), tax: "IVA10" },
    Range { category: "BULBS", name: ("LED bulb E27", "Lampadina LED E27"), sku: "LB", sizes: &["4 W 2700 K", "4 W 4000 K", "6 W 2700 K", "6 W 4000 K", "8 W 2700 K", "8 W 4000 K", "11 W 2700 K", "11 W 4000 K", "14 W 2700 K", "14 W 4000 K", "17 W 2700 K", "17 W 4000 K"], cents: (320, 55), grams: (38, 6), tax: "IVA22" },
    Range { category: "CABLES", name: ("Extension lead", "Prolunga"), sku: "CE", sizes: &["1.5 m", "3 m", "5 m", "10 m", "15 m", "20 m", "25 m", "40 m"], cents: (450, 390), grams: (190, 420), tax: "IVA22" },
    Range { category: "ENAMEL", name: ("Water-based enamel 0.75 l", "Smalto all'acqua 0,75 l"), sku: "PE", sizes: &["white", "ivory", "yellow", "orange", "red", "burgundy", "pink", "lilac", "sky blue", "blue", "navy", "mint", "green", "olive", "brown", "grey", "anthracite", "black"], cents: (1390, 0), grams: (980, 0), tax: "IVA22" },
    Range { category: "BRUSHES", name: ("Flat brush", "Pennellessa"), sku: "PB", sizes: &["20 mm", "30 mm", "40 mm", "50 mm", "60 mm", "70 mm", "80 mm", "100 mm"], cents: (180, 70), grams: (24, 14), tax: "IVA22" },
    Range { category: "FIXINGS", name: ("Wood screws, box of 200", "Viti per legno, 200 pz"), sku: "FS", sizes: &["3x16", "3x20", "3x25", "3x30", "3x35", "3x40", "3.5x20", "3.5x25", "3.5x30", "3.5x35", "3.5x40", "3.5x50", "4x25", "4x30", "4x35", "4x40", "4x45", "4x50", "4x60", "4x70", "5x40", "5x50", "5x60", "5x70", "5x80", "5x90", "5x100", "5x120"], cents: (450, 35), grams: (210, 60), tax: "IVA22" },
    Range { category: "FIXINGS", name: ("Nails, 1 kg", "Chiodi, 1 kg"), sku: "FN", sizes: &["1.3x25", "1.6x30", "1.8x35", "2x40", "2.2x45", "2.4x50", "2.7x60", "3x70", "3.4x80", "3.8x90", "4.2x100", "4.6x120"], cents: (520, 10), grams: (1000, 0), tax: "IVA22" },
    Range { category: "BITS", name: ("Drill bit for metal", "Punta per metallo"), sku: "BM", sizes: &["1 mm", "1.5 mm", "2 mm", "2.5 mm", "3 mm", "3.5 mm", "4 mm", "4.5 mm", "5 mm", "5.5 mm", "6 mm", "6.5 mm", "7 mm", "7.5 mm", "8 mm", "8.5 mm", "9 mm", "9.5 mm", "10 mm", "10.5 mm", "11 mm", "11.5 mm", "12 mm", "12.5 mm", "13 mm"], cents: (140, 38), grams: (4, 5), tax: "IVA22" },
    Range { category: "CUTTING", name: ("Gardening gloves", "Guanti da giardino"), sku: "GG", sizes: &["size 6", "size 7", "size 8", "size 9", "size 10", "size 11"], cents: (590, 0), grams: (90, 4), tax: "IVA22" },
];

const BOOKS: [(&str, &str, &str, i64); 4] = [
    (
        "BK-GARDEN",
        "The kitchen garden, month by month",
        "L'orto mese per mese",
        1923,
    ),
    (
        "BK-WOOD",
        "Working wood by hand",
        "Lavorare il legno a mano",
        2404,
    ),
    (
        "BK-ROSES",
        "Roses & their care",
        "Le rose e la loro cura",
        1731,
    ),
    (
        "BK-REPAIR",
        "The household repair book",
        "Manuale delle riparazioni",
        2115,
    ),
];

/// An article of the demo.
pub struct Article {
    pub sku: String,
    pub category: &'static str,
    pub name_en: String,
    pub name_it: String,
    pub tax: &'static str,
    pub cents: i64,
    pub grams: i64,
    /// Pieces in the store and in the outlying warehouse.
    pub stock: (i64, i64),
    pub barcode: String,
}

pub fn articles() -> Vec<Article> {
    let mut articles = Vec::new();
    let mut add = |sku: String, category, names: (String, String), tax, cents, grams| {
        let number = articles.len() as i64;
        articles.push(Article {
            sku,
            category,
            name_en: names.0,
            name_it: names.1,
            tax,
            cents,
            grams,
            stock: (
                number * 37 % 43,
                if number % 3 == 0 { number * 11 % 90 } else { 0 },
            ),
            barcode: ean13(800_412_000_000 + number * 7),
        });
    };
    for range in &RANGES {
        for (step, size) in (0i64..).zip(range.sizes) {
            let sku = format!("{}-{:02}", range.sku, step + 1);
            let names = (
                format!("{} {size}", range.name.0),
                format!("{} {size}", range.name.1),
            );
            let cents = range.cents.0 + step * range.cents.1;
            add(
                sku,
                range.category,
                names,
                range.tax,
                cents,
                range.grams.0 + step * range.grams.1,
            );
        }
    }
    for (sku, en, it, cents) in BOOKS {
        add(
            sku.to_owned(),
            "BOOKS",
            (en.to_owned(), it.to_owned()),
            "IVA4",
            cents,
            540,
        );
    }
    articles
}

/// Twelve digits and the check digit that makes them a barcode.
fn ean13(twelve: i64) -> String {
    let text = format!("{twelve:012}");
    let weighted = text
        .bytes()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| i64::from(digit - b'0') * weight);
    format!("{text}{}", (10 - weighted.sum::<i64>() % 10) % 10)
}

/// Cents as the decimal that databases keep.
pub fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
