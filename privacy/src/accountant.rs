//! What differentially private training promises.

use std::f64::consts::{LN_2, PI, SQRT_2};

use crate::Error;

/// Largest noise multiplier that is looked at.
const MOST_NOISE: f64 = 65_536.0;
/// How close to the smallest noise multiplier a search comes.
const CLOSE: f64 = 1e-4;

/// Rényi accountant of the Poisson-subsampled Gaussian mechanism: of steps that take each row
/// independently with one probability, clip what each teaches to a norm, and add Gaussian noise to
/// the sum (Mironov, Talwar and Zhang 2019, arXiv:1908.10530; Abadi et al. 2016,
/// arXiv:1607.00133). Data sets are neighbours where one has a row more than the other.
///
/// It computes as the `RDPAccountant` of Opacus 1.5.4 does, at the same orders.
#[derive(Clone, Debug)]
pub struct Accountant {
    /// Orders, and the Rényi divergence of one step at each; none where it could not be computed.
    divergences: Vec<(f64, Option<f64>)>,
    rate: f64,
}

impl Accountant {
    /// For steps that take each row with probability `rate`, with noise whose deviation is `noise`
    /// times the clipping norm.
    ///
    /// # Errors
    /// [`Error::Budget`] unless 0 ≤ `rate` ≤ 1 and `noise` is finite and not negative.
    pub fn new(rate: f64, noise: f64) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&rate) {
            let said = format!("the sampling rate is {rate}; it must lie between 0 and 1");
            return Err(Error::Budget(said));
        }
        if !(noise.is_finite() && noise >= 0.0) {
            let said = format!("the noise multiplier is {noise}; it must be 0 or more, and finite");
            return Err(Error::Budget(said));
        }
        let one = |order: f64| (order, divergence(rate, noise, order));
        Ok(Self {
            divergences: orders().map(one).collect(),
            rate,
        })
    }

    /// The ε of so many steps at a δ, by theorem 21 of Balle et al. 2020 (arXiv:1905.09982);
    /// infinite where there is no privacy.
    ///
    /// # Errors
    /// [`Error::Budget`] unless 0 < `delta` < 1.
    pub fn epsilon(&self, steps: u64, delta: f64) -> Result<f64, Error> {
        if !(delta > 0.0 && delta < 1.0) {
            let said = format!("delta is {delta}; it must lie between 0 and 1");
            return Err(Error::Budget(said));
        }
        if steps == 0 || self.rate == 0.0 {
            return Ok(0.0);
        }
        let at = |&(order, divergence): &(f64, Option<f64>)| {
            let spent = divergence? * steps as f64;
            let tail = (delta.ln() + order.ln()) / (order - 1.0);
            Some(spent - tail + ((order - 1.0) / order).ln())
        };
        let least = self.divergences.iter().filter_map(at);
        Ok(least.fold(f64::INFINITY, f64::min).max(0.0))
    }
}

/// The smallest noise multiplier that keeps so many steps within an ε, to 10⁻⁴ above it.
///
/// # Errors
/// [`Error::Budget`] for values that make no sense, and where no noise is enough: at the orders of
/// the accountant an ε below about ln(1/δ)/63 cannot be shown.
pub fn noise_for(epsilon: f64, delta: f64, rate: f64, steps: u64) -> Result<f64, Error> {
    if !(epsilon.is_finite() && epsilon > 0.0) {
        let said = format!("epsilon is {epsilon}; it must be above 0, and finite");
        return Err(Error::Budget(said));
    }
    let spent = |noise: f64| Accountant::new(rate, noise)?.epsilon(steps, delta);
    if spent(0.0)? <= epsilon {
        return Ok(0.0); // nothing is taken at all
    }
    let (mut low, mut high) = (0.0, 1.0);
    while spent(high)? > epsilon {
        if high >= MOST_NOISE {
            let said = format!(
                "no noise keeps {steps} steps at rate {rate} within epsilon {epsilon} at delta {delta:e}: \
                 the accountant shows {:.3} at best; allow a larger epsilon or delta",
                spent(high)?
            );
            return Err(Error::Budget(said));
        }
        (low, high) = (high, 2.0 * high);
    }
    while high - low > CLOSE {
        let middle = 0.5 * (low + high);
        match spent(middle)? <= epsilon {
            true => high = middle,
            false => low = middle,
        }
    }
    Ok(high)
}

/// The orders of Opacus: 1.1 to 10.9 by tenths, then 12 to 63.
fn orders() -> impl Iterator<Item = f64> {
    let tenths = (1..100).map(|tenth| 1.0 + f64::from(tenth) / 10.0);
    tenths.chain((12..64).map(f64::from))
}

