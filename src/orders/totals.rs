//! An order's amounts, made to agree to the cent.
//!
//! Every amount is tax-inclusive, as the customer saw it, and rounded half away from zero to two places. The rows' amounts
//! add up to the order's total, and so do the parts of the tax split, each net plus tax; a row's tax is what its rate says. Shops
//! round by row, by rate or once for the whole order, so a cent a row is tolerated: what is left between the rows and the
//! total becomes a row of its own. Anything beyond is no rounding and is refused: a fee that the pack does not see, a
//! discount counted twice.

use crate::value::Decimal;

/// A line or a charge, as the shop has it.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// How messages call it: `line 2 (SKU-1)`.
    pub title: String,
    pub net: Option<Decimal>,
    pub tax: Option<Decimal>,
    /// Instead of net and tax, where the shop keeps it.
    pub gross: Option<Decimal>,
    /// Percent; `None`: the row bears no tax.
    pub rate: Option<Decimal>,
    /// How many taxes it bears.
    pub rates: i64,
}

/// What an order comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// By row.
    pub amounts: Vec<Decimal>,
    pub rates: Vec<Decimal>,
    /// By row, and then of the rounding: without tax, so that the rows of a rate add up to their part.
    pub nets: Vec<Decimal>,
    /// What is left to the total, and at which rate it counts; zero mostly.
    pub rounding: (Decimal, Decimal),
    /// By rate, in ascending order.
    pub taxes: Vec<Part>,
    pub net_total: Decimal,
}

/// The part of an order under one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub rate: Decimal,
    pub net: Decimal,
    pub tax: Decimal,
    pub amount: Decimal,
}

const PLACES: i32 = 2;

fn cents(cents: usize) -> Decimal {
    Decimal::from_scaled(cents as i128, 2)
}

/// The net amount within a tax-inclusive one.
fn net_of(amount: &Decimal, rate: &Decimal) -> Decimal {
    let hundred = Decimal::from(100);
    let divisor = &hundred + rate;
    // A rate of -100 % has no net amount; no shop has one.
    (amount * &hundred)
        .div(&divisor)
        .unwrap_or_else(|| amount.clone())
}

/// Brings the rows to the total.
///
/// # Errors
/// What does not agree, in words.
pub fn settle(
    rows: &[Row],
    total: &Decimal,
    tax_total: Option<&Decimal>,
) -> Result<Settled, String> {
    let mut amounts = Vec::with_capacity(rows.len());
    let mut rates = Vec::with_capacity(rows.len());
    for row in rows {
        let (amount, rate) = row.amount()?;
        amounts.push(amount);
        rates.push(rate);
    }
    let sum: Decimal = amounts.iter().cloned().sum();
    let total = total.round(PLACES);
    let rest = &total - &sum;
    if rest.abs() > cents(rows.len()) {
        return Err(format!(
            "its lines and charges come to {sum}, but its total is {total}"
        ));
    }
    let largest = (0..rows.len()).max_by(|a, b| amounts[*a].cmp(&amounts[*b]));
    let rounding_rate = largest.map_or_else(Decimal::default, |at| rates[at].clone());
    let mut parts: Vec<Part> = Vec::new();
    let counted = amounts.iter().zip(&rates).chain([(&rest, &rounding_rate)]);
    for (amount, rate) in counted {
        match parts.iter_mut().find(|part| part.rate == *rate) {
            Some(part) => part.amount = &part.amount + amount,
            None => parts.push(Part {
                rate: rate.clone(),
                net: Decimal::default(),
                tax: Decimal::default(),
                amount: amount.clone(),
            }),
        }
    }
    parts.sort_by(|a, b| a.rate.cmp(&b.rate));
    for part in &mut parts {
        part.net = net_of(&part.amount, &part.rate).round(PLACES);
        part.tax = &part.amount - &part.net;
    }
    let counted = amounts.iter().zip(&rates).chain([(&rest, &rounding_rate)]);
    let nets = nets(counted);
    let tax: Decimal = parts.iter().map(|part| part.tax.clone()).sum();
    if let Some(theirs) = tax_total
        && (&tax - theirs).abs() > cents(rows.len())
    {
        return Err(format!(
            "the tax within its lines and charges comes to {tax}, but the shop says {theirs}"
        ));
    }
    Ok(Settled {
        amounts,
        rates,
        nets,
        rounding: (rest, rounding_rate),
        net_total: &total - &tax,
        taxes: parts,
    })
}

/// Each row's net amount: what the rounded net amount of its rate grows by with it.
fn nets<'r>(rows: impl Iterator<Item = (&'r Decimal, &'r Decimal)>) -> Vec<Decimal> {
    let mut upto: Vec<(&Decimal, Decimal)> = Vec::new();
    rows.map(|(amount, rate)| {
        let at = upto.iter().position(|(known, _)| *known == rate);
        let at = at.unwrap_or_else(|| {
            upto.push((rate, Decimal::default()));
            upto.len() - 1
        });
        let before = net_of(&upto[at].1, rate).round(PLACES);
        upto[at].1 = &upto[at].1 + amount;
        &net_of(&upto[at].1, rate).round(PLACES) - &before
    })
    .collect()
}

