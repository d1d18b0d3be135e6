//! What the session must be able to do: libpq's `target_session_attrs`.

use tokio_postgres::{Client, SimpleQueryMessage};

use super::parameters::Parameters;
use crate::error::Result;

/// What kind of server will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl Role {
    pub(super) fn of(parameters: &Parameters) -> Result<Self> {
        let choices = [
            ("any", Self::Any),
            ("read-write", Self::ReadWrite),
            ("read-only", Self::ReadOnly),
            ("primary", Self::Primary),
            ("standby", Self::Standby),
            ("prefer-standby", Self::PreferStandby),
        ];
        Ok(parameters.choice("target_session_attrs", &choices)?.unwrap_or(Self::Any))
    }

    /// The rounds through the list of hosts: a preference is a demand first and none afterwards.
    pub(super) fn rounds(self) -> &'static [Self] {
        match self {
            Self::Any => &[Self::Any],
            Self::ReadWrite => &[Self::ReadWrite],
            Self::ReadOnly => &[Self::ReadOnly],
            Self::Primary => &[Self::Primary],
            Self::Standby => &[Self::Standby],
            Self::PreferStandby => &[Self::Standby, Self::Any],
        }
    }

    /// Asks the server; `Some` says why it will not do.
    pub(super) async fn objection(
        self,
        client: &Client,
    ) -> std::result::Result<Option<&'static str>, tokio_postgres::Error> {
        if self == Self::Any {
            return Ok(None);
        }
        let question = "SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')";
        let answer = client.simple_query(question).await?;
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let standby = row.and_then(|row| row.get(0)) == Some("t");
        let read_only = standby || row.and_then(|row| row.get(1)) == Some("on");
        Ok(match self {
            Self::ReadWrite if read_only => Some("the session is read-only"),
            Self::ReadOnly if !read_only => Some("the session is not read-only"),
            Self::Primary if standby => Some("the server is a standby"),
            Self::Standby if !standby => Some("the server is no standby"),
            _ => None,
        })
    }
}
