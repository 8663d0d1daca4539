//! How much of a conversation of EAP an end takes: its peer is not authenticated, and may be anybody.

use crate::refusal::Failure;

/// How many packets are taken; no method needs half as many.
const MOST_PACKETS: u32 = 24;
/// How long a packet may be in octets; the methods here need less than a thousand.
const LONGEST: usize = 4096;

/// Counts the packets of the other end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    packets: u32,
}

impl Bounds {
    /// Takes one more packet.
    ///
    /// # Errors
    /// If it is too long, or one too many.
    pub(super) fn admit(&mut self, packet: &[u8]) -> Result<(), Failure> {
        let length = packet.len();
        if length > LONGEST {
            let why = format!("an EAP packet of {length} octets, expected at most {LONGEST}");
            return Err(Failure::Authentication(why));
        }
        if self.packets == MOST_PACKETS {
            return Err(Failure::Authentication(format!("EAP takes more than {MOST_PACKETS} messages")));
        }
        self.packets += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_without_end_is_ended_and_a_packet_without_end_is_not_taken() {
        let mut bounds = Bounds::default();
        let why = bounds.admit(&[0; LONGEST + 1]).unwrap_err().to_string();
        assert_eq!(why, "AUTHENTICATION_FAILED: an EAP packet of 4097 octets, expected at most 4096");
        let taken = (0..1000).take_while(|_| bounds.admit(&[0; LONGEST]).is_ok()).count();
        assert_eq!(taken, 24);
        let why = bounds.admit(&[]).unwrap_err().to_string();
        assert_eq!(why, "AUTHENTICATION_FAILED: EAP takes more than 24 messages");
    }
}
