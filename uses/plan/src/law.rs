//! How the loss depends on size and tokens, and which of both a budget buys best.

use serde::Serialize;

/// L(N, D) = E + A / N^α + B / D^β, in nats a token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Law {
    /// Who fitted it.
    pub name: &'static str,
    /// The loss that no model gets below.
    pub floor: f64,
    a: f64,
    alpha: f64,
    b: f64,
    beta: f64,
}

/// Size and tokens of the least loss for a budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Optimum {
    /// Parameters.
    pub parameters: f64,
    /// Tokens.
    pub tokens: f64,
}

/// Tokens a parameter by the rule of thumb, from approaches 1 and 2 of Hoffmann et al. 2022.
pub const RULE: f64 = 20.0;

/// Epochs after which repeating loses half… of its value: R*_D of Muennighoff et al. 2023
/// (arXiv:2305.16264), section 5.
const REPEATS: f64 = 15.387_756;

impl Law {
    /// Approach 3 of Hoffmann et al. 2022 (arXiv:2203.15556), as printed.
    pub const HOFFMANN: Self = Self {
        name: "Hoffmann et al. 2022",
        floor: 1.69,
        a: 406.4,
        alpha: 0.34,
        b: 410.7,
        beta: 0.28,
    };
    /// The refit of the same data by Besiroglu et al. 2024 of Epoch AI (arXiv:2404.10102), which agrees
    /// with Hoffmann's other two approaches.
    pub const EPOCH: Self = Self {
        name: "Besiroglu et al. 2024 (Epoch AI)",
        floor: 1.8172,
        a: 482.01,
        alpha: 0.3478,
        b: 2085.43,
        beta: 0.3658,
    };

    /// The loss in nats a token, of the fit's own data and vocabulary.
    #[must_use]
    pub fn loss(&self, parameters: f64, tokens: f64) -> f64 {
        self.floor + self.a / parameters.powf(self.alpha) + self.b / tokens.powf(self.beta)
    }

    /// The least loss where 6 · N · D = `flops`, in closed form (equation 4 of Hoffmann et al.).
    #[must_use]
    pub fn optimum(&self, flops: f64) -> Optimum {
        let sum = self.alpha + self.beta;
        let ratio = (self.alpha * self.a / (self.beta * self.b)).powf(1.0 / sum);
        let parameters = ratio * (flops / 6.0).powf(self.beta / sum);
        Optimum {
            parameters,
            tokens: flops / 6.0 / parameters,
        }
    }

    /// Tokens that suit a size: those for which it is the optimum.
    #[must_use]
    pub fn tokens_for(&self, parameters: f64) -> f64 {
        let sum = self.alpha + self.beta;
        let ratio = (self.alpha * self.a / (self.beta * self.b)).powf(1.0 / sum);
        (parameters / ratio).powf(sum / self.beta) / parameters
    }
}

/// What tokens are worth that are seen more than once: `seen` drawn from `unique` ones count as so
/// many different ones (Muennighoff et al. 2023, arXiv:2305.16264, equation 5).
#[must_use]
pub fn useful_tokens(unique: f64, seen: f64) -> f64 {
    let repeats = (seen / unique - 1.0).max(0.0);
    let first = seen.min(unique);
    first + first * REPEATS * (1.0 - (-repeats / REPEATS).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_refit_agrees_with_the_rule_of_thumb_where_it_should() {
        // Chinchilla's own budget, 5.76e23: its authors chose 70B and 1.4T (arXiv:2203.15556).
        let epoch = Law::EPOCH.optimum(5.76e23);
        assert!((epoch.parameters / 70e9).ln().abs() < 0.25, "{epoch:?}");
        assert!(
            (epoch.tokens / epoch.parameters / RULE).ln().abs() < 0.4,
            "{epoch:?}"
        );
        // As published, approach 3 wants a smaller model and more tokens.
        let hoffmann = Law::HOFFMANN.optimum(5.76e23);
        assert!(hoffmann.parameters < 0.7 * epoch.parameters, "{hoffmann:?}");
    }

    #[test]
    fn repeated_tokens_are_worth_less_and_less() {
        assert_eq!(useful_tokens(100.0, 50.0), 50.0);
        assert_eq!(useful_tokens(100.0, 100.0), 100.0);
        // Four epochs are about as good as new data, forty are not.
        assert!(useful_tokens(100.0, 400.0) > 0.9 * 400.0);
        assert!(useful_tokens(100.0, 4000.0) < 0.45 * 4000.0);
    }

    proptest! {
        #[test]
        fn the_optimum_lies_on_the_budget_and_nothing_beside_it_is_better(log in 17.0f64..27.0, side in 0.05f64..2.0) {
            for law in [Law::HOFFMANN, Law::EPOCH] {
                let flops = 10f64.powf(log);
                let best = law.optimum(flops);
                prop_assert!((6.0 * best.parameters * best.tokens / flops - 1.0).abs() < 1e-9);
                let least = law.loss(best.parameters, best.tokens);
                for factor in [side.exp(), (-side).exp()] {
                    let other = law.loss(best.parameters * factor, best.tokens / factor);
                    prop_assert!(other >= least);
                }
                let tokens = law.tokens_for(best.parameters);
                prop_assert!((tokens / best.tokens - 1.0).abs() < 1e-6);
            }
        }

        #[test]
        fn more_budget_buys_more_of_both(log in 17.0f64..26.0) {
            let (little, much) = (Law::EPOCH.optimum(10f64.powf(log)), Law::EPOCH.optimum(10f64.powf(log + 0.5)));
            prop_assert!(much.parameters > little.parameters && much.tokens > little.tokens);
        }
    }
}
