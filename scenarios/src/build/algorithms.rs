//! Proposals as the protocols take them.

use ipsec::ikev2;

use crate::file;

pub(super) fn ike(proposal: &file::IkeProposal) -> ikev2::IkeProposal {
    ikev2::IkeProposal {
        encryption: proposal.encryption.clone(),
        integrity: proposal.integrity.clone(),
        prf: proposal.prf.clone(),
        key_exchange: proposal.groups.clone(),
        additional: proposal.additional.clone(),
    }
}

pub(super) fn child(proposal: &file::ChildProposal) -> ikev2::ChildProposal {
    ikev2::ChildProposal {
        encryption: proposal.encryption.clone(),
        integrity: proposal.integrity.clone(),
        key_exchange: proposal.groups.clone(),
        additional: proposal.additional.clone(),
        extended_sequence_numbers: proposal.extended_sequence_numbers.clone(),
    }
}
