//! AWS's names in Rust's spelling.

/// `HTTPCode4XXCount` → `http_code_4xx_count`, `ResourceARNs` → `resource_arns`, `EC2InstanceId` → `ec2_instance_id`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, &letter) in letters.iter().enumerate() {
        if at > 0 && starts_word(&letters, at) {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// A word starts where lower case turns upper or a digit, and where the last capital of an acronym belongs to the next
/// word. The `s` of a plural acronym belongs to the acronym.
fn starts_word(letters: &[char], at: usize) -> bool {
    let (before, here) = (letters[at - 1], letters[at]);
    let after = letters.get(at + 1).copied();
    let plural = after == Some('s') && letters.get(at + 2).is_none_or(char::is_ascii_uppercase);
    if here.is_ascii_digit() {
        return before.is_ascii_lowercase();
    }
    here.is_ascii_uppercase()
        && (before.is_ascii_lowercase()
            || (after.is_some_and(|after| after.is_ascii_lowercase()) && !plural && !at_digit_word(letters, at)))
}

/// `4XXCount`: what follows a digit stays with it, as long as it is upper case.
fn at_digit_word(letters: &[char], at: usize) -> bool {
    letters[at - 1].is_ascii_digit() && letters.get(at + 1).is_some_and(char::is_ascii_uppercase)
}

/// `TraceSummary` → `TRACE_SUMMARY`.
pub(crate) fn screaming(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// `ACTIVE` → `Active`, `FixedRate` → `FixedRate`, `no-data` → `NoData`.
pub(crate) fn variant(value: &str) -> String {
    let words = value.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.map(capitalised).collect()
}

fn capitalised(word: &str) -> String {
    let shouted = !word.chars().any(|letter| letter.is_ascii_lowercase());
    let mut letters = word.chars();
    match letters.next() {
        Some(first) if shouted => first.to_string() + &letters.as_str().to_ascii_lowercase(),
        Some(first) => first.to_ascii_uppercase().to_string() + letters.as_str(),
        None => String::new(),
    }
}

/// A field name that Rust accepts.
pub(crate) fn field(name: &str) -> String {
    let snake = snake(name);
    if snake == "type" { "r#type".to_owned() } else { snake }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_of_aws_becomes_one_style_of_rust() {
        for (aws, rust) in [
            ("HTTPCode4XXCount", "http_code_4xx_count"),
            ("ResourceARNs", "resource_arns"),
            ("EC2InstanceId", "ec2_instance_id"),
            ("GroupARN", "group_arn"),
            ("HttpURL", "http_url"),
            ("URLPath", "url_path"),
            ("ReservoirQuotaTTL", "reservoir_quota_ttl"),
            ("ClientIp", "client_ip"),
            ("SpansLogGroupKmsKeyId", "spans_log_group_kms_key_id"),
        ] {
            assert_eq!(snake(aws), rust);
        }
        assert_eq!(variant("ACTIVE"), "Active");
        assert_eq!(variant("CloudWatchLogs"), "CloudWatchLogs");
        assert_eq!(variant("no-data"), "NoData");
    }
}
