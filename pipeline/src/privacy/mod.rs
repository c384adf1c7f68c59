mod budget;
pub use budget::{BudgetArgs, budget};
