//! What there is to spend.

use std::str::FromStr;

use serde::Serialize;

use crate::Error;

/// A budget in one of its units.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Budget {
    /// Operations.
    Flops(f64),
    /// Hours of one device.
    DeviceHours(f64),
    /// Hours of all devices.
    Hours(f64),
    /// Dollars.
    Dollars(f64),
}

/// A unit's name, and the budget of so many of them.
type Unit = (&'static str, fn(f64) -> Budget);

impl FromStr for Budget {
    type Err = Error;

    /// `1e21flops`, `500gpuh`, `24h` or `1000usd`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::Config(format!(
                "`{text}` is no budget; write it as 1e21flops, 500gpuh, 24h or 1000usd"
            ))
        };
        let units: [Unit; 4] = [
            ("flops", Self::Flops),
            ("gpuh", Self::DeviceHours),
            ("usd", Self::Dollars),
            ("h", Self::Hours),
        ];
        let lower = text.trim().to_lowercase();
        for (unit, budget) in units {
            if let Some(number) = lower.strip_suffix(unit) {
                let number: f64 = number.trim().parse().map_err(|_| wrong())?;
                return if number > 0.0 && number.is_finite() {
                    Ok(budget(number))
                } else {
                    Err(wrong())
                };
            }
        }
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_have_units() {
        assert_eq!("1e21flops".parse::<Budget>().unwrap(), Budget::Flops(1e21));
        assert_eq!(
            "500 GPUh".parse::<Budget>().unwrap(),
            Budget::DeviceHours(500.0)
        );
        assert_eq!("24h".parse::<Budget>().unwrap(), Budget::Hours(24.0));
        assert_eq!(
            "1000USD".parse::<Budget>().unwrap(),
            Budget::Dollars(1000.0)
        );
        for wrong in ["1000", "-3h", "flops", "nanh"] {
            let error = wrong.parse::<Budget>().unwrap_err().to_string();
            assert!(error.contains("1e21flops"), "{error}");
        }
    }
}
