//! Versions of the library, grouped by output.

/// Versions whose output is the same, named by the first release of each. The numbers are part of encoder codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(non_camel_case_types, reason = "release numbers read best as they are written")]
pub enum Era {
    /// 1.9.2 to 1.9.7.
    V1_9_2 = 12,
    /// 1.9.8.
    V1_9_8 = 13,
    /// 1.10.0.
    V1_10_0 = 14,
    /// 1.10.1: pgzip's dictionaries reach levels 1 to 6.
    V1_10_1 = 15,
    /// 1.10.2 to 1.11.12.
    V1_10_2 = 16,
    /// 1.11.13 to 1.12.1.
    V1_11_13 = 17,
    /// 1.12.2: levels 5 and 6.
    V1_12_2 = 18,
    /// 1.12.3 to 1.13.6.
    V1_12_3 = 19,
    /// 1.14.0 and 1.14.1.
    V1_14_0 = 20,
    /// 1.14.2.
    V1_14_2 = 21,
    /// 1.14.3 and 1.14.4.
    V1_14_3 = 22,
    /// 1.15.0 to 1.15.9.
    V1_15_0 = 23,
    /// 1.15.10: levels 5 and 6.
    V1_15_10 = 24,
    /// 1.15.11 to 1.15.14: levels 1 to 3.
    V1_15_11 = 25,
    /// 1.15.15 to 1.17.11.
    V1_15_15 = 26,
    /// 1.18.0: level 4.
    V1_18_0 = 27,
    /// 1.18.1, withdrawn: some of its streams are broken.
    V1_18_1 = 28,
    /// 1.18.2 to 1.19.2.
    V1_18_2 = 29,
    /// 1.20.0 to 1.20.3: other blocks only where a dictionary is given.
    V1_20_0 = 30,
    /// 1.20.4.
    V1_20_4 = 31,
}

impl Era {
    /// All eras, oldest first.
    pub const ALL: [Self; 20] = [
        Self::V1_9_2,
        Self::V1_9_8,
        Self::V1_10_0,
        Self::V1_10_1,
        Self::V1_10_2,
        Self::V1_11_13,
        Self::V1_12_2,
        Self::V1_12_3,
        Self::V1_14_0,
        Self::V1_14_2,
        Self::V1_14_3,
        Self::V1_15_0,
        Self::V1_15_10,
        Self::V1_15_11,
        Self::V1_15_15,
        Self::V1_18_0,
        Self::V1_18_1,
        Self::V1_18_2,
        Self::V1_20_0,
        Self::V1_20_4,
    ];

    /// The number of the era.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The era of this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|era| era.number() == number)
    }

    /// Whether the output of a level changed with this era. `dictionary`: blocks with a dictionary, as pgzip writes.
    fn changed(self, level: i8, dictionary: bool) -> bool {
        match self {
            Self::V1_9_2 | Self::V1_10_2 | Self::V1_14_3 | Self::V1_20_4 => true,
            Self::V1_10_1 => level > 0 && level < 7 && dictionary,
            Self::V1_9_8 | Self::V1_11_13 | Self::V1_12_3 => level < 7,
            Self::V1_12_2 | Self::V1_15_10 => level == 5 || level == 6,
            Self::V1_14_0 | Self::V1_14_2 | Self::V1_18_1 | Self::V1_18_2 => level > 0,
            Self::V1_10_0 | Self::V1_15_0 => level > 0 && level < 7,
            Self::V1_15_11 => (1..=3).contains(&level),
            Self::V1_15_15 => level > 6,
            Self::V1_18_0 => level == 4,
            Self::V1_20_0 => level > 6 && dictionary,
        }
    }

    /// The eras that differ at a level, newest first.
    pub(in crate::recode::encoder) fn of_level(level: i8, dictionary: bool) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().rev().filter(move |era| era.changed(level, dictionary))
    }
}

/// An era and the arithmetic of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Which versions of the library.
    pub era: Era,
    /// Estimates are made with fused multiply-add, as Go programs do on arm64, ppc64le, s390x and riscv64.
    /// Before 1.9.8 and from 1.20.4 on, this changes nothing here.
    pub fused: bool,
}

impl Variant {
    /// Adds to `sum` the bits that symbols of these frequencies take of `total`, each within `bounds`.
    pub(super) fn entropy(self, mut sum: f32, frequencies: &[u32], total: usize, (least, most): (f32, f32)) -> f32 {
        let inverse = 1.0 / total as f32;
        for &count in frequencies.iter().filter(|&&count| count > 0) {
            let count = count as f32;
            let bits = (-self.log2(count * inverse)).clamp(least, most);
            sum = self.multiply_add(bits, count, sum);
        }
        sum
    }

    fn multiply_add(self, left: f32, right: f32, sum: f32) -> f32 {
        if self.fused { left.mul_add(right, sum) } else { left * right + sum }
    }

    /// A quick approximation of the logarithm.
    pub(super) fn log2(self, value: f32) -> f32 {
        let bits = value.to_bits();
        let whole = ((bits >> 23) & 255) as f32 - 128.0;
        let mantissa = f32::from_bits((bits & 0x807f_ffff) + (127 << 23));
        let first = self.multiply_add(-0.344_848_43, mantissa, 2.024_665_8);
        whole + self.multiply_add(first, mantissa, -0.674_877_6)
    }
}
