//! Requests to a store that are waited for at the same time: an answer takes as long as the transfer of
//! some megabytes.

use std::panic::resume_unwind;
use std::thread;

use crate::Error;

/// How many a task waits for at a time.
pub(crate) const AT_ONCE: usize = 32;

/// Asks for each of some things, at most [`AT_ONCE`] at a time; the answers in their order.
pub(crate) fn together<T: Sync, R: Send>(
    things: &[T],
    ask: impl Fn(&T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let ask = &ask;
    let mut answers = Vec::with_capacity(things.len());
    for some in things.chunks(AT_ONCE) {
        thread::scope(|scope| -> Result<(), Error> {
            let asked: Vec<_> = some
                .iter()
                .map(|thing| scope.spawn(move || ask(thing)))
                .collect();
            for thread in asked {
                answers.push(thread.join().unwrap_or_else(|panic| resume_unwind(panic))?);
            }
            Ok(())
        })?;
    }
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn answers_come_in_order_and_an_error_comes_through() {
        let things: Vec<usize> = (0..3 * AT_ONCE + 1).collect();
        let doubled = together(&things, |thing| Ok(thing * 2)).unwrap();
        assert_eq!(doubled, things.iter().map(|t| t * 2).collect::<Vec<_>>());
        let some = together(&things, |thing| match thing {
            40 => Err(Error::damaged(Path::new("forty"), "number")),
            _ => Ok(*thing),
        });
        assert!(some.unwrap_err().to_string().contains("forty"));
    }
}
