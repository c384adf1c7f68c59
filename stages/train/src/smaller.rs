//! Smaller micro-batches where memory does not suffice.

use crate::Error;

/// Runs `attempt` with micro-batches of `rows` rows, and with half of them (twice as many
/// micro-batches of the same rows in the same order) as often as memory runs out; `rows` stays at
/// what sufficed. `say` hears of each halving.
///
/// # Errors
/// [`Error::OutOfMemory`] when one row is too much; else what `attempt` gives.
pub(crate) fn halve_until_it_fits<T>(
    rows: &mut u64,
    context: u64,
    say: impl Fn(&str),
    mut attempt: impl FnMut(u64) -> Result<T, Error>,
) -> Result<T, Error> {
    loop {
        match attempt(*rows) {
            Err(Error::Model(textmill_model::Error::OutOfMemory)) if *rows <= 1 => {
                return Err(Error::OutOfMemory { context });
            }
            Err(Error::Model(textmill_model::Error::OutOfMemory)) => {
                let less = rows.div_ceil(2);
                say(&format!(
                    "out of memory with micro-batches of {rows} rows; going on with {less}. \
                     `batch = {less}` and a greater `accumulate` say so from the start"
                ));
                *rows = less;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// A device that holds so many rows.
    fn holds(most: u64) -> impl Fn(u64) -> Result<u64, Error> {
        move |rows| match rows > most {
            true => Err(textmill_model::Error::OutOfMemory.into()),
            false => Ok(rows),
        }
    }

    #[test]
    fn rows_are_halved_until_they_fit_and_stay_so() {
        let said = RefCell::new(Vec::new());
        let say = |text: &str| said.borrow_mut().push(text.to_owned());
        let mut rows = 12;
        let fitted = halve_until_it_fits(&mut rows, 64, say, holds(3)).unwrap();
        assert_eq!((fitted, rows), (3, 3));
        assert_eq!(said.borrow().len(), 2);
        assert!(said.borrow()[1].contains("of 6 rows; going on with 3"));
        halve_until_it_fits(&mut rows, 64, say, holds(3)).unwrap();
        assert_eq!(said.borrow().len(), 2);
    }

    #[test]
    fn one_row_that_does_not_fit_is_the_end_with_the_mend() {
        let mut rows = 5;
        let error = halve_until_it_fits(&mut rows, 64, |_| {}, holds(0)).unwrap_err();
        let said = error.to_string();
        for setting in ["64", "`context`", "`width`", "`layers`", "`precision"] {
            assert!(said.contains(setting), "{said}");
        }
        let other = halve_until_it_fits(&mut rows, 64, |_| {}, |_| Err::<(), _>(Error::Worker));
        assert!(matches!(other, Err(Error::Worker)));
    }
}
