//! L-BFGS: the minimum of a smooth convex function.

use std::collections::VecDeque;

/// Pairs of steps that the curvature is told from.
const MEMORY: usize = 10;
const STEPS: usize = 200;
/// The gradient's largest element, relative to the first one's, at which it is done.
const TOLERANCE: f64 = 1e-4;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |most, value| value.abs().max(most))
}

/// Minimises from `start` (Liu and Nocedal 1989). `function` gives the value at a point, and writes
/// the gradient there.
pub(crate) fn minimise(start: Vec<f64>, function: impl Fn(&[f64], &mut [f64]) -> f64) -> Vec<f64> {
    let (mut point, mut gradient) = (start, Vec::new());
    gradient.resize(point.len(), 0.0);
    let mut value = function(&point, &mut gradient);
    let enough = TOLERANCE * largest(&gradient);
    let mut pairs: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::new();
    for _ in 0..STEPS {
        if largest(&gradient) <= enough {
            break;
        }
        let direction = direction(&gradient, &pairs);
        let slope = dot(&direction, &gradient);
        let mut length = if pairs.is_empty() {
            1.0 / largest(&gradient).max(1.0)
        } else {
            1.0
        };
        let mut next_gradient = vec![0.0; point.len()];
        let (next, next_value) = loop {
            let next: Vec<f64> = point
                .iter()
                .zip(&direction)
                .map(|(p, d)| p + length * d)
                .collect();
            let next_value = function(&next, &mut next_gradient);
            // Armijo's condition.
            if next_value <= value + 1e-4 * length * slope {
                break (next, next_value);
            }
            length *= 0.5;
            if length < 1e-12 {
                return point;
            }
        };
        let difference =
            |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
        let (moved, turned) = (
            difference(&next, &point),
            difference(&next_gradient, &gradient),
        );
        if dot(&moved, &turned) > 1e-14 {
            pairs.push_back((moved, turned));
            if pairs.len() > MEMORY {
                pairs.pop_front();
            }
        }
        (point, gradient, value) = (next, next_gradient, next_value);
    }
    point
}

/// Minus the gradient times an estimate of the inverse Hessian: the two-loop recursion.
fn direction(gradient: &[f64], pairs: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut shares = Vec::with_capacity(pairs.len());
    for (moved, turned) in pairs.iter().rev() {
        let share = dot(moved, &direction) / dot(moved, turned);
        direction
            .iter_mut()
            .zip(turned)
            .for_each(|(d, t)| *d -= share * t);
        shares.push(share);
    }
    if let Some((moved, turned)) = pairs.back() {
        let scale = dot(moved, turned) / dot(turned, turned);
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for ((moved, turned), share) in pairs.iter().zip(shares.iter().rev()) {
        let back = dot(turned, &direction) / dot(moved, turned);
        direction
            .iter_mut()
            .zip(moved)
            .for_each(|(d, m)| *d += (share - back) * m);
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretched_bowl_has_its_minimum_where_it_is() {
        let at = [3.0, -2.0, 0.5, 7.0];
        let found = minimise(vec![0.0; 4], |point, gradient| {
            let mut value = 0.0;
            for (index, (p, a)) in point.iter().zip(at).enumerate() {
                let steep = 2f64.powi(index as i32);
                gradient[index] = steep * (p - a);
                value += 0.5 * steep * (p - a).powi(2);
            }
            value
        });
        assert!(
            found.iter().zip(at).all(|(f, a)| (f - a).abs() < 1e-2),
            "{found:?}"
        );
    }
}
