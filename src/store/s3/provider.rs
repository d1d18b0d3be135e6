//! What each service understands, told from the name of its endpoint's host.
//!
//! Who speaks the protocol does not speak all of it: a header that AWS wants is an error, or is ignored, elsewhere.
//! A service that is not in the table gets what every service has understood from the beginning.

use crate::plan::{Addressing, Checksums, S3Plan};

/// A service, and what it understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Provider {
    /// What people call it.
    pub(super) name: &'static str,
    /// How the ends of its hosts' names look.
    hosts: &'static [&'static str],
    /// Where its hosts' names tell the region, counted in labels from the left.
    region_label: Option<usize>,
    /// The region of the signature, where nothing else tells it.
    pub(super) default_region: Option<&'static str>,
    /// How it is told what it ought to have received.
    pub(super) checksums: Checksums,
    /// How the bucket is named in a request.
    pub(super) addressing: Addressing,
    /// Whether all parts of an upload but the last must be equally large.
    pub(super) uniform_parts: bool,
    /// Whether objects have tags.
    pub(super) tags: bool,
    /// Whether it is known to refuse a write with `If-None-Match: *` where the object exists; others may ignore the
    /// header, and are asked before.
    pub(super) conditional_writes: bool,
}

const OTHER: Provider = Provider {
    name: "an S3-compatible service",
    hosts: &[],
    region_label: None,
    default_region: Some("us-east-1"),
    checksums: Checksums::Md5,
    addressing: Addressing::Path,
    uniform_parts: false,
    tags: true,
    conditional_writes: false,
};

const AWS: Provider = Provider {
    name: "AWS",
    hosts: &[".amazonaws.com", ".amazonaws.com.cn"],
    default_region: None,
    checksums: Checksums::Crc32,
    addressing: Addressing::Virtual,
    conditional_writes: true,
    ..OTHER
};

const KNOWN: [Provider; 10] = [
    AWS,
    // Answers 501 to tags. Parts of unequal size are an error when the upload is completed.
    Provider {
        name: "Cloudflare R2",
        hosts: &[".r2.cloudflarestorage.com"],
        default_region: Some("auto"),
        uniform_parts: true,
        tags: false,
        ..OTHER
    },
    Provider { name: "Backblaze B2", hosts: &[".backblazeb2.com"], region_label: Some(1), tags: false, ..OTHER },
    Provider {
        name: "DigitalOcean Spaces",
        hosts: &[".digitaloceanspaces.com"],
        region_label: Some(0),
        tags: false,
        ..OTHER
    },
    Provider { name: "Hetzner", hosts: &[".your-objectstorage.com"], region_label: Some(0), ..OTHER },
    Provider { name: "Wasabi", hosts: &[".wasabisys.com"], region_label: Some(1), ..OTHER },
    Provider {
        name: "Google Cloud Storage",
        hosts: &["storage.googleapis.com"],
        default_region: Some("auto"),
        tags: false,
        ..OTHER
    },
    Provider { name: "Scaleway", hosts: &[".scw.cloud"], region_label: Some(1), ..OTHER },
    Provider { name: "OVHcloud", hosts: &[".cloud.ovh.net", ".cloud.ovh.us"], region_label: Some(1), ..OTHER },
    Provider { name: "Supabase", hosts: &[".supabase.co"], tags: false, ..OTHER },
];

impl Provider {
    /// The service behind this address; `None` is AWS itself.
    pub(super) fn of(endpoint: Option<&str>) -> Self {
        let Some(endpoint) = endpoint else {
            return AWS;
        };
        let host = host(endpoint);
        let speaks = |provider: &&Self| provider.hosts.iter().any(|end| host.ends_with(end));
        KNOWN.iter().find(speaks).copied().unwrap_or(OTHER)
    }

    /// What the plan says, where it says something.
    #[must_use]
    pub(super) fn overridden(mut self, plan: &S3Plan) -> Self {
        if plan.checksums != Checksums::Auto {
            self.checksums = plan.checksums;
        }
        if plan.addressing != Addressing::Auto {
            self.addressing = plan.addressing;
        }
        self
    }

    /// The region that the endpoint's name tells.
    pub(super) fn region_of(&self, endpoint: &str) -> Option<String> {
        let host = host(endpoint);
        let label = host.split('.').nth(self.region_label?)?;
        Some(label.to_owned())
    }
}

/// The host's name in an address, in lower case.
fn host(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    host.split(':').next().unwrap_or_default().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_hosts() {
        for (endpoint, name, region) in [
            ("https://s3.eu-central-1.amazonaws.com", "AWS", None),
            ("https://0123abcd.r2.cloudflarestorage.com", "Cloudflare R2", None),
            ("https://0123abcd.eu.r2.cloudflarestorage.com/", "Cloudflare R2", None),
            ("https://s3.eu-central-003.backblazeb2.com", "Backblaze B2", Some("eu-central-003")),
            ("https://FRA1.digitaloceanspaces.com:443/x", "DigitalOcean Spaces", Some("fra1")),
            ("https://fsn1.your-objectstorage.com", "Hetzner", Some("fsn1")),
            ("https://s3.eu-central-1.wasabisys.com", "Wasabi", Some("eu-central-1")),
            ("https://storage.googleapis.com", "Google Cloud Storage", None),
            ("https://s3.fr-par.scw.cloud", "Scaleway", Some("fr-par")),
            ("https://s3.gra.io.cloud.ovh.net", "OVHcloud", Some("gra")),
            ("http://127.0.0.1:3900", "an S3-compatible service", None),
            ("https://minio.example.com", "an S3-compatible service", None),
            ("https://amazonaws.com.example.com", "an S3-compatible service", None),
        ] {
            let provider = Provider::of(Some(endpoint));
            assert_eq!(provider.name, name, "{endpoint}");
            assert_eq!(provider.region_of(endpoint).as_deref(), region, "{endpoint}");
        }
    }

    #[test]
    fn aws_alone_gets_what_only_aws_understands() {
        let aws = Provider::of(None);
        assert_eq!((aws.checksums, aws.addressing), (Checksums::Crc32, Addressing::Virtual));
        assert!(aws.conditional_writes && aws.tags && !aws.uniform_parts);
        assert_eq!(aws.default_region, None);
        for provider in &KNOWN[1..] {
            assert_eq!((provider.checksums, provider.addressing), (Checksums::Md5, Addressing::Path), "{provider:?}");
        }
        assert!(Provider::of(Some("https://x.r2.cloudflarestorage.com")).uniform_parts);
    }
}
