//! The requests that the peer sends: each is handled once and its response kept, to be sent again octet for octet when
//! the request comes again (RFC 7296 §2.1).

/// What a request is, going by its message ID and its octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// The one that is due: handle it.
    New,
    /// The last one again: send this response again, for the `repeats`-th time.
    Repeat { response: Vec<u8>, repeats: u32 },
    /// The last one's message ID, but other octets: not from the peer, or damaged on the way.
    Differs,
    /// Older than the last one, or ahead of the window.
    OutOfWindow,
}

/// The message ID that is due next and the response to the one before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Responses {
    next: u32,
    last: Option<Last>,
}

#[derive(Clone, Debug)]
struct Last {
    request: Vec<u8>,
    response: Vec<u8>,
    repeats: u32,
}

impl Responses {
    /// The message ID that the peer's next request has to carry.
    pub(crate) fn next_id(&self) -> u32 {
        self.next
    }

    /// Tells what a request is; a repeat is counted.
    pub(crate) fn classify(&mut self, message_id: u32, octets: &[u8]) -> Incoming {
        if message_id == self.next {
            return Incoming::New;
        }
        match &mut self.last {
            Some(last) if message_id.checked_add(1) == Some(self.next) => {
                if last.request != octets {
                    return Incoming::Differs;
                }
                last.repeats += 1;
                Incoming::Repeat { response: last.response.clone(), repeats: last.repeats }
            }
            _ => Incoming::OutOfWindow,
        }
    }

    /// Keeps the response to the request that was due; the next one counts one up.
    pub(crate) fn answered(&mut self, request: Vec<u8>, response: Vec<u8>) {
        self.next = self.next.saturating_add(1);
        self.last = Some(Last { request, response, repeats: 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_request_gets_the_same_response() {
        let mut responses = Responses::default();
        assert_eq!(responses.classify(0, b"a"), Incoming::New);
        responses.answered(b"a".to_vec(), b"A".to_vec());
        let repeat = |repeats| Incoming::Repeat { response: b"A".to_vec(), repeats };
        assert_eq!(responses.classify(0, b"a"), repeat(1));
        assert_eq!(responses.classify(0, b"a"), repeat(2));
        assert_eq!(responses.classify(1, b"b"), Incoming::New);
    }

    #[test]
    fn a_known_message_id_with_other_octets_is_no_repeat() {
        let mut responses = Responses::default();
        responses.answered(b"a".to_vec(), b"A".to_vec());
        assert_eq!(responses.classify(0, b"x"), Incoming::Differs);
    }

    #[test]
    fn what_lies_outside_the_window_is_told() {
        let mut responses = Responses::default();
        assert_eq!(responses.classify(1, b"b"), Incoming::OutOfWindow);
        responses.answered(b"a".to_vec(), b"A".to_vec());
        responses.answered(b"b".to_vec(), b"B".to_vec());
        assert_eq!(responses.classify(0, b"a"), Incoming::OutOfWindow);
        assert_eq!(responses.classify(3, b"d"), Incoming::OutOfWindow);
    }
}
