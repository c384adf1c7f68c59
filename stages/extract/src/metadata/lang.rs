//! Language tags.

/// A language tag as pages write it (`zh_CN`, `EN-us`) in the form of BCP 47.
pub(crate) fn tag(raw: &str) -> Option<String> {
    let first = raw.split([',', ';', ' ']).next()?.trim().replace('_', "-");
    let mut parts = first.split('-');
    let language = parts.next()?.to_ascii_lowercase();
    let known = matches!(language.len(), 2 | 3) && language.bytes().all(|b| b.is_ascii_lowercase());
    if !known {
        return None;
    }
    let region = parts
        .next()
        .filter(|part| part.bytes().all(|b| b.is_ascii_alphanumeric()));
    Some(match region {
        Some(part) if part.len() == 2 => format!("{language}-{}", part.to_ascii_uppercase()),
        Some(part) if part.len() == 4 => {
            format!(
                "{language}-{}{}",
                part[..1].to_ascii_uppercase(),
                part[1..].to_ascii_lowercase()
            )
        }
        _ => language,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_are_put_in_order() {
        assert_eq!(tag("EN-us").as_deref(), Some("en-US"));
        assert_eq!(tag("zh-hans-CN").as_deref(), Some("zh-Hans"));
        assert_eq!(tag("german"), None);
    }
}
