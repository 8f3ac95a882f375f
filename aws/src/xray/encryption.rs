//! `PutEncryptionConfig`, `GetEncryptionConfig`.
//!
//! There is no KMS here: the name of a key says whose encryption it is, and the server's own master key does what a key
//! in KMS would do.

use beamline_proto::generated::xray::{
    EncryptionConfig, EncryptionStatus, EncryptionType, GetEncryptionConfigRequest, GetEncryptionConfigResult,
    PutEncryptionConfigRequest, PutEncryptionConfigResult,
};
use beamline_store::cipher::Encryption;

use super::Call;
use crate::fault::Fault;

pub(super) fn get(call: &Call, _: GetEncryptionConfigRequest) -> Result<GetEncryptionConfigResult, Fault> {
    let encryption = call.store.encryption(call.account)?;
    let status = if encryption.settled {
        EncryptionStatus::Active
    } else {
        EncryptionStatus::Updating
    };
    Ok(GetEncryptionConfigResult {
        encryption_config: Some(told(encryption, status)),
    })
}

/// Answers as AWS does: whatever was there before is being updated.
pub(super) fn put(call: &Call, request: PutEncryptionConfigRequest) -> Result<PutEncryptionConfigResult, Fault> {
    match request.r#type {
        EncryptionType::None => call.store.stop_encrypting(call.account)?,
        EncryptionType::Kms => {
            let key = request.key_id.as_deref();
            let key = key.ok_or_else(|| Fault::invalid("KeyId is required when Type is KMS"))?;
            call.store.encrypt(call.account, &call.key_arn(key)?)?;
        }
    }
    let encryption = call.store.encryption(call.account)?;
    Ok(PutEncryptionConfigResult {
        encryption_config: Some(told(encryption, EncryptionStatus::Updating)),
    })
}

fn told(encryption: Encryption, status: EncryptionStatus) -> EncryptionConfig {
    let r#type = if encryption.key_id.is_some() {
        EncryptionType::Kms
    } else {
        EncryptionType::None
    };
    EncryptionConfig {
        key_id: encryption.key_id,
        status: Some(status),
        r#type: Some(r#type),
    }
}

impl Call {
    /// The ARN of a key that is named by alias, by id or by ARN.
    fn key_arn(&self, key: &str) -> Result<String, Fault> {
        let own = |resource: &str| format!("arn:aws:kms:{}:{}:{resource}", self.caller.region, self.caller.account);
        let is_name = |text: &str| {
            let right = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
            !text.is_empty() && text.len() <= 256 && text.bytes().all(right)
        };
        let is_resource = |text: &str| {
            let name = text.strip_prefix("key/").filter(|id| !id.contains('/'));
            name.or_else(|| text.strip_prefix("alias/")).is_some_and(is_name)
        };
        if let Some(rest) = key.strip_prefix("arn:") {
            let parts: Vec<&str> = rest.splitn(5, ':').collect();
            if let [partition, "kms", region, account, resource] = parts[..]
                && partition.starts_with("aws")
                && is_name(region)
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && is_resource(resource)
            {
                return Ok(key.to_owned());
            }
        } else if is_resource(key) && key.starts_with("alias/") {
            return Ok(own(key));
        } else if is_name(key) && !key.contains(['/', '_']) {
            return Ok(own(&format!("key/{key}")));
        }
        let shown: String = key.chars().take(100).collect();
        Err(Fault::invalid(format!(
            "`{shown}` names no KMS key; a key is named by an alias such as alias/traces, by its id or by its ARN"
        )))
    }
}
