use super::*;

#[test]
fn integers_are_read_in_network_order() {
    let octets: Vec<u8> = (1..=15).collect();
    let mut cursor = Cursor::new(&octets, 0);
    assert_eq!(cursor.u8("one"), Ok(1));
    assert_eq!(cursor.u16("two"), Ok(0x0203));
    assert_eq!(cursor.u32("four"), Ok(0x0405_0607));
    assert_eq!(cursor.u64("eight"), Ok(0x0809_0a0b_0c0d_0e0f));
    assert!(cursor.is_empty());
}

#[test]
fn what_is_too_short_is_told_with_its_offset_and_nothing_is_taken() {
    let mut cursor = Cursor::new(&[1, 2, 3], 100);
    assert_eq!(cursor.u8("the first"), Ok(1));
    let malformed = cursor.take(3, "the field").unwrap_err();
    assert_eq!(malformed.to_string(), "offset 101: the field needs 3 octets, but 2 are left");
    assert_eq!(cursor.offset(), 101);
    assert_eq!(cursor.rest(), [2, 3]);
    assert_eq!((cursor.offset(), cursor.rest()), (103, &[][..]));
}

#[test]
fn a_nested_reader_ends_at_its_length_and_knows_its_place() {
    let mut outer = Cursor::new(&[1, 2, 3, 4], 10);
    outer.take(1, "the first").unwrap();
    let mut inner = outer.nested(2, "the inner").unwrap();
    assert_eq!((inner.offset(), outer.offset()), (11, 13));
    assert_eq!(inner.rest(), [2, 3]);
    assert_eq!(inner.u8("more").unwrap_err().offset, 13);
    assert_eq!(outer.nested(2, "too much").unwrap_err().offset, 13);
}