/// Rényi divergence of one step at an order in nats, or none where it is infinite or the floating
/// point gives out.
fn divergence(rate: f64, noise: f64, order: f64) -> Option<f64> {
    if rate == 0.0 {
        return Some(0.0);
    }
    if noise == 0.0 {
        return None;
    }
    if rate == 1.0 {
        return Some(order / (2.0 * noise * noise));
    }
    let moment = match order.fract() == 0.0 {
        true => whole(rate, noise, order),
        false => fractional(rate, noise, order)?,
    };
    // A divergence is never negative; rounding of one near 0 may be.
    let found = (moment / (order - 1.0)).max(0.0);
    moment.is_finite().then_some(found)
}

/// log A(α) of section 3.3 for a whole order: a sum over the binomial.
fn whole(rate: f64, noise: f64, order: f64) -> f64 {
    let (mut sum, mut binomial) = (f64::NEG_INFINITY, 0.0);
    for i in 0..=order as u32 {
        let i = f64::from(i);
        let weight = binomial + i * rate.ln() + (order - i) * (-rate).ln_1p();
        sum = add(sum, weight + (i * i - i) / (2.0 * noise * noise));
        binomial += (order - i).ln() - (i + 1.0).ln();
    }
    sum
}

/// The same for any other order: two series, of the parts below and above the point where both
/// densities are equal. None where a difference gets lost in rounding.
fn fractional(rate: f64, noise: f64, order: f64) -> Option<f64> {
    let (mut below, mut above) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    let variance = noise * noise;
    let middle = variance * (1.0 / rate - 1.0).ln() + 0.5;
    // The generalised binomial coefficient, whose sign alternates once i is above the order.
    let (mut i, mut log, mut positive) = (0.0, 0.0, true);
    loop {
        let j = order - i;
        let (taken, left) = (rate.ln(), (-rate).ln_1p());
        let tail = |x: f64| log_erfc(x / (SQRT_2 * noise)) - LN_2;
        let first = log + i * taken + j * left + (i * i - i) / (2.0 * variance) + tail(i - middle);
        let second = log + j * taken + i * left + (j * j - j) / (2.0 * variance) + tail(middle - j);
        if first.is_nan() || second.is_nan() {
            return None;
        }
        let join = match positive {
            true => |a, b| Some(add(a, b)),
            false => subtract,
        };
        (below, above) = (join(below, first)?, join(above, second)?);
        log += (j.abs() / (i + 1.0)).ln();
        positive ^= j < 0.0;
        i += 1.0;
        if first.max(second) < -30.0 {
            return Some(add(below, above));
        }
    }
}

/// log(eᵃ + eᵇ).
fn add(a: f64, b: f64) -> f64 {
    let (less, more) = (a.min(b), a.max(b));
    match less == f64::NEG_INFINITY {
        true => more,
        false => (less - more).exp().ln_1p() + more,
    }
}

/// log(eᵃ − eᵇ), or none where that is negative.
fn subtract(a: f64, b: f64) -> Option<f64> {
    if b == f64::NEG_INFINITY || a - b > 700.0 {
        return Some(a);
    }
    match a >= b {
        true => Some((a - b).exp_m1().ln() + b),
        false => None,
    }
}

