//! An open connection: who drives it, what the server remarks meanwhile, how a statement is cancelled, how it ends.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, CancelToken, Client};

use super::address::Address;
use super::copy_out::{CopyOut, Counter};
use super::dial::{self, Way};
use super::failure::describe_error;
use super::obstacle::Obstacle;
use super::tap::{Tap, TapInside};
use crate::error::{Error, Result};
use crate::postgres::quote::literal;

/// Remarks that nobody has drained beyond these are dropped, the oldest first: a server may make one per row.
const NOTICES_KEPT: usize = 1000;

/// Before the statements of one message: they act as the user that has connected, and not as the role that it took on,
/// which may have no rights over the user.
pub(in crate::postgres) const AS_THE_USER: &str = "SET LOCAL ROLE NONE; ";

/// How long the server may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(5);

/// A connection to one database.
pub struct Connection {
    /// Where statements go.
    pub client: Client,
    notices: Arc<Mutex<VecDeque<String>>>,
    counter: Arc<Counter>,
    canceller: Canceller,
    ended: watch::Receiver<()>,
    driver: Driver,
}

/// Stops the statement that a connection executes, from anywhere, over a connection of its own.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    way: Way,
}

/// The task that moves the bytes; it dies with its owner.
struct Driver(JoinHandle<()>);

impl Connection {
    /// Connects as the address says, to the first server of it that will have us, and begins its session.
    pub async fn open(address: &Address) -> Result<Self> {
        let connection = Self::open_untouched(address).await?;
        connection.begin_session(address).await?;
        Ok(connection)
    }

    /// The same, with nothing set in the session yet: it may be somebody else's a moment later.
    pub async fn open_untouched(address: &Address) -> Result<Self> {
        Box::pin(dial::open(address)).await
    }

    /// Takes the session for our own: before anything is asked, names and operators are to mean the server's, whatever path
    /// the owner of the database has set for it. Then it acts as the role of the address. Both are statements, as the
    /// application sends them: poolers refuse them among the parameters of the start, or drop them. So `RESET ROLE` must
    /// never be sent afterwards.
    pub async fn begin_session(&self, address: &Address) -> Result<()> {
        let emptied = self.client.batch_execute("SET search_path = ''").await;
        emptied.map_err(|error| describe_error(error, "preparing the session"))?;
        let Some(role) = &address.assumed else { return Ok(()) };
        self.client.batch_execute(&format!("SET ROLE {}", literal(role))).await.map_err(|error| {
            describe_error(error, format!("taking on the role \"{role}\""))
                .hint("check assume_role in OPTIONS, and that the user is a member of that role")
        })
    }

    /// Opens a socket and speaks with the server until it is ready.
    pub(super) async fn establish(way: Way) -> std::result::Result<Self, Obstacle> {
        let counter = Arc::<Counter>::default();
        let tap = Tap::new(way.socket().await?, Arc::clone(&counter), way.opening());
        let tls = TapInside(way.tls());
        let (client, mut connection) = way.config.connect_raw(tap, tls).await.map_err(Obstacle::Driver)?;
        let notices = Arc::new(Mutex::new(VecDeque::new()));
        let kept = Arc::clone(&notices);
        let (open, ended) = watch::channel(());
        let driver = tokio::spawn(async move {
            let _open = open;
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notice(notice)) => keep(&kept, &notice),
                    Ok(_) => {}
                    // The client reports that the connection is closed; only here the server says why.
                    Err(error) => {
                        error.as_db_error().into_iter().for_each(|reason| keep(&kept, reason));
                        break;
                    }
                }
            }
        });
        let canceller = Canceller { token: client.cancel_token(), way };
        Ok(Self { client, notices, counter, canceller, ended, driver: Driver(driver) })
    }

    /// Executes `statements`, whose `COPY … TO STDOUT` fill buffers of the caller's.
    pub fn copy_out<'a>(&'a self, statements: &'a str) -> CopyOut<'a> {
        CopyOut::start(&self.client, &self.counter, statements)
    }

    /// What stops a running statement; it can outlive the connection.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// The server's remarks since the last call, such as `WARNING: there is no transaction in progress`; the last one
    /// may say why the server ended the connection.
    pub fn drain_notices(&self) -> Vec<String> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    /// Waits until the connection has ended, in whichever way; one that nobody uses would tell of it to nobody.
    pub async fn ended(&self) {
        // Nothing is ever sent: the error says that the driver is gone.
        self.ended.clone().changed().await.ok();
    }

    /// Finishes what was sent and says goodbye; dropping just hangs up. The server forgets the session soon after.
    pub async fn close(self) -> Result<()> {
        let Self { client, mut driver, .. } = self;
        drop(client);
        match tokio::time::timeout(FAREWELL, &mut driver.0).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(panic)) => Err(Error::failed("the connection ended badly").because(panic)),
            Err(_) => Err(Error::database("the server does not close the connection")
                .hint("a statement may still be running there; look at pg_stat_activity")),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Canceller {
    /// Asks the server to stop the statement; the answer is the statement's own error, if it comes in time.
    pub async fn cancel(&self) -> Result<()> {
        let unreachable = |obstacle: Obstacle| obstacle.describe("the server, to cancel a statement");
        let socket = self.way.socket().await.map_err(unreachable)?;
        self.token
            .cancel_query_raw(socket, self.way.tls())
            .await
            .map_err(|error| describe_error(error, "cancelling a statement"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn keep(notices: &Mutex<VecDeque<String>>, notice: &DbError) {
    let mut notices = notices.lock().unwrap_or_else(PoisonError::into_inner);
    if notices.len() == NOTICES_KEPT {
        notices.pop_front();
    }
    notices.push_back(format!("{}: {}", notice.severity(), notice.message()));
}
