//! What differentially private training promises.

/// Rényi accountant of the Poisson-subsampled Gaussian mechanism.
#[derive(Clone, Debug)]
pub struct Accountant;