/// log erfc(x), also where erfc itself is too small for a number: there by its asymptotic series
/// (Abramowitz and Stegun 1964, 7.1.23).
fn log_erfc(x: f64) -> f64 {
    if x < 10.0 {
        return libm::erfc(x).ln();
    }
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..=12 {
        term *= -(2.0 * f64::from(k) - 1.0) / (2.0 * x * x);
        sum += term;
    }
    -x * x - (x * PI.sqrt()).ln() + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn epsilon(rate: f64, noise: f64, steps: u64, delta: f64) -> f64 {
        let accountant = Accountant::new(rate, noise).unwrap();
        accountant.epsilon(steps, delta).unwrap()
    }

    #[test]
    fn figures_are_those_of_opacus() {
        // `compute_rdp` and `get_privacy_spent` of Opacus 1.5.4 at the `DEFAULT_ALPHAS` of its
        // RDPAccountant: rate, noise, steps, delta, epsilon.
        for (rate, noise, steps, delta, expected) in [
            (0.01, 1.1, 10_000, 1e-5, 5.63199236854841),
            (0.001, 0.5, 1, 1e-5, 2.835610328605305),
            (0.001, 0.5, 50_000, 1e-6, 12.19670007259967),
            (0.001, 1.0, 50_000, 1e-5, 1.2642186405224103),
            (0.001, 8.0, 50_000, 1e-5, 0.1276938493890693),
            (0.004, 0.7, 1_000, 1e-5, 2.8298802425328895),
            (0.01, 0.8, 500, 1e-7, 4.072148109549798),
            (0.01, 4.0, 10_000, 1e-5, 1.0354900660362476),
            (0.0128, 0.87, 580, 1e-5, 3.0371288374569887),
            (0.02, 1.5, 3_000, 1e-8, 5.0972494089051725),
            (0.05, 0.6, 100, 1e-5, 13.289728023860897),
            (0.05, 2.0, 2_000, 1e-3, 4.45217597218027),
            (0.1, 1.0, 100, 1e-5, 7.899255002434629),
            (0.25, 3.0, 400, 1e-6, 9.946125566097027),
            (0.5, 0.5, 10, 1e-5, 34.24185776876831),
            (0.5, 8.0, 1_000, 1e-5, 10.641882517957704),
            (0.9, 2.0, 50, 1e-4, 17.845603131329224),
            (1.0, 0.5, 1, 1e-5, 10.725509696418232),
            (1.0, 5.0, 10, 1e-5, 2.8136532471298397),
            (1.0, 8.0, 50_000, 1e-6, 535.1241855366236),
        ] {
            let found = epsilon(rate, noise, steps, delta);
            let apart = (found / expected - 1.0).abs();
            assert!(
                apart < 1e-9,
                "{rate} {noise} {steps} {delta}: {found} {expected}"
            );
        }
    }

    #[test]
    fn the_ends_of_each_scale() {
        assert_eq!(epsilon(0.0, 1.0, 1000, 1e-5), 0.0);
        assert_eq!(epsilon(0.0, 0.0, 1000, 1e-5), 0.0);
        assert_eq!(epsilon(0.1, 1.0, 0, 1e-5), 0.0);
        assert_eq!(epsilon(0.1, 0.0, 1, 1e-5), f64::INFINITY);
        assert_eq!(epsilon(1.0, 0.0, 1, 1e-5), f64::INFINITY);
        // Hardly any noise: large, and a number all the same.
        assert!(epsilon(0.1, 1e-3, 1, 1e-5) > 1e4);
        assert_eq!(epsilon(0.1, 1e-200, 1, 1e-5), f64::INFINITY);
        // So much that nothing is left: what remains is the conversion's own.
        assert!(epsilon(0.5, 1e200, 1, 1e-5) < 0.11);
        for (rate, noise) in [(-0.1, 1.0), (1.1, 1.0), (f64::NAN, 1.0), (0.1, -1.0)] {
            assert!(Accountant::new(rate, noise).is_err());
        }
        assert!(Accountant::new(0.1, f64::INFINITY).is_err());
        let accountant = Accountant::new(0.1, 1.0).unwrap();
        for delta in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(accountant.epsilon(1, delta).is_err());
        }
    }

    #[test]
    fn rates_near_one_meet_the_plain_gaussian() {
        let near = epsilon(1.0 - 1e-9, 2.0, 10, 1e-5);
        assert!(
            (near / epsilon(1.0, 2.0, 10, 1e-5) - 1.0).abs() < 1e-6,
            "{near}"
        );
    }

    #[test]
    fn the_series_of_erfc_meets_erfc() {
        // mpmath 1.4.1, 40 digits.
        for (x, expected) in [
            (-3.0, 0.693_136_135_250_446_8),
            (0.5, -0.735_011_129_837_084_4),
            (9.999, -102.859_790_995_871_9),
            (10.0, -102.879_889_024_844_89),
            (30.0, -903.974_117_110_643_9),
            (1000.0, -1_000_007.480_120_722),
        ] {
            let found = log_erfc(x);
            assert!((found / expected - 1.0).abs() < 1e-13, "{x}: {found}");
        }
    }

    #[test]
    fn the_noise_for_a_budget_is_the_least() {
        for (target, rate, steps) in [(8.0, 0.0411, 125), (2.0, 0.0411, 200), (0.5, 0.01, 1000)] {
            let noise = noise_for(target, 1e-5, rate, steps).unwrap();
            assert!(epsilon(rate, noise, steps, 1e-5) <= target);
            assert!(epsilon(rate, noise - 1e-3, steps, 1e-5) > target);
        }
        assert_eq!(noise_for(1.0, 1e-5, 0.0, 100).unwrap(), 0.0);
        assert_eq!(noise_for(1.0, 1e-5, 0.1, 0).unwrap(), 0.0);
        let none = noise_for(0.01, 1e-5, 0.1, 100).unwrap_err().to_string();
        assert!(none.contains("at best"), "{none}");
        for epsilon in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(noise_for(epsilon, 1e-5, 0.1, 100).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn budgets_grow_with_steps_and_rate_and_fall_with_noise(
            rate in 1e-4f64..0.9,
            noise in 0.05f64..10.0,
            steps in 1u64..20_000,
            more in 1.05f64..3.0,
        ) {
            let here = epsilon(rate, noise, steps, 1e-5);
            prop_assert!(here.is_finite() && here > 0.0);
            prop_assert!(epsilon(rate, noise, 2 * steps, 1e-5) >= here);
            prop_assert!(epsilon((rate * more).min(1.0), noise, steps, 1e-5) >= here - 1e-9);
            prop_assert!(epsilon(rate, noise * more, steps, 1e-5) <= here + 1e-9);
            prop_assert!(epsilon(rate, noise, steps, 1e-6) >= here);
        }
    }
}
