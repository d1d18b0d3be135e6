//! Whether a service compares the bytes of a request with the SHA-256 that is signed with it.
//!
//! The protocol wants it compared, and every request carries it. A service that was seen to refuse other bytes than
//! those that were signed needs no second digest of every part; one that takes them gets an MD5 with each.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;

use super::bucket::Bucket;
use super::failure::Failure;
use crate::plan::Checksums;

const SIGNED: &str = "as it was signed";
const SENT: &str = "as it was sent, ";

impl Bucket {
    /// Finds out before the first part of the first upload, where parts would get an MD5.
    pub(super) async fn try_signature(&self, name: &str, upload: &str) {
        if self.sends_md5() && self.plan.checksums == Checksums::Auto && self.compares_signed.get().is_none() {
            let compares = self.refuses_other_bytes(name, upload).await;
            // Another upload may have found out meanwhile.
            let _ = self.compares_signed.set(compares);
        }
    }

    /// Sends a first part that is not what was signed: it is refused, or the true one takes its place.
    async fn refuses_other_bytes(&self, name: &str, upload: &str) -> bool {
        let request = self
            .part(name, upload, 1)
            .body(ByteStream::from_static(SIGNED.as_bytes()))
            .customize()
            .config_override(Builder::default().retry_config(RetryConfig::disabled()))
            .interceptor(Exchange);
        // Whatever else goes wrong here says nothing about digests, and will go wrong with the true part.
        request.send().await.map_err(Failure::from).is_err_and(|failure| failure.is_damage())
    }
}

/// Changes a request behind its signature.
#[derive(Debug)]
struct Exchange;

#[dyn_dispatch_hint]
impl Intercept for Exchange {
    fn name(&self) -> &'static str {
        "Exchange"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _configuration: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *context.request_mut().body_mut() = SdkBody::from(SENT);
        Ok(())
    }
}
