//! Which tokens speak for a prediction: gradient × input.

use serde::Serialize;
use textmill_model::Gpt;

use crate::Error;
use crate::lens::floats;

/// Positions that share one way up through the network.
const TOGETHER: usize = 16;

/// How much each token up to a position speaks for what comes behind it.
#[derive(Clone, Debug, Serialize)]
pub struct Attribution {
    /// The position that predicts.
    pub position: usize,
    /// The token whose log-probability is explained: the one that follows; behind the last
    /// position, the likeliest.
    pub target: u32,
    /// Gradient × input of each token up to the position, in nats.
    pub values: Vec<f32>,
}

/// The last `count` positions in groups that are computed together.
pub(crate) fn groups(tokens: usize, count: usize) -> Vec<Vec<usize>> {
    let positions: Vec<usize> = (tokens.saturating_sub(count)..tokens).collect();
    positions.chunks(TOGETHER).map(<[usize]>::to_vec).collect()
}

/// Explains a group of positions; `next` is what follows the last token.
pub(crate) fn group(
    gpt: &Gpt,
    ids: &[i64],
    next: i64,
    positions: &[usize],
) -> Result<Vec<Attribution>, Error> {
    let target = |position: &usize| ids.get(position + 1).copied().unwrap_or(next);
    let targets: Vec<i64> = positions.iter().map(target).collect();
    let at: Vec<i64> = positions.iter().map(|position| *position as i64).collect();
    let values = floats(&gpt.attribution(ids, &at, &targets)?)?;
    let rows = values.chunks(ids.len().max(1));
    let named = positions.iter().zip(targets).zip(rows);
    Ok(named
        .map(|((&position, target), row)| Attribution {
            position,
            target: target as u32,
            values: row.get(..=position).unwrap_or(row).to_vec(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_the_last_positions_and_stay_small() {
        let groups = groups(300, 290);
        let all: Vec<usize> = groups.concat();
        assert_eq!(all, (10..300).collect::<Vec<_>>());
        assert!(groups.iter().all(|group| group.len() <= TOGETHER));
        assert!(super::groups(5, 0).is_empty());
        assert_eq!(super::groups(3, 10).concat(), [0, 1, 2]);
    }
}
