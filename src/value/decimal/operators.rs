//! `+`, `-`, `*` and sums: all exact.

use super::{Decimal, aligned, aligned_small, normal};
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
    if let Some((left, right, scale)) = aligned_small(left, right)
        && let Some(exact) = left.checked_add(right)
    {
        return Decimal::from_scaled(exact, scale);
    }
    let (left, right, scale) = aligned(left, right);
    normal(left + right, scale)
});
operator!(Sub, sub, |left, right| {
    if let Some((left, right, scale)) = aligned_small(left, right)
        && let Some(exact) = left.checked_sub(right)
    {
        return Decimal::from_scaled(exact, scale);
    }
    let (left, right, scale) = aligned(left, right);
    normal(left - right, scale)
});
operator!(Mul, mul, |left: &Decimal, right: &Decimal| {
    let scale = left.scale + right.scale;
    if let (Some(a), Some(b)) = (left.digits.scaled(0), right.digits.scaled(0)) {
        // Two words make a double one.
        return Decimal::from_scaled(a * b, scale);
    }
    normal(
        left.digits.big().as_ref() * right.digits.big().as_ref(),
        scale,
    )
});

impl Neg for Decimal {
    type Output = Decimal;

    fn neg(self) -> Decimal {
        Decimal {
            digits: self.digits.negated(),
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