impl Row {
    /// Tax-inclusive amount and rate.
    fn amount(&self) -> Result<(Decimal, Decimal), String> {
        let title = &self.title;
        let amount = match (&self.gross, &self.net) {
            (Some(gross), _) => gross.clone(),
            (None, Some(net)) => net + &self.tax.clone().unwrap_or_default(),
            (None, None) => return Err(format!("{title} has no amount")),
        };
        let amount = amount.round(PLACES);
        let tax = match (&self.tax, &self.gross, &self.net) {
            (Some(tax), ..) => Some(tax.clone()),
            (None, Some(gross), Some(net)) => Some(gross - net),
            _ => None,
        };
        if self.rates > 1 {
            return Err(format!("{title} bears {} taxes at once", self.rates));
        }
        let Some(rate) = &self.rate else {
            return match tax.filter(|tax| !tax.round(PLACES).is_zero()) {
                Some(tax) => Err(format!("{title} bears a tax of {tax} without a rate")),
                None => Ok((amount, Decimal::default())),
            };
        };
        if let Some(tax) = tax {
            let right = &amount - &net_of(&amount, rate);
            // Half a cent each for the shop's rounding of the amount and of the tax.
            if (&right - &tax).abs() > cents(1) {
                let right = right.round(PLACES);
                return Err(format!(
                    "{title} bears a tax of {tax}, but {rate} % within {amount} is {right}"
                ));
            }
        }
        Ok((amount, rate.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    fn row(net: &str, tax: &str, rate: &str) -> Row {
        Row {
            title: "line 1".to_owned(),
            net: Some(number(net)),
            tax: Some(number(tax)),
            rate: Some(number(rate)),
            rates: 1,
            ..Row::default()
        }
    }

    #[test]
    fn a_fee_that_nobody_sees_is_no_rounding() {
        let rows = [row("10", "2.2", "22"), row("5", "0.5", "10")];
        assert!(settle(&rows, &number("17.70"), Some(&number("2.70"))).is_ok());
        let wrong = settle(&rows, &number("20.20"), None).unwrap_err();
        assert_eq!(
            wrong,
            "its lines and charges come to 17.7, but its total is 20.2"
        );
    }

    #[test]
    fn a_rate_that_is_not_the_rows_is_refused() {
        let wrong = settle(&[row("10", "1", "22")], &number("11"), None).unwrap_err();
        assert_eq!(wrong, "line 1 bears a tax of 1, but 22 % within 11 is 1.98");
        let none = Row {
            rate: None,
            rates: 0,
            ..row("10", "2.2", "22")
        };
        assert!(settle(&[none], &number("12.2"), None).is_err());
    }

    #[test]
    fn a_cent_is_left_when_the_shop_rounds_once() {
        // 3 x 1.646 net = 4.938, tax 1.08636, total 6.02; by rows 2.01 * 3 = 6.03.
        let line = row("1.646", "0.36212", "22");
        let rows = [line.clone(), line.clone(), line];
        let settled = settle(&rows, &number("6.02"), Some(&number("1.09"))).unwrap();
        assert_eq!(settled.rounding.0, number("-0.01"));
        assert_eq!(settled.taxes.len(), 1);
        assert_eq!(settled.taxes[0].amount, number("6.02"));
    }

    proptest! {
        /// Rows of random prices and rates, rounded as shops do it: by row, or once.
        #[test]
        fn head_rows_and_tax_split_agree(
            lines in proptest::collection::vec((1i128..500_000, 1i128..20, 0usize..4), 1..12),
            by_row in any::<bool>(),
        ) {
            let rates = ["4", "5", "10", "22"].map(number);
            let mut rows = Vec::new();
            let mut total = Decimal::default();
            let mut tax_total = Decimal::default();
            for (price, quantity, rate) in &lines {
                let net = &Decimal::from_scaled(*price, 2) * &Decimal::from(*quantity as i64);
                let mut tax = (&net * &rates[*rate]).div(&Decimal::from(100)).unwrap();
                if by_row {
                    tax = tax.round(2);
                }
                total = &total + &(&net + &tax);
                tax_total = &tax_total + &tax;
                rows.push(Row {
                    title: "line".to_owned(),
                    net: Some(net),
                    tax: Some(tax),
                    gross: None,
                    rate: Some(rates[*rate].clone()),
                    rates: 1,
                });
            }
            let (total, tax_total) = (total.round(2), tax_total.round(2));
            let settled = settle(&rows, &total, Some(&tax_total)).unwrap();
            let sum: Decimal = settled.amounts.iter().cloned().sum();
            prop_assert_eq!(&sum + &settled.rounding.0, total.clone());
            let split: Decimal = settled.taxes.iter().map(|part| &part.net + &part.tax).sum();
            prop_assert_eq!(split, total.clone());
            let tax: Decimal = settled.taxes.iter().map(|part| part.tax.clone()).sum();
            prop_assert_eq!(&settled.net_total + &tax, total);
            let net: Decimal = settled.nets.iter().cloned().sum();
            prop_assert_eq!(&net, &settled.net_total);
            let by_row = settled.amounts.iter().zip(&settled.rates).zip(&settled.nets);
            for ((amount, rate), net) in by_row {
                prop_assert!((&net_of(amount, rate) - net).abs() <= Decimal::from_scaled(1, 2));
            }
            for part in &settled.taxes {
                prop_assert_eq!(part.amount.clone(), &part.net + &part.tax);
                prop_assert!(part.net.digits_after() <= 2 && part.tax.digits_after() <= 2);
                // The split's tax is its rate's, to the cent.
                let right = (&part.net * &part.rate).div(&Decimal::from(100)).unwrap();
                prop_assert!((&right - &part.tax).abs() <= Decimal::from_scaled(1, 2));
            }
        }
    }
}
