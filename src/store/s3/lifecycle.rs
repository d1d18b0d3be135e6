//! The lifecycle rules of a bucket: those that backups need, those that would harm them, and how ours come there.

use aws_sdk_s3::types::builders::LifecycleRuleBuilder;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus,
    LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, TransitionStorageClass,
};

use super::bucket::Bucket;
use super::errors::Action;
use super::failure::{Answer, Failure};
use crate::error::{Error, Result};
use crate::store::{Lifecycle, WantedRule};

const UPLOADS: &str = "holdfast-incomplete-uploads";
const VERSIONS: &str = "holdfast-noncurrent-versions";

/// Longer than any upload takes that is still at work.
const UPLOAD_DAYS: i32 = 7;

/// So long a removed backup can still be had where the bucket keeps versions.
const VERSION_DAYS: i32 = 30;

/// What must be thawed before it can be read.
const ARCHIVES: [TransitionStorageClass; 2] = [TransitionStorageClass::Glacier, TransitionStorageClass::DeepArchive];

/// A rule of ours, and whether the bucket has one that does the same.
struct Ours {
    rule: LifecycleRule,
    purpose: String,
    is_there: bool,
}

impl Bucket {
    /// Tells what the bucket should have; adds what it lacks where that is wanted, and looks whether it came there.
    pub(super) async fn lifecycle(&self, apply: bool) -> Result<Lifecycle> {
        let read = || async { self.rules().await.map_err(|failure| self.explain(Action::ReadLifecycle, "", &failure)) };
        let mut rules = read().await?;
        let mut ours = self.wanted(&rules).await?;
        let lacking = ours.iter().any(|wanted| !wanted.is_there);
        if apply && lacking {
            let new: Vec<_> = ours.into_iter().filter(|wanted| !wanted.is_there).map(|wanted| wanted.rule).collect();
            // One of our name that does not do it was changed, or is disabled.
            rules.retain(|rule| new.iter().all(|ours| ours.id != rule.id));
            rules.extend(new);
            self.write(rules).await.map_err(|failure| self.explain(Action::WriteLifecycle, "", &failure))?;
            rules = read().await?;
            ours = self.wanted(&rules).await?;
            if let Some(lost) = ours.iter().find(|wanted| !wanted.is_there) {
                let rule = lost.rule.id().unwrap_or_default();
                return Err(Error::failed(format!("the service has taken the rule {rule}, and does not have it"))
                    .hint("See in the console of the service which lifecycle rules it can have"));
            }
        }
        let wanted = ours.into_iter().map(|ours| WantedRule {
            id: ours.rule.id.unwrap_or_default(),
            purpose: ours.purpose,
            is_there: ours.is_there,
        });
        Ok(Lifecycle { rules: wanted.collect(), dangers: self.dangers(&rules), applied: apply && lacking })
    }

