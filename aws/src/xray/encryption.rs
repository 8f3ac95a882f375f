//! `GetEncryptionConfig`.

use beamline_proto::generated::xray::{
    EncryptionConfig, EncryptionStatus, EncryptionType, GetEncryptionConfigRequest, GetEncryptionConfigResult,
};

use super::Call;
use crate::fault::Fault;

pub(super) fn get(_: &Call, _: GetEncryptionConfigRequest) -> Result<GetEncryptionConfigResult, Fault> {
    Ok(GetEncryptionConfigResult {
        encryption_config: Some(EncryptionConfig {
            status: Some(EncryptionStatus::Active),
            r#type: Some(EncryptionType::None),
            ..EncryptionConfig::default()
        }),
    })
}
