//! From operations to hours, kilowatt-hours and dollars.

use serde::{Deserialize, Serialize};

use crate::accelerators::Accelerator;
use crate::budget::Budget;
use crate::{Error, Shape};

/// Number format of the products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 16 bits.
    Bf16,
    /// 32 bits.
    Fp32,
}

/// What cannot be known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Assumptions {
    /// Share of the peak that training reaches, of the model's operations (MFU).
    pub mfu: f64,
    /// Devices.
    pub devices: f64,
    /// Number format.
    pub precision: Precision,
    /// Power of the building for each watt of the devices (PUE).
    pub pue: f64,
    /// Dollars for an hour of a device; none: as the table says.
    pub price: Option<f64>,
    /// Kilograms of CO₂ a kilowatt-hour, where that is wanted.
    pub carbon: Option<f64>,
}

/// What training costs on some accelerator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// Which.
    pub accelerator: String,
    /// Hours of one device.
    pub device_hours: f64,
    /// Hours of all of them together.
    pub hours: f64,
    /// Energy in kilowatt-hours, at the devices' limit.
    pub kilowatt_hours: f64,
    /// Kilograms of CO₂.
    pub carbon_kg: Option<f64>,
    /// Dollars.
    pub dollars: Option<f64>,
}

impl Assumptions {
    /// Checks that the numbers make sense.
    ///
    /// # Errors
    /// Names the number that does not.
    pub fn validate(&self) -> Result<(), Error> {
        let above = |name: &str, value: f64, most: f64| match value > 0.0 && value <= most {
            true => Ok(()),
            false => Err(Error::Config(format!(
                "{name} is {value}; it must be above 0 and at most {most}"
            ))),
        };
        above("the MFU", self.mfu, 1.0)?;
        above("the number of devices", self.devices, 1e7)?;
        above("the PUE", self.pue, 10.0)?;
        self.price
            .map_or(Ok(()), |price| above("the price", price, 1e6))
    }

    /// Operations a second that one device really does.
    #[must_use]
    pub fn speed(&self, accelerator: &Accelerator) -> f64 {
        accelerator.peak(self.precision) * self.mfu
    }

    /// What so many operations cost.
    #[must_use]
    pub fn cost(&self, flops: f64, accelerator: &Accelerator) -> Cost {
        let device_hours = flops / self.speed(accelerator) / 3600.0;
        let kilowatt_hours = device_hours * accelerator.watts / 1000.0 * self.pue;
        Cost {
            accelerator: accelerator.name.clone(),
            device_hours,
            hours: device_hours / self.devices,
            kilowatt_hours,
            carbon_kg: self.carbon.map(|carbon| carbon * kilowatt_hours),
            dollars: self
                .price
                .or(accelerator.price)
                .map(|price| price * device_hours),
        }
    }

    /// Operations that a budget buys.
    ///
    /// # Errors
    /// When the budget is money, and no price is known.
    pub fn flops(&self, budget: Budget, accelerator: &Accelerator) -> Result<f64, Error> {
        let hours = match budget {
            Budget::Flops(flops) => return Ok(flops),
            Budget::DeviceHours(hours) => hours,
            Budget::Hours(hours) => hours * self.devices,
            Budget::Dollars(dollars) => {
                let price = self.price.or(accelerator.price).ok_or_else(|| {
                    let name = &accelerator.name;
                    Error::Config(format!(
                        "what an hour of {name} costs is not in the table; give --price"
                    ))
                })?;
                dollars / price
            }
        };
        Ok(hours * 3600.0 * self.speed(accelerator))
    }
}

impl Shape {
    /// Operations to train on so many tokens.
    #[must_use]
    pub fn training_flops(&self, tokens: f64) -> f64 {
        self.flops_per_token() * tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accelerators::accelerators;
    use crate::shape::Family;

    fn assumptions() -> Assumptions {
        Assumptions {
            mfu: 0.4,
            devices: 8.0,
            precision: Precision::Bf16,
            pue: 1.2,
            price: None,
            carbon: Some(0.4),
        }
    }

    #[test]
    fn gpt_3_takes_3_14e23_operations() {
        // Brown et al. 2020 (arXiv:2005.14165), table D.1: 3.14e23 for 174,600 M parameters and 300 B
        // tokens, without attention's products.
        let gpt3 = Shape::new(Family::Gpt2, 96, 96, 12_288, 50_257, 2048);
        let flops = gpt3.training_flops(300e9) - gpt3.attention_flops() * 300e9;
        assert!((flops / 3.14e23 - 1.0).abs() < 0.003, "{flops:e}");
        // Attention adds little at this width.
        let whole = gpt3.training_flops(300e9);
        assert!((1.0..1.04).contains(&(whole / flops)), "{whole:e}");
    }

    #[test]
    fn palm_and_llama_2_come_out_as_published() {
        // Chowdhery et al. 2022 (arXiv:2204.02311): 540.35 B parameters, 780 B tokens, 2048 tokens of
        // context, 118 layers of width 18,432: 2.56e24 (table 20 of the paper), attention included.
        let attention = 12.0 * 118.0 * 18_432.0 * 2048.0;
        let palm: f64 = (6.0 * 540.35e9 + attention) * 780e9;
        assert!((palm / 2.56e24 - 1.0).abs() < 0.01, "{palm:e}");
        // Touvron et al. 2023 (arXiv:2307.09288), table 2: 184,320 hours of A100 for 7B and 2T tokens,
        // which means an MFU between 40 and 50%.
        let llama = Shape {
            feed_forward: 11_008,
            tied: false,
            ..Shape::new(Family::Llama, 32, 32, 4096, 32_000, 4096)
        };
        let a100 = accelerators()
            .unwrap()
            .into_iter()
            .find(|one| one.name == "A100")
            .unwrap();
        let at_peak = Assumptions {
            mfu: 1.0,
            ..assumptions()
        };
        let mfu = at_peak.cost(llama.training_flops(2e12), &a100).device_hours / 184_320.0;
        assert!((0.40..0.50).contains(&mfu), "{mfu}");
    }

    #[test]
    fn budgets_and_costs_are_each_others_inverse() {
        let h100 = accelerators()
            .unwrap()
            .into_iter()
            .find(|one| one.name == "H100")
            .unwrap();
        let assumptions = assumptions();
        for budget in [
            Budget::Flops(1e21),
            Budget::DeviceHours(50.0),
            Budget::Hours(3.0),
            Budget::Dollars(700.0),
        ] {
            let flops = assumptions.flops(budget, &h100).unwrap();
            let cost = assumptions.cost(flops, &h100);
            let again = match budget {
                Budget::Flops(_) => flops - 1e21 + 1.0,
                Budget::DeviceHours(hours) => cost.device_hours / hours,
                Budget::Hours(hours) => cost.hours / hours,
                Budget::Dollars(dollars) => cost.dollars.unwrap() / dollars,
            };
            assert!((again - 1.0).abs() < 1e-9, "{budget:?}");
        }
        let l4 = accelerators()
            .unwrap()
            .into_iter()
            .find(|one| one.name == "L4")
            .unwrap();
        let error = assumptions
            .flops(Budget::Dollars(1.0), &l4)
            .unwrap_err()
            .to_string();
        assert!(error.contains("--price"), "{error}");
    }
}
