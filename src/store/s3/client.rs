//! How a bucket is reached: region, credentials, TLS, limits of time.
//!
//! Credentials come from the AWS SDK's own chain (environment, profile, single sign-on, web identity, role), and from
//! nowhere else.

use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{ConfigLoader, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Region, RequestChecksumCalculation, ResponseChecksumValidation, RuntimeComponents,
    SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_types::service_config::ServiceConfigKey;

use super::provider::Provider;
use super::retry;
use super::throttle::Throttle;
use super::transport::{Watch, WatchedClient};
use crate::error::{Error, Result};
use crate::plan::{Addressing, Checksums, S3Plan};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long nothing may move, unless the plan says otherwise.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client, and what is known of the service behind it.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) watch: Arc<Watch>,
    pub(super) provider: Provider,
    /// For messages.
    pub(super) service: String,
    /// Equal for stores that can read each other's files.
    pub(super) identity: String,
}

/// Makes the client; nothing is asked of the service.
pub(super) async fn connect(plan: &S3Plan) -> Result<Connected> {
    let http = http_client();
    let settings = load(plan, http.clone()).await;
    let endpoint = plan.endpoint.clone().or_else(|| endpoint_of(&settings));
    let provider = Provider::of(endpoint.as_deref()).overridden(plan);
    let Some(region) = settings.region().map(ToString::to_string) else {
        return Err(Error::usage(format!("the store {} has no region", plan.name))
            .hint("Set its region, or AWS_REGION, or a region in the AWS profile"));
    };
    let watch = Arc::new(Watch::new(patience(plan)?, Throttle::new(plan.bandwidth_limit)));
    let mut builder = Builder::from(&settings)
        .http_client(WatchedClient { client: http.clone(), watch: Arc::clone(&watch) })
        .force_path_style(provider.addressing == Addressing::Path)
        .request_checksum_calculation(match provider.checksums {
            Checksums::Crc32 => RequestChecksumCalculation::WhenSupported,
            Checksums::Auto | Checksums::Md5 => RequestChecksumCalculation::WhenRequired,
        })
        .response_checksum_validation(ResponseChecksumValidation::WhenSupported)
        .retry_config(retry::configuration())
        .retry_partition(retry::partition())
        .retry_classifier(retry::Classifier::new(Arc::clone(&watch)))
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(endpoint) = &endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    if let Some(profile) = &plan.profile {
        builder = builder.credentials_provider(credentials_of(profile, &settings, http));
    }
    Ok(Connected {
        client: Client::from_conf(builder.build()),
        watch,
        provider,
        service: endpoint
            .as_deref()
            .map_or_else(|| format!("AWS in {region}"), |address| authority(address).to_owned()),
        identity: format!("{} {region} {}", endpoint.unwrap_or_default(), plan.profile.clone().unwrap_or_default()),
    })
}

/// One TLS stack for the whole program: rustls with ring.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_with_connector_fn(|settings, components| {
        let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build()
    })
}

async fn load(plan: &S3Plan, http: SharedHttpClient) -> SdkConfig {
    let mut loader: ConfigLoader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http);
    if let Some(profile) = &plan.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &plan.region {
        loader = loader.region(Region::new(region.clone()));
    } else if let Some(endpoint) = &plan.endpoint {
        let provider = Provider::of(Some(endpoint));
        if let Some(region) = provider.region_of(endpoint) {
            loader = loader.region(Region::new(region));
        } else if let Some(region) = provider.default_region {
            // Not the whole chain: its last link asks the machine's cloud, where an endpoint elsewhere has no answer.
            let mut profile = ProfileFileRegionProvider::builder();
            if let Some(name) = &plan.profile {
                profile = profile.profile_name(name);
            }
            let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
                .or_else(profile.build())
                .or_else(Region::new(region));
            loader = loader.region(chain);
        }
    }
    loader.load().await
}

/// A profile that was named means its own credentials: in the SDK's chain the environment would come first, and hold
/// those of another store.
fn credentials_of(profile: &str, settings: &SdkConfig, http: SharedHttpClient) -> ProfileFileCredentialsProvider {
    let configuration = ProviderConfig::without_region().with_region(settings.region().cloned()).with_http_client(http);
    ProfileFileCredentialsProvider::builder().configure(&configuration).profile_name(profile).build()
}

/// The address that the environment or the profile gives (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`).
fn endpoint_of(settings: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let for_s3 = settings.service_config().zip(key.ok()).and_then(|(config, key)| config.load_config(key));
    for_s3.or_else(|| settings.endpoint_url().map(str::to_owned))
}

fn patience(plan: &S3Plan) -> Result<Duration> {
    let Some(seconds) = plan.timeout_seconds else {
        return Ok(PATIENCE);
    };
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero()).ok_or_else(|| {
        Error::usage(format!("the store {} cannot wait {seconds} seconds", plan.name))
            .hint("Give its timeout in seconds, more than none")
    })
}

/// Host and port of an address, without a user's name and password.
fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
