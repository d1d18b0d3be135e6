//! What the bucket's owner should know of it. Each answer takes a right of its own, and not every service has every
//! question: what could not be found out is said, and is no failure.

use aws_sdk_s3::types::{BucketVersioningStatus, ObjectLockEnabled, Permission, PolicyStatus};

use super::bucket::Bucket;
use super::failure::{Cause, Failure};
use super::lifecycle::is_enabled;
use crate::store::Survey;

/// Who is everybody, in an access control list.
const EVERYBODY: [&str; 2] =
    ["http://acs.amazonaws.com/groups/global/AllUsers", "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"];

/// A difference of clocks beyond which something is wrong; at 900 seconds requests are refused.
const SKEW_SECONDS: f64 = 60.0;

impl Bucket {
    pub(super) async fn survey(&self) -> Survey {
        let mut survey = Survey::default();
        self.survey_publicity(&mut survey).await;
        self.survey_encryption(&mut survey).await;
        self.survey_lifecycle(&mut survey).await;
        self.survey_versions(&mut survey).await;
        survey.clock_skew_seconds = self.watch.clock_skew();
        if let Some(seconds) = survey.clock_skew_seconds.filter(|seconds| seconds.abs() > SKEW_SECONDS) {
            survey.warnings.push(format!(
                "The clock of this machine differs from the service's by {seconds:.0} seconds; set it right, because \
                 requests are refused from 15 minutes on."
            ));
        }
        survey
    }

    async fn survey_publicity(&self, survey: &mut Survey) {
        let bucket = self.bucket();
        match self.client.get_bucket_policy_status().bucket(bucket).send().await.map_err(Failure::from) {
            Ok(answer) if answer.policy_status().and_then(PolicyStatus::is_public) == Some(true) => {
                survey.warnings.push(format!(
                    "The policy of the bucket {bucket} lets everybody in; remove the public statements, or block \
                     public access."
                ));
            }
            Err(failure) if failure.code() != "NoSuchBucketPolicy" => {
                survey.cannot("whether a policy makes the bucket public", "s3:GetBucketPolicyStatus", &failure);
            }
            _ => {}
        }
        match self.client.get_bucket_acl().bucket(bucket).send().await.map_err(Failure::from) {
            Ok(answer) => {
                let grants = answer.grants.unwrap_or_default();
                let is_public = grants.iter().any(|grant| {
                    let uri = grant.grantee().and_then(|grantee| grantee.uri()).unwrap_or_default();
                    EVERYBODY.contains(&uri) && grant.permission() != Some(&Permission::ReadAcp)
                });
                if is_public {
                    survey.warnings.push(format!(
                        "The access control list of the bucket {bucket} lets everybody in; make the bucket private."
                    ));
                }
            }
            Err(failure) => {
                survey.cannot("whether an access control list makes the bucket public", "s3:GetBucketAcl", &failure);
            }
        }
    }

    async fn survey_encryption(&self, survey: &mut Survey) {
        if self.plan.encryption.is_some() {
            return;
        }
        let bucket = self.bucket();
        match self.client.get_bucket_encryption().bucket(bucket).send().await.map_err(Failure::from) {
            Ok(answer) => {
                let rules = answer.server_side_encryption_configuration.map(|known| known.rules).unwrap_or_default();
                if rules.is_empty() {
                    survey.warnings.push(unencrypted(bucket));
                }
            }
            Err(failure) if failure.code() == "ServerSideEncryptionConfigurationNotFoundError" => {
                survey.warnings.push(unencrypted(bucket));
            }
            Err(failure) => {
                survey.cannot("whether the service encrypts what it stores", "s3:GetEncryptionConfiguration", &failure);
            }
        }
    }

    async fn survey_lifecycle(&self, survey: &mut Survey) {
        let bucket = self.bucket();
        let rules = match self.rules().await {
            Ok(rules) => rules,
            Err(failure) => {
                let what = "whether unfinished uploads are removed";
                return survey.cannot(what, "s3:GetLifecycleConfiguration", &failure);
            }
        };
        survey.warnings.extend(self.dangers(&rules));
        let mut enabled = rules.iter().filter(|rule| is_enabled(rule));
        if !enabled.any(|rule| rule.abort_incomplete_multipart_upload().is_some()) {
            survey.warnings.push(format!(
                "No lifecycle rule of the bucket {bucket} ends incomplete uploads: those of killed runs cost money \
                 until cleanup_backups removes them. Add one: manage.py check_backups --lifecycle {} --apply",
                self.plan.name
            ));
        }
    }

    async fn survey_versions(&self, survey: &mut Survey) {
        let bucket = self.bucket();
        match self.client.get_bucket_versioning().bucket(bucket).send().await.map_err(Failure::from) {
            Ok(answer) if answer.status == Some(BucketVersioningStatus::Enabled) => survey.warnings.push(format!(
                "The bucket {bucket} keeps versions: what a clean-up removes stays, hidden and paid for, until a \
                 lifecycle rule expires noncurrent versions."
            )),
            Ok(_) => {}
            Err(failure) => survey.cannot("whether the bucket keeps versions", "s3:GetBucketVersioning", &failure),
        }
        match self.client.get_object_lock_configuration().bucket(bucket).send().await.map_err(Failure::from) {
            Ok(answer) => {
                let lock = answer.object_lock_configuration;
                if lock.as_ref().and_then(|lock| lock.object_lock_enabled()) == Some(&ObjectLockEnabled::Enabled)
                    && lock.and_then(|lock| lock.rule).is_some()
                {
                    survey.warnings.push(format!(
                        "The bucket {bucket} locks its objects for a time: what a clean-up removes is hidden, and stays \
                         there until its lock ends."
                    ));
                }
            }
            Err(failure) if failure.code() == "ObjectLockConfigurationNotFoundError" => {}
            Err(failure) => {
                survey.cannot("whether the bucket locks its objects", "s3:GetBucketObjectLockConfiguration", &failure);
            }
        }
    }
}

impl Survey {
    fn cannot(&mut self, what: &str, right: &str, failure: &Failure) {
        let why = if failure.is_denied() {
            format!("these credentials lack {right}")
        } else if failure.is_not_implemented() || failure.status() == 400 || failure.status() == 404 {
            "the service does not tell".to_owned()
        } else if failure.cause == Cause::Other {
            "the service answers in a way of its own".to_owned()
        } else {
            failure.detail.clone()
        };
        self.unknown.push(format!("It is unknown {what}: {why}."));
    }
}

fn unencrypted(bucket: &str) -> String {
    format!("Nothing makes the service encrypt what it stores in the bucket {bucket}; set the store's encryption.")
}
