//! What is content: counts and features of every block, a trained model, and the decision.

pub(crate) mod choose;
pub(crate) mod feature_names;
pub(crate) mod features;
pub(crate) mod measure;
pub(crate) mod model;
pub(crate) mod surroundings;
pub(crate) mod survey;
pub(crate) mod thread;
