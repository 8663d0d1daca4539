//! `IKE_AUTH` of a resumed IKE SA (RFC 5723 §4.3.3): both ends show that they know the keys, in one round, whatever way they
//! proved themselves by before.

use std::sync::Arc;

use ipsec_auth::{Identity, Proven, prove_resumed, verify_resumed};
use ipsec_wire::registry::AuthMethod;
use ipsec_wire::v2::{Authentication, Identification, Payload};

use super::HalfOpen;
use super::responder::{check_suite, conclude, refuse};
use crate::config::Connection;
use crate::context::Context;
use crate::exchange::Answer;
use crate::message::Opened;
use crate::refusal::{Failure, Refusal};
use crate::sa::Resumption;

impl HalfOpen<'_> {
    /// The AUTH payload that shows that we know the keys.
    pub(super) fn prove_resumed(&self, id: &Identification, cx: &Context<'_>) -> Payload {
        let octets = self.signed_octets(self.sa.role, id);
        let data = prove_resumed(cx.provider, self.crypto.suite.prf, &octets);
        Payload::Auth(Authentication { method: AuthMethod::SHARED_KEY, data })
    }

    /// Whether the peer knows the keys and says that it is who it was.
    pub(super) fn verify_resumed(
        &self,
        peer: &Identity,
        id: &Identification,
        auth: Option<&Authentication>,
        cx: &Context<'_>,
    ) -> Result<Proven, Failure> {
        let failed = |why: String| Failure::Authentication(why);
        let said = Identity::from_wire(id);
        if said != *peer {
            return Err(failed(format!("{said} comes with the ticket of {peer}")));
        }
        let unknown = || failed(format!("{peer} does not know the keys of the IKE SA that it resumes"));
        let auth = auth.ok_or_else(unknown)?;
        let octets = self.signed_octets(self.sa.role.other(), id);
        verify_resumed(cx.provider, self.crypto.suite.prf, &octets, &auth.data, said).map_err(|_| unknown())
    }
}

/// The responder's half.
pub(super) fn answer(
    half_open: HalfOpen<'_>,
    resumption: &Resumption,
    id: &Identification,
    auth: Option<&Authentication>,
    message: &Opened<'_>,
    cx: &mut Context<'_>,
) -> Result<Answer, Refusal> {
    let proven = half_open.verify_resumed(&resumption.peer, id, auth, cx).map_err(refuse)?;
    let connection = goes_on(half_open, resumption, cx).map_err(refuse)?;
    let own = connection.local_id.to_wire();
    let proof = half_open.prove_resumed(&own, cx);
    conclude(half_open, &connection, proven, vec![Payload::IdR(own), proof], message, cx)
}

/// The connection that it goes on under.
fn goes_on(
    half_open: HalfOpen<'_>,
    resumption: &Resumption,
    cx: &Context<'_>,
) -> Result<Arc<Connection>, Failure> {
    let (local, remote) = (half_open.sa.path.local.ip(), half_open.sa.path.remote.ip());
    let fits = |connection: &&Arc<Connection>| {
        connection.local_id == resumption.own && connection.remote_id.matches(&resumption.peer)
    };
    let fitting: Vec<&Arc<Connection>> = cx.connections.between(local, remote).filter(fits).collect();
    let takes = |connection: &&&Arc<Connection>| connection.check_suite(&half_open.crypto.suite).is_ok();
    let connection =
        fitting.iter().find(takes).or(fitting.first()).ok_or_else(|| {
            Failure::Authentication(format!("{} may not come from {remote}", resumption.peer))
        })?;
    check_suite(half_open, connection, &resumption.peer).map(|()| Arc::clone(connection))
}
