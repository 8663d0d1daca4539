//! How a request of the peer's is answered when it meets something that we are doing to the same SA (RFC 7296 §1.4.1,
//! §2.8.2, §2.25.1, §2.25.2, RFC 9370 §2.2.4).

/// What the peer asks for. A child is `known` if it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A new child.
    CreateChild,
    /// Another child in the place of this one.
    RekeyChild { known: bool },
    /// The end of a child.
    DeleteChild { known: bool },
    /// Another IKE SA in the place of this one.
    RekeyIke,
    /// The end of the IKE SA.
    DeleteIke,
}

/// What we are doing meanwhile, to the SA that the request is about where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// Nothing that matters.
    Nothing,
    /// We have asked for a new child.
    CreatingChild,
    /// We have asked to replace the same child.
    RekeyingSame,
    /// We have agreed with the peer to replace the same child, and additional key exchanges are to come.
    FollowingSame,
    /// We have asked to replace another child.
    RekeyingOther,
    /// We have asked to delete the same child.
    ClosingSame,
    /// Another child has taken the place of the same one, and we are about to delete it.
    ReplacedSame,
    /// We have asked to delete another child.
    ClosingOther,
    /// We have asked to replace the IKE SA.
    RekeyingIke,
    /// We have agreed with the peer to replace the IKE SA, and additional key exchanges are to come.
    FollowingIke,
    /// Another IKE SA has taken the place of this one, or we have asked to delete it.
    ClosingIke,
}

/// What the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// As if nothing else went on.
    Usual,
    /// As usual, and which of two SAs survives is decided later, by the nonces.
    Collision,
    /// As usual, and our own request is forgotten.
    Forget,
    /// Without a Delete payload of our own.
    Nothing,
    /// N(TEMPORARY_FAILURE).
    TemporaryFailure,
    /// N(CHILD_SA_NOT_FOUND).
    NotFound,
}

/// The answer to `asked` while we are `doing` something.
pub(crate) fn reply(asked: Asked, doing: Doing) -> Reply {
    match (asked, doing) {
        (Asked::DeleteIke, Doing::Nothing) => Reply::Usual,
        (Asked::DeleteIke, _) => Reply::Forget,
        (Asked::DeleteChild { known: false }, _) => Reply::Nothing,
        (Asked::DeleteChild { known: true }, Doing::ClosingSame) => Reply::Nothing,
        (Asked::DeleteChild { known: true }, _) => Reply::Usual,
        (
            Asked::CreateChild | Asked::RekeyChild { .. },
            Doing::RekeyingIke | Doing::FollowingIke | Doing::ClosingIke,
        ) => Reply::TemporaryFailure,
        (Asked::CreateChild, _) => Reply::Usual,
        // It may be the one that the response which we wait for tells of.
        (
            Asked::RekeyChild { known: false },
            Doing::CreatingChild | Doing::RekeyingSame | Doing::FollowingSame | Doing::RekeyingOther,
        ) => Reply::TemporaryFailure,
        (Asked::RekeyChild { known: false }, _) => Reply::NotFound,
        (Asked::RekeyChild { known: true }, Doing::RekeyingSame) => Reply::Collision,
        (
            Asked::RekeyChild { known: true },
            Doing::FollowingSame | Doing::ClosingSame | Doing::ReplacedSame,
        ) => Reply::TemporaryFailure,
        (Asked::RekeyChild { known: true }, _) => Reply::Usual,
        (Asked::RekeyIke, Doing::Nothing) => Reply::Usual,
        (Asked::RekeyIke, Doing::RekeyingIke) => Reply::Collision,
        (Asked::RekeyIke, _) => Reply::TemporaryFailure,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn each_request_meets_each_doing() {
        let asked = [
            Asked::CreateChild,
            Asked::RekeyChild { known: true },
            Asked::RekeyChild { known: false },
            Asked::DeleteChild { known: true },
            Asked::DeleteChild { known: false },
            Asked::RekeyIke,
            Asked::DeleteIke,
        ];
        let doing = [
            Doing::Nothing,
            Doing::CreatingChild,
            Doing::RekeyingSame,
            Doing::FollowingSame,
            Doing::RekeyingOther,
            Doing::ClosingSame,
            Doing::ReplacedSame,
            Doing::ClosingOther,
            Doing::RekeyingIke,
            Doing::FollowingIke,
            Doing::ClosingIke,
        ];
        let mut table = format!("{:30}", "");
        doing.iter().for_each(|doing| write!(table, "{:17}", format!("{doing:?}")).unwrap());
        for asked in asked {
            write!(table, "\n{:30}", format!("{asked:?}")).unwrap();
            doing.iter().for_each(|d| write!(table, "{:17}", format!("{:?}", reply(asked, *d))).unwrap());
        }
        let trimmed: Vec<&str> = table.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(trimmed.join("\n"));
    }
}
