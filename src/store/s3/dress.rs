//! What is kept beside an object: metadata, tags, storage class, encryption.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_s3::types::{ServerSideEncryption as Encryption, StorageClass};

use super::bucket::Bucket;
use crate::plan::ServerSideEncryption;
use crate::store::About;
use crate::store::token::token;

/// The metadata by which an upload recognises its own object, when the answer that confirmed it was lost.
const UPLOAD: &str = "holdfast-upload";

/// What goes with a new object.
#[derive(Debug, Clone)]
pub(super) struct Dress {
    about: About,
    token: String,
}

impl Dress {
    pub(super) fn new(about: &About) -> Self {
        Self { about: about.clone(), token: token() }
    }

    /// Whether this is the object that was made with this dress; `None` where the service keeps no metadata.
    pub(super) fn is_of(&self, metadata: &HashMap<String, String>) -> Option<bool> {
        metadata.get(UPLOAD).map(|token| *token == self.token)
    }

    pub(super) fn metadata(&self) -> HashMap<String, String> {
        let about = self.about.iter().map(|(name, value)| (name.clone(), encode(value)));
        about.chain([(UPLOAD.to_owned(), self.token.clone())]).collect()
    }

    /// As `x-amz-tagging` wants them.
    pub(super) fn tagging(&self, bucket: &Bucket) -> Option<String> {
        if !bucket.has_tags() {
            return None;
        }
        let mut tags = BTreeMap::new();
        for name in ["kind", "alias"] {
            if let Some(value) = self.about.get(name) {
                tags.insert(format!("holdfast-{name}"), tag_value(value));
            }
        }
        tags.extend(bucket.plan.tags.clone());
        let pairs: Vec<String> =
            tags.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }
}

impl Bucket {
    pub(super) fn storage_class(&self) -> Option<StorageClass> {
        self.plan.storage_class.as_deref().map(StorageClass::from)
    }

    pub(super) fn encryption(&self) -> Option<Encryption> {
        self.plan.encryption.as_ref().map(|encryption| match encryption {
            ServerSideEncryption::Aes256 => Encryption::Aes256,
            ServerSideEncryption::Kms { .. } => Encryption::AwsKms,
        })
    }

    pub(super) fn kms_key(&self) -> Option<String> {
        match &self.plan.encryption {
            Some(ServerSideEncryption::Kms { key }) => key.clone(),
            _ => None,
        }
    }
}

/// What was kept beside an object.
pub(super) fn about(metadata: HashMap<String, String>) -> About {
    metadata.into_iter().filter(|(name, _)| name != UPLOAD).map(|(name, value)| (name, decode(&value))).collect()
}

/// Dresses the request of any operation that makes an object.
macro_rules! dressed {
    ($request:expr, $bucket:expr, $dress:expr) => {
        $request
            .set_metadata(Some($dress.metadata()))
            .set_tagging($dress.tagging($bucket))
            .set_storage_class($bucket.storage_class())
            .set_server_side_encryption($bucket.encryption())
            .set_ssekms_key_id($bucket.kms_key())
    };
}
pub(super) use dressed;

/// Percent-encodes all but what passes every service, proxy and signature unchanged.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            use std::fmt::Write;
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Undoes [`encode`]; what was never encoded stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                decoded.push(byte);
                rest = &after[2..];
            }
            _ => {
                decoded.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// Whether a service takes this as a tag's name or value.
pub(super) fn is_tag(text: &str, most: usize) -> bool {
    text.chars().count() <= most && text.chars().all(fits_tag)
}

/// What a tag can tell of a value.
fn tag_value(value: &str) -> String {
    value.chars().take(256).map(|character| if fits_tag(character) { character } else { '_' }).collect()
}

fn fits_tag(character: char) -> bool {
    character.is_alphanumeric() || " +-=._:/@".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_survives_as_it_was() {
        for text in ["", "daily", "2026-11-21T02:00:00Z", "größe 100 % + \u{1F980}", "a%2Fb", " both ends ", "\u{7f}\n"]
        {
            let encoded = encode(text);
            assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic()), "{encoded}");
            assert_eq!(decode(&encoded), text);
        }
        assert_eq!(decode("100 % of %zz and %"), "100 % of %zz and %");
    }

    #[test]
    fn tags_hold_only_what_tags_may() {
        assert_eq!(tag_value("täglich (b)"), "täglich _b_");
    }
}
