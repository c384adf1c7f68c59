//! `WARC-Block-Digest` and `WARC-Payload-Digest` (ISO 28500, 5.8 and 5.9): checked as warcio does,
//! in each of the forms in which crawlers write them.

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
}

/// A digest that a record claims.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Digest {
    algorithm: Algorithm,
    /// None if it is no digest of the algorithm in any form.
    value: Option<Vec<u8>>,
}

impl Digest {
    /// Reads `algorithm:value`; `None` without a value and for an algorithm that is not known.
    pub fn parse(field: &str) -> Option<Self> {
        let (name, value) = field.split_once(':')?;
        let (algorithm, length) = match name.trim().to_ascii_lowercase().as_str() {
            "md5" => (Algorithm::Md5, 16),
            "sha1" | "sha-1" => (Algorithm::Sha1, 20),
            "sha256" | "sha-256" => (Algorithm::Sha256, 32),
            _ => return None,
        };
        let value = value.trim().trim_end_matches('=');
        (!value.is_empty()).then(|| Self {
            algorithm,
            value: decode(value, length),
        })
    }

    /// Whether it is that of these bytes.
    pub fn fits(&self, parts: &[&[u8]]) -> bool {
        let Some(value) = &self.value else {
            return false;
        };
        match self.algorithm {
            Algorithm::Md5 => digest::<Md5>(parts) == *value,
            Algorithm::Sha1 => digest::<Sha1>(parts) == *value,
            Algorithm::Sha256 => digest::<Sha256>(parts) == *value,
        }
    }
}

fn digest<D: sha1::Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

/// Base 32 in either case, base 16, or base 64 of either alphabet, told apart by length.
fn decode(value: &str, length: usize) -> Option<Vec<u8>> {
    let text = value.as_bytes();
    if text.len() == length * 2 {
        return HEXLOWER_PERMISSIVE.decode(text).ok();
    }
    if text.len() == (length * 8).div_ceil(5) {
        let upper = text.to_ascii_uppercase();
        return BASE32_NOPAD.decode(&upper).ok();
    }
    let decoded = BASE64_NOPAD.decode(text);
    let decoded = decoded.or_else(|_| BASE64URL_NOPAD.decode(text)).ok();
    decoded.filter(|bytes| bytes.len() == length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        for field in [
            "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N",
            "SHA-1:vl2mmho4yxukfwv63yhtwsbm3gxksq2n",
            "sha1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
            "sha1: AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D",
            "sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=",
            "md5:5d41402abc4b2a76b9719d911017c592",
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            "sha-256:FTZE3OS7WCRQ4JXIHMVMLOPCTYNRMHS4D6TUEXTTAQZWFE4LTASA====",
        ] {
            let digest = Digest::parse(field).unwrap();
            assert!(digest.fits(&[b"hel", b"lo"]), "{field}");
            assert!(!digest.fits(&[b"Hello"]), "{field}");
        }
        assert!(!Digest::parse("sha1:1112").unwrap().fits(&[b""]));
        for field in ["sha1:", "crc32:00000000", "none", ""] {
            assert_eq!(Digest::parse(field), None);
        }
    }
}
