//! Powers of a base that stays the same, with a third of the multiplications (Lim and Lee, 1994).
//!
//! The exponent is written in rows of bits, one above the other; a column is the index of a product that was made once and for
//! all. Which one is taken does not show in time: each is looked at.
//!
//! ```text
//! bits 3s … 4s-1 |
//! bits 2s … 3s-1 |  column by column: square, then multiply by the column's product
//! bits  s … 2s-1 |
//! bits  0 …  s-1 v
//! ```

use crypto_bigint::BoxedUint;
use crypto_bigint::ctutils::{CtAssign, CtEq};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use zeroize::Zeroize;

/// How many rows there are; there are 2 to that power products.
const ROWS: u32 = 4;

/// The products for one base.
pub(super) struct Comb {
    /// The length of a row in bits.
    spacing: u32,
    /// In Montgomery's form.
    products: Vec<BoxedUint>,
}

impl Comb {
    /// For exponents of at most so many bits.
    pub(super) fn new(base: &BoxedUint, params: &BoxedMontyParams, bits: u32) -> Self {
        let spacing = bits.div_ceil(ROWS);
        let mut power = BoxedMontyForm::new(base.clone(), params);
        let mut products = vec![BoxedMontyForm::one(params)];
        for _ in 0..ROWS {
            let with: Vec<BoxedMontyForm> = products.iter().map(|product| product.mul(&power)).collect();
            products.extend(with);
            (0..spacing).for_each(|_| power = power.square());
        }
        Self { spacing, products: products.iter().map(|product| product.as_montgomery().clone()).collect() }
    }

    /// The base itself.
    #[cfg(test)]
    pub(super) fn base(&self, params: &BoxedMontyParams) -> BoxedUint {
        BoxedMontyForm::from_montgomery(self.products[1].clone(), params).retrieve()
    }

    /// The base raised to `exponent`.
    pub(super) fn power(&self, exponent: &BoxedUint, params: &BoxedMontyParams) -> BoxedUint {
        let mut octets = exponent.to_le_bytes();
        let bit = |place: u32| octets.get(place as usize / 8).map_or(0, |octet| octet >> (place % 8) & 1);
        let mut result = BoxedMontyForm::one(params);
        for place in (0..self.spacing).rev() {
            let column = (0..ROWS).fold(0, |column, row| column | bit(row * self.spacing + place) << row);
            let mut factor = self.products[0].clone();
            for (index, product) in (0u8..).zip(&self.products) {
                factor.ct_assign(product, index.ct_eq(&column));
            }
            result = result.square().mul(&BoxedMontyForm::from_montgomery(factor, params));
        }
        octets.zeroize();
        result.retrieve()
    }
}
