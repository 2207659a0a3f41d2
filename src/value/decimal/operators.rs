//! `+`, `-`, `*` and sums: all exact.

use super::{Decimal, aligned, normal};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

macro_rules! operator {
    ($operator:ident, $method:ident, $exact:expr) => {
        impl $operator<&Decimal> for &Decimal {
            type Output = Decimal;

            fn $method(self, other: &Decimal) -> Decimal {
                $exact(self, other)
            }
        }

        impl $operator for Decimal {
            type Output = Decimal;

            fn $method(self, other: Decimal) -> Decimal {
                $exact(&self, &other)
            }
        }
    };
}
operator!(Add, add, |left, right| {
    let (left, right, scale) = aligned(left, right);
    normal(left + right, scale)
});
operator!(Sub, sub, |left, right| {
    let (left, right, scale) = aligned(left, right);
    normal(left - right, scale)
});
operator!(Mul, mul, |left: &Decimal, right: &Decimal| {
    normal(&left.digits * &right.digits, left.scale + right.scale)
});

impl Neg for Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        Decimal {
            digits: -self.digits,
            scale: self.scale,
        }
    }
}

impl AddAssign<&Decimal> for Decimal {
    fn add_assign(&mut self, other: &Decimal) {
        *self = &*self + other;
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Decimal>>(numbers: I) -> Decimal {
        numbers.fold(Decimal::default(), |sum, number| sum + number)
    }
}

impl<'a> Sum<&'a Decimal> for Decimal {
    fn sum<I: Iterator<Item = &'a Decimal>>(numbers: I) -> Decimal {
        numbers.fold(Decimal::default(), |sum, number| &sum + number)
    }
}
