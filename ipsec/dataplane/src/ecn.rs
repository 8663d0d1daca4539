//! Congestion marks across a tunnel (RFC 6040 §4).

use crate::DropReason;

/// The traffic class of the outer header: that of the inner one, congestion mark included (RFC 6040 §4.1, normal mode).
pub(crate) fn encapsulated(inner: u8) -> u8 {
    inner
}

/// The traffic class that the inner packet leaves the tunnel with (RFC 6040 §4.2, figure 4).
///
/// # Errors
/// When the outer header has congestion experienced and the inner one is not ECN-capable.
pub(crate) fn decapsulated(inner: u8, outer: u8) -> Result<u8, DropReason> {
    let (dscp, inner_ecn) = (inner & !3, inner & 3);
    let ecn = match (inner_ecn, outer & 3) {
        (NOT_ECT, CE) => return Err(DropReason::Congestion),
        (NOT_ECT, _) => NOT_ECT,
        (CE, _) | (_, CE) => CE,
        (ECT_0, ECT_1) => ECT_1,
        (kept, _) => kept,
    };
    Ok(dscp | ecn)
}

const NOT_ECT: u8 = 0;
const ECT_1: u8 = 1;
const ECT_0: u8 = 2;
const CE: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decapsulation_follows_the_table_of_rfc_6040() {
        // Rows: inner Not-ECT, ECT(0), ECT(1), CE. Columns: outer Not-ECT, ECT(0), ECT(1), CE.
        let order = [NOT_ECT, ECT_0, ECT_1, CE];
        let expected = [
            [Some(NOT_ECT), Some(NOT_ECT), Some(NOT_ECT), None],
            [Some(ECT_0), Some(ECT_0), Some(ECT_1), Some(CE)],
            [Some(ECT_1), Some(ECT_1), Some(ECT_1), Some(CE)],
            [Some(CE), Some(CE), Some(CE), Some(CE)],
        ];
        for (inner, row) in order.into_iter().zip(expected) {
            for (outer, cell) in order.into_iter().zip(row) {
                assert_eq!(decapsulated(0xb8 | inner, outer).ok(), cell.map(|ecn| 0xb8 | ecn));
            }
        }
    }
}
