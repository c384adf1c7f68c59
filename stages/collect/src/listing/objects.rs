//! Objects of a store as the files of a source.

use std::path::{Path, PathBuf};

use super::glob::{self, PathGlob};
use super::{Found, Source};
use crate::error::Error;
use crate::store::{self, Listed, Object};

impl Source {
    /// The objects that an address leads to: of its key, below it, or those that match its glob.
    pub(super) fn list_objects(&self, index: usize) -> Result<Vec<Found>, Error> {
        let glob = glob::split(&self.path);
        let base = glob.as_ref().and_then(|(base, _)| base.to_str());
        let listed = store::list(&self.path, base).map_err(|problem| self.error(problem))?;
        let mut objects = match listed {
            Listed::One(name, object) => return Ok(vec![from_object(index, name, object)]),
            Listed::Below(objects) => objects,
        };
        let glob = glob.map(|(_, pattern)| PathGlob::new(pattern)).transpose();
        let glob = glob.map_err(|error| self.error(format!("`path`: {error}")))?;
        let is_wanted = |name: &str| {
            let path = Path::new(name);
            glob.as_ref().is_none_or(|glob| glob.is_match(path)) && self.lets_through(path)
        };
        objects.retain(|(name, _)| is_wanted(name));
        if objects.is_empty() {
            return Err(self.nothing());
        }
        objects.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
        let found = objects.into_iter();
        Ok(found
            .map(|(name, object)| from_object(index, name, object))
            .collect())
    }
}

fn from_object(source: usize, name: String, object: Object) -> Found {
    Found {
        source,
        path: PathBuf::from(object.address),
        relative: PathBuf::from(name),
        size: object.size,
        // A copy of the same content is the same input.
        modified: if object.e_tag.is_some() {
            0
        } else {
            object.modified
        },
        e_tag: object.e_tag,
        part: None,
        problem: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_the_same_content_is_the_same_input() {
        let object = |modified, e_tag: Option<&str>| {
            let object = Object {
                address: "s3://b/k".into(),
                size: 1,
                e_tag: e_tag.map(str::to_owned),
                modified,
            };
            from_object(0, "k".into(), object)
        };
        assert_eq!(object(1, Some("a")), object(2, Some("a")));
        assert_ne!(object(1, Some("a")), object(1, Some("b")));
        assert_ne!(object(1, None), object(2, None));
    }
}
