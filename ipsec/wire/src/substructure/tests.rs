use super::*;

fn read(octets: &[u8], kind: Kind) -> Result<Vec<Vec<u8>>, Malformed> {
    parse(&mut Cursor::new(octets, 100), kind, |mut cursor| Ok(cursor.rest().to_vec()))
}

/// Two of them behind each other, the first with two octets of content, and `next` behind the second.
fn two(kind: Kind, next: u8) -> [u8; 10] {
    [kind.more, 0, 0, 6, 0xaa, 0xbb, next, 0, 0, 4]
}

#[test]
fn all_but_the_last_announce_another_one() {
    for kind in [PROPOSAL, TRANSFORM] {
        let items = vec![vec![0xaa, 0xbb], Vec::new()];
        assert_eq!(read(&two(kind, 0), kind), Ok(items.clone()));
        let mut written = Vec::new();
        emit(&items, kind, &mut written, |item, out| out.extend_from_slice(item));
        assert_eq!(written, two(kind, 0));
    }
}

#[test]
fn nothing_else_may_follow() {
    for kind in [PROPOSAL, TRANSFORM] {
        for next in (1..=u8::MAX).filter(|next| *next != kind.more) {
            let text = format!("{} is followed by {next}, expected {} or 0", kind.name, kind.more);
            assert_eq!(read(&two(kind, next), kind), Err(Malformed::new(106, text)));
        }
        let text = format!("{} needs 1 octets, but 0 are left", kind.name);
        assert_eq!(read(&two(kind, kind.more), kind), Err(Malformed::new(110, text)));
    }
}

#[test]
fn a_length_that_does_not_fit_is_malformed() {
    let told = |octets: &[u8]| read(octets, TRANSFORM).unwrap_err().to_string();
    assert_eq!(told(&[]), "offset 100: a transform needs 1 octets, but 0 are left");
    assert_eq!(told(&[0, 0, 0]), "offset 102: a transform's length needs 2 octets, but 1 are left");
    assert_eq!(told(&[0, 0, 0, 3]), "offset 102: a transform's length of 3 is less than its header");
    assert_eq!(told(&[0, 0, 0, 5]), "offset 104: a transform needs 1 octets, but 0 are left");
}
