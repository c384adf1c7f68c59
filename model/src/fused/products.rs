//! The matrix products of a linear layer and of its gradients, into buffers that are there.

use tch::{Kind, Tensor};

use super::lanes::Element;
use super::view::{view, view_mut};
use crate::Error;

/// `out` = x · weightᵀ, for x `[rows, in]` and a weight `[out, in]`.
pub(crate) fn forward(x: &Tensor, weight: &Tensor, out: &Tensor) -> Result<(), Error> {
    let _ = x.f_mm_out(out, &weight.f_transpose(0, 1)?)?;
    Ok(())
}

/// `out`, the gradient by x, given that by the layer's output.
pub(crate) fn by_input(by_out: &Tensor, weight: &Tensor, out: &Tensor) -> Result<(), Error> {
    let _ = by_out.f_mm_out(out, weight)?;
    Ok(())
}

/// The gradient by the weight, fp32: written to `gradient`, or added to it if `add`.
/// `product` is room for it in the kind of the computation, where that is not fp32.
pub(crate) fn by_weight<E: Element>(
    by_out: &Tensor,
    x: &Tensor,
    gradient: &Tensor,
    product: Option<&Tensor>,
    add: bool,
) -> Result<(), Error> {
    let by_out = by_out.f_transpose(0, 1)?;
    let mut gradient = gradient.shallow_clone();
    match product {
        None if add => drop(gradient.f_addmm_(&by_out, x)?),
        None => drop(by_out.f_mm_out(&gradient, x)?),
        Some(room) => {
            let room = room.f_narrow(0, 0, gradient.numel() as i64)?;
            let _ = by_out.f_mm_out(&room.f_view(gradient.size().as_slice())?, x)?;
            widen(view::<E>(&room)?, view_mut(&mut gradient)?, add);
        }
    }
    debug_assert_eq!(gradient.kind(), Kind::Float);
    Ok(())
}

/// Copies to fp32, or adds to what is there.
pub(crate) fn widen<E: Element>(x: &[E], out: &mut [f32], add: bool) {
    match add {
        true => out.iter_mut().zip(x).for_each(|(out, x)| *out += x.get()),
        false => out.iter_mut().zip(x).for_each(|(out, x)| *out = x.get()),
    }
}
