//! The rule families.

use crate::error::Error;
use crate::rules::Rule;

/// Declares the families, in the order in which they decide.
macro_rules! families {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A family of rules, which are measured together.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Family { $($(#[$doc])* $variant,)* }

        /// The names of the families, in the order in which they decide.
        pub const FAMILIES: &[&str] = &[$($name,)*];

        impl Family {
            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether a rule belongs to the family.
            #[must_use]
            pub fn has(self, rule: Rule) -> bool {
                rule.name().split('.').next() == Some(self.name())
            }

            /// The families by their names, in the order in which they decide.
            ///
            /// # Errors
            /// A name that no family has.
            pub fn parse(names: &[String]) -> Result<Vec<Self>, Error> {
                let mut families = Vec::new();
                for name in names {
                    families.push(match name.as_str() {
                        $($name => Self::$variant,)*
                        _ => {
                            return Err(Error::UnknownFamily {
                                name: name.clone(),
                                known: FAMILIES.join(", "),
                            });
                        }
                    });
                }
                families.sort_unstable();
                families.dedup();
                Ok(families)
            }
        }
    };
}

families! {
    /// Addresses, and pages that ask not to be used.
    Url = "url";
    /// The language and how certain it is.
    Lang = "lang";
    /// Gopher's repetition rules.
    GopherRepetition = "gopher_repetition";
    /// Gopher's quality rules.
    GopherQuality = "gopher_quality";
    /// C4's rules.
    C4 = "c4";
    /// RefinedWeb's corrections by line.
    RefinedWeb = "refinedweb";
    /// FineWeb's own rules.
    FineWeb = "fineweb";
    /// Our own rule on the shape of Chinese and Japanese prose.
    Prose = "prose";
    /// Word lists.
    Safety = "safety";
    /// A classifier.
    Classifier = "classifier";
    /// Perplexity under a language model.
    Perplexity = "perplexity";
    /// Items of evaluation sets.
    Decontamination = "decontamination";
}
