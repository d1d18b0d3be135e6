//! What happens to every request on its way: it is begun again when nothing moves, it keeps to the bandwidth, and its
//! answer tells the service's time.
//!
//! The SDK's own limits do not serve: its read timeout counts the sending of a part, which takes minutes on a slow
//! line, and its watch over stalled streams knows nothing of a bandwidth limit.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_sdk_s3::error::{BoxError, ConnectorError};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat, SdkBody};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::throttle::Throttle;

/// So much of an answer must come within the patience: a service that drips would keep us for ever.
const LEAST_BYTES: usize = 4096;

/// What all requests of a store have in common.
#[derive(Debug)]
pub(super) struct Watch {
    patience: Duration,
    throttle: Throttle,
    answered: AtomicBool,
    clock_skew: Mutex<Option<f64>>,
}

impl Watch {
    pub(super) fn new(patience: Duration, throttle: Throttle) -> Self {
        Self { patience, throttle, answered: AtomicBool::new(false), clock_skew: Mutex::new(None) }
    }

    /// Whether the service has ever answered.
    pub(super) fn has_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Seconds that our clock was ahead of the service's at its last answer.
    pub(super) fn clock_skew(&self) -> Option<f64> {
        *self.clock_skew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is at the service, as far as its last answer told: seconds since 1970.
    pub(super) fn time(&self) -> i64 {
        let ahead = time::Duration::seconds_f64(self.clock_skew().unwrap_or_default());
        (time::UtcDateTime::now() - ahead).unix_timestamp()
    }

    fn heard(&self, response: &HttpResponse) {
        self.answered.store(true, Ordering::Relaxed);
        let date =
            response.headers().get("date").and_then(|text| DateTime::from_str(text, DateTimeFormat::HttpDate).ok());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        if let (Some(date), Ok(now)) = (date, now) {
            // The header has whole seconds: on the average it is half of one behind.
            let skew = now.as_secs_f64() - (date.as_secs_f64() + 0.5);
            *self.clock_skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(skew);
        }
    }

    fn stalled(&self) -> BoxError {
        format!("nothing moved for {} seconds", self.patience.as_secs_f64()).into()
    }
}

/// The SDK's HTTP client, watched.
#[derive(Debug)]
pub(super) struct WatchedClient {
    pub(super) client: SharedHttpClient,
    pub(super) watch: Arc<Watch>,
}

impl HttpClient for WatchedClient {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(WatchedConnector { connector, watch: Arc::clone(&self.watch) })
    }
}

#[derive(Debug)]
struct WatchedConnector {
    connector: SharedHttpConnector,
    watch: Arc<Watch>,
}

impl HttpConnector for WatchedConnector {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let watch = Arc::clone(&self.watch);
        let moved = Arc::new(Mutex::new(Instant::now()));
        let body = std::mem::replace(request.body_mut(), SdkBody::taken());
        let pace = Pace::sending(body, Arc::clone(&watch), Arc::clone(&moved));
        *request.body_mut() = SdkBody::from_body_1_x(pace);
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move {
            let mut response = tokio::select! {
                response = answer => response?,
                () = stillness(&moved, watch.patience) => return Err(ConnectorError::timeout(watch.stalled())),
            };
            watch.heard(&response);
            let body = std::mem::replace(response.body_mut(), SdkBody::taken());
            *response.body_mut() = SdkBody::from_body_1_x(Pace::receiving(body, watch));
            Ok(response)
        })
    }
}

/// Ends when nothing has moved for so long.
async fn stillness(moved: &Mutex<Instant>, patience: Duration) {
    loop {
        let end = *moved.lock().unwrap_or_else(PoisonError::into_inner) + patience;
        if end <= Instant::now() {
            return;
        }
        sleep_until(end).await;
    }
}

/// A body that passes in slices, as the bandwidth allows.
struct Pace {
    body: SdkBody,
    rest: Bytes,
    /// Of a request: when the connection last took something.
    moved: Option<Arc<Mutex<Instant>>>,
    /// Of an answer: when to lose patience.
    deadline: Option<Pin<Box<Sleep>>>,
    /// What came since the deadline was set.
    received: usize,
    /// Of an answer: when the last slice was handed on. What its taker then does with it is not the service's time.
    handed: Option<Instant>,
    /// Until when the bandwidth makes us wait.
    pause: Option<Pin<Box<Sleep>>>,
    watch: Arc<Watch>,
}

impl Pace {
    fn sending(body: SdkBody, watch: Arc<Watch>, moved: Arc<Mutex<Instant>>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            moved: Some(moved),
            deadline: None,
            received: 0,
            handed: None,
            pause: None,
            watch,
        }
    }

    fn receiving(body: SdkBody, watch: Arc<Watch>) -> Self {
        let deadline = Some(Box::pin(sleep_until(Instant::now() + watch.patience)));
        Self { body, rest: Bytes::new(), moved: None, deadline, received: 0, handed: None, pause: None, watch }
    }

    fn touch(&mut self) {
        let now = Instant::now();
        if let Some(moved) = &self.moved {
            *moved.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
        self.received = 0;
        if let Some(deadline) = &mut self.deadline {
            deadline.as_mut().reset(now + self.watch.patience);
        }
    }
}

impl Body for Pace {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let (Some(moment), Some(deadline)) = (this.handed.take(), &mut this.deadline) {
            let end = deadline.deadline() + moment.elapsed();
            deadline.as_mut().reset(end);
        }
        if let Some(pause) = &mut this.pause {
            ready!(pause.as_mut().poll(context));
            this.pause = None;
            this.touch();
        }
        while this.rest.is_empty() {
            match Pin::new(&mut this.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => {
                        this.received = this.received.saturating_add(data.len());
                        this.rest = data;
                    }
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Poll::Ready(other) => return Poll::Ready(other),
                Poll::Pending => {
                    if this.received >= LEAST_BYTES {
                        this.touch();
                    }
                    if let Some(deadline) = &mut this.deadline {
                        ready!(deadline.as_mut().poll(context));
                        return Poll::Ready(Some(Err(this.watch.stalled())));
                    }
                    return Poll::Pending;
                }
            }
        }
        if this.moved.is_some() {
            this.touch();
        }
        this.handed = Some(Instant::now());
        let slice = this.rest.split_to(this.rest.len().min(this.watch.throttle.slice()));
        if let Some(moment) = this.watch.throttle.take(slice.len()) {
            // What was just taken passes now, and is paid for before the next: a pause must not look like a stall.
            this.pause = Some(Box::pin(sleep_until(moment)));
        }
        Poll::Ready(Some(Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}
