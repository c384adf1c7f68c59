//! Named tensors in safetensors files.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, View};
use tch::{Kind, Tensor};

use crate::Error;

/// Tensor kinds and their names in safetensors; the ones that stock models come in.
const KINDS: [(Kind, Dtype); 6] = [
    (Kind::Float, Dtype::F32),
    (Kind::BFloat16, Dtype::BF16),
    (Kind::Half, Dtype::F16),
    (Kind::Double, Dtype::F64),
    (Kind::Int64, Dtype::I64),
    (Kind::Uint8, Dtype::U8),
];

/// A tensor's bytes, ready to be written.
struct Bytes {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Vec<u8>,
}

impl View for Bytes {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.data)
    }
    fn data_len(&self) -> usize {
        self.data.len()
    }
}

fn bytes_of(path: &Path, name: &str, tensor: &Tensor) -> Result<Bytes, Error> {
    let tensor = tensor.f_contiguous()?;
    let kind = tensor.f_kind()?;
    let unsupported = || Error::Safetensors {
        path: path.to_path_buf(),
        reason: format!("tensor `{name}` is of kind {kind:?}, which is not written"),
    };
    let dtype = KINDS
        .iter()
        .find(|(k, _)| *k == kind)
        .ok_or_else(unsupported)?
        .1;
    let mut data = vec![0; tensor.numel() * kind.elt_size_in_bytes()];
    tensor.f_copy_data_u8(&mut data, tensor.numel())?;
    Ok(Bytes {
        dtype,
        shape: tensor.size().iter().map(|&n| n as usize).collect(),
        data,
    })
}

/// Writes named tensors to a safetensors file and syncs it; the same tensors give the same
/// bytes.
///
/// # Errors
/// [`Error::Io`] or [`Error::Safetensors`], with the file's name.
pub fn write_tensors<'a>(
    path: &Path,
    tensors: impl IntoIterator<Item = (&'a str, &'a Tensor)>,
) -> Result<(), Error> {
    let views: Vec<(&str, Bytes)> = tensors
        .into_iter()
        .map(|(name, tensor)| Ok((name, bytes_of(path, name, tensor)?)))
        .collect::<Result<_, Error>>()?;
    // Older versions of transformers refuse files without this mark.
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let content =
        safetensors::serialize(views, Some(metadata)).map_err(Error::safetensors(path))?;
    let mut file = File::create(path).map_err(Error::io(path))?;
    file.write_all(&content).map_err(Error::io(path))?;
    file.sync_all().map_err(Error::io(path))
}

/// Reads all tensors of a safetensors file, onto the CPU.
///
/// # Errors
/// [`Error::Io`] or [`Error::Safetensors`], with the file's name.
pub fn read_tensors(path: &Path) -> Result<BTreeMap<String, Tensor>, Error> {
    let content = fs::read(path).map_err(Error::io(path))?;
    let file = SafeTensors::deserialize(&content).map_err(Error::safetensors(path))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let dtype = view.dtype();
        let Some(&(kind, _)) = KINDS.iter().find(|(_, d)| *d == dtype) else {
            continue; // masks and the like, which no network here reads
        };
        let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &shape, kind)?;
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_round_trip_and_repeat_in_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        let matrix = Tensor::from_slice(&[1.5f32, -2.0, 3.0, 4.0, 5.0, 6.0]).reshape([2, 3]);
        let (turned, half) = (matrix.tr(), matrix.to_kind(Kind::BFloat16));
        write_tensors(&a, [("x", &turned), ("half", &half)]).unwrap();
        write_tensors(&b, [("half", &half), ("x", &turned)]).unwrap();
        assert_eq!(fs::read(&a).unwrap(), fs::read(&b).unwrap());
        let read = read_tensors(&a).unwrap();
        assert!(read["x"].equal(&turned));
        assert!(read["half"].equal(&half));
    }

    #[test]
    fn a_cut_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.safetensors");
        write_tensors(&path, [("x", &Tensor::from_slice(&[1f32; 100]))]).unwrap();
        let content = fs::read(&path).unwrap();
        for length in [0, 7, 20, content.len() - 1] {
            fs::write(&path, &content[..length]).unwrap();
            let message = read_tensors(&path).unwrap_err().to_string();
            assert!(message.contains("model.safetensors"), "{message}");
        }
    }
}
