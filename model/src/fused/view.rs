//! The elements of a tensor as a slice, for kernels that libtorch does not have.

use tch::{Device, Tensor};

use super::lanes::Element;
use crate::Error;

fn check<E: Element>(tensor: &Tensor) -> Result<usize, Error> {
    let fits =
        tensor.device() == Device::Cpu && tensor.f_kind()? == E::KIND && tensor.is_contiguous();
    match fits {
        true => Ok(tensor.numel()),
        false => Err(Error::Input(format!(
            "a kernel for contiguous {:?} tensors on the CPU met {tensor:?}",
            E::KIND
        ))),
    }
}

/// The elements of a contiguous tensor on the CPU.
///
/// # Errors
/// [`Error::Input`] for any other tensor.
#[expect(unsafe_code, reason = "libtorch hands out memory as a pointer")]
pub(crate) fn view<E: Element>(tensor: &Tensor) -> Result<&[E], Error> {
    let length = check::<E>(tensor)?;
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: the tensor is contiguous, of this kind and in this process' memory, so `length`
    // elements lie behind its pointer; it keeps them alive, and E is as wide as its kind. Nobody
    // writes to them meanwhile: a tensor here belongs to one thread or is a parameter, which is
    // changed between passes only.
    Ok(unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<E>(), length) })
}

/// The same, to write to. The tensor must not share memory with another that is viewed meanwhile.
///
/// # Errors
/// As [`view`].
#[expect(unsafe_code, reason = "libtorch hands out memory as a pointer")]
pub(crate) fn view_mut<E: Element>(tensor: &mut Tensor) -> Result<&mut [E], Error> {
    let length = check::<E>(tensor)?;
    if length == 0 {
        return Ok(&mut []);
    }
    // SAFETY: as above; `&mut` keeps a second view of the same tensor from being made.
    Ok(unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast::<E>(), length) })
}
