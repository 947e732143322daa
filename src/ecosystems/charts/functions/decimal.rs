//! Decimal arithmetic of the `f` functions: Sprig adds 0.1 and 0.2 to 0.3.

/// What is done with each next number.
#[derive(Clone, Copy)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// `digits × 10^exponent`
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

/// Digits after the point of a quotient.
const PRECISION: i32 = 16;

/// All numbers, one after the other; where the decimals would overflow, in floating point.
pub(super) fn fold(first: f64, rest: &[f64], operation: Operation) -> f64 {
    let exact = || {
        let mut sum = Decimal::of(first)?;
        for value in rest {
            sum = sum.with(Decimal::of(*value)?, operation)?;
        }
        Some(sum.float())
    };
    exact().unwrap_or_else(|| rest.iter().fold(first, |sum, value| rough(sum, *value, operation)))
}

fn rough(a: f64, b: f64, operation: Operation) -> f64 {
    match operation {
        Operation::Add => a + b,
        Operation::Subtract => a - b,
        Operation::Multiply => a * b,
        Operation::Divide => a / b,
    }
}

impl Decimal {
    fn of(value: f64) -> Option<Self> {
        let text = value.is_finite().then(|| format!("{value:e}"))?;
        let (mantissa, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let fraction = mantissa.split_once('.').map_or(0, |(_, f)| f.len() as i32);
        Some(Self { digits: mantissa.replace('.', "").parse().ok()?, exponent: exponent - fraction })
    }

    fn scaled(self, exponent: i32) -> Option<i128> {
        let power = u32::try_from(self.exponent - exponent).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(power)?)
    }

    fn with(self, other: Self, operation: Operation) -> Option<Self> {
        let low = self.exponent.min(other.exponent);
        match operation {
            Operation::Add => Some(Self { digits: self.scaled(low)?.checked_add(other.scaled(low)?)?, exponent: low }),
            Operation::Subtract => Some(Self { digits: self.scaled(low)?.checked_sub(other.scaled(low)?)?, exponent: low }),
            Operation::Multiply => Some(Self { digits: self.digits.checked_mul(other.digits)?, exponent: self.exponent + other.exponent }),
            Operation::Divide => self.divided(other),
        }
    }

    /// To sixteen digits, halves away from zero.
    fn divided(self, other: Self) -> Option<Self> {
        let shift = PRECISION + self.exponent - other.exponent;
        let (mut top, mut bottom) = (self.digits, other.digits);
        let power = 10_i128.checked_pow(shift.unsigned_abs())?;
        if shift >= 0 {
            top = top.checked_mul(power)?;
        } else {
            bottom = bottom.checked_mul(power)?;
        }
        let (quotient, rest) = (top.checked_div(bottom)?, top.checked_rem(bottom)?);
        let up = rest.unsigned_abs().checked_mul(2)? >= bottom.unsigned_abs();
        let sign = if (top < 0) == (bottom < 0) { 1 } else { -1 };
        Some(Self { digits: if up { quotient + sign } else { quotient }, exponent: -PRECISION })
    }

    fn float(self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(0.0)
    }
}