    /// All rules that the bucket has; none where it never had any.
    pub(super) async fn rules(&self) -> Answer<Vec<LifecycleRule>> {
        let answer = self.client.get_bucket_lifecycle_configuration().bucket(self.bucket()).send().await;
        match answer.map_err(Failure::from) {
            Ok(answer) => Ok(answer.rules.unwrap_or_default()),
            Err(failure) if failure.code() == "NoSuchLifecycleConfiguration" => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// Each is a sentence: what a rule would do to backups.
    pub(super) fn dangers(&self, rules: &[LifecycleRule]) -> Vec<String> {
        let bucket = self.bucket();
        let touching = rules.iter().filter(|rule| is_enabled(rule) && self.touches(rule));
        touching
            .filter_map(|rule| {
                let id = rule.id().unwrap_or("without a name");
                let expires = rule.expiration().is_some_and(|end| end.days().is_some() || end.date().is_some());
                if expires {
                    return Some(format!(
                        "The lifecycle rule {id} of the bucket {bucket} removes backups by their age: it knows nothing of pins, \
                         nor of the newest good one. Let it leave out what begins with {:?}.",
                        self.root()
                    ));
                }
                let archives = |class: Option<&TransitionStorageClass>| class.is_some_and(|class| ARCHIVES.contains(class));
                rule.transitions().iter().any(|move_to| archives(move_to.storage_class())).then(|| {
                    format!(
                        "The lifecycle rule {id} of the bucket {bucket} archives backups: they must be thawed before they can be \
                         read, manifests too. Let it leave out what begins with {:?}.",
                        self.root()
                    )
                })
            })
            .collect()
    }

    async fn write(&self, rules: Vec<LifecycleRule>) -> Answer<()> {
        let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
        let configuration = configuration.map_err(|error| Failure::other(error.to_string()))?;
        let request = self.client.put_bucket_lifecycle_configuration().bucket(self.bucket());
        request.lifecycle_configuration(configuration).send().await.map(drop).map_err(Failure::from)
    }

    async fn wanted(&self, rules: &[LifecycleRule]) -> Result<Vec<Ours>> {
        let has = |does: &dyn Fn(&LifecycleRule) -> bool| {
            rules.iter().any(|rule| is_enabled(rule) && self.covers(rule) && does(rule))
        };
        let ends = AbortIncompleteMultipartUpload::builder().days_after_initiation(UPLOAD_DAYS).build();
        let mut wanted = vec![Ours {
            rule: self.rule(UPLOADS, |rule| rule.abort_incomplete_multipart_upload(ends))?,
            purpose: format!("ends uploads of killed runs after {UPLOAD_DAYS} days, which cost money until then"),
            is_there: has(&|rule| rule.abort_incomplete_multipart_upload().is_some()),
        }];
        let versioning = self.client.get_bucket_versioning().bucket(self.bucket()).send().await;
        // A service that does not tell keeps none.
        if versioning.is_ok_and(|answer| answer.status == Some(BucketVersioningStatus::Enabled)) {
            let ends = NoncurrentVersionExpiration::builder().noncurrent_days(VERSION_DAYS).build();
            wanted.push(Ours {
                rule: self.rule(VERSIONS, |rule| rule.noncurrent_version_expiration(ends))?,
                purpose: format!(
                    "lets go of what a clean-up removed {VERSION_DAYS} days ago, which costs money until then"
                ),
                is_there: has(&|rule| rule.noncurrent_version_expiration().is_some()),
            });
        }
        Ok(wanted)
    }

    fn rule(&self, id: &str, does: impl FnOnce(LifecycleRuleBuilder) -> LifecycleRuleBuilder) -> Result<LifecycleRule> {
        let filter = LifecycleRuleFilter::builder().prefix(self.root()).build();
        let rule = LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled).filter(filter);
        does(rule).build().map_err(|error| Error::failed("a lifecycle rule cannot be written").because(error))
    }

    /// Whether a rule is about all of our files.
    fn covers(&self, rule: &LifecycleRule) -> bool {
        let (prefix, is_narrowed) = reach(rule);
        !is_narrowed && self.root().starts_with(prefix)
    }

    /// Whether a rule may be about some of our files.
    fn touches(&self, rule: &LifecycleRule) -> bool {
        let (prefix, _) = reach(rule);
        let root = self.root();
        root.starts_with(prefix) || prefix.starts_with(&root)
    }
}

pub(super) fn is_enabled(rule: &LifecycleRule) -> bool {
    *rule.status() == ExpirationStatus::Enabled
}

/// What the keys begin with that a rule is about, and whether tags or sizes leave some of them out.
fn reach(rule: &LifecycleRule) -> (&str, bool) {
    #[expect(deprecated, reason = "rules of that form are still there")]
    let old = rule.prefix();
    let Some(filter) = rule.filter() else { return (old.unwrap_or_default(), false) };
    let both = filter.and();
    let prefix = filter.prefix().or_else(|| both.and_then(|both| both.prefix())).unwrap_or_default();
    let is_sized = filter.object_size_greater_than().is_some() || filter.object_size_less_than().is_some();
    (prefix, both.is_some() || filter.tag().is_some() || is_sized)
}
