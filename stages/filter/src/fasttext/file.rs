//! Reading and writing the numbers of a model's file.

use std::io::{Read, Write};

/// Longest word that is read, in bytes.
const MAX_WORD: usize = 1 << 16;

/// What is wrong with a model, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage(pub String);

impl From<std::io::Error> for Damage {
    fn from(error: std::io::Error) -> Self {
        Self(format!("it cannot be read: {error}"))
    }
}

/// A file that is read forwards; nothing is allocated that the rest of the file cannot fill.
pub(super) struct Source<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Source<R> {
    /// A source of at most `size` bytes.
    pub fn new(reader: R, size: u64) -> Self {
        Self { reader, left: size }
    }

    /// `count` as a number of items of so many bytes each, if as much is left.
    pub fn room(&self, count: i64, bytes: u64) -> Result<usize, Damage> {
        u64::try_from(count)
            .ok()
            .filter(|count| count.checked_mul(bytes).is_some_and(|all| all <= self.left))
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| {
                Damage(format!(
                    "it is cut off or damaged: {count} items of {bytes} bytes should follow, and {} bytes do",
                    self.left
                ))
            })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        self.room(1, N as u64)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        self.left -= N as u64;
        Ok(bytes)
    }

    pub fn i32(&mut self) -> Result<i32, Damage> {
        self.array().map(i32::from_le_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, Damage> {
        self.array().map(i64::from_le_bytes)
    }

    pub fn f64(&mut self) -> Result<f64, Damage> {
        self.array().map(f64::from_le_bytes)
    }

    pub fn byte(&mut self) -> Result<u8, Damage> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    pub fn flag(&mut self) -> Result<bool, Damage> {
        Ok(self.byte()? != 0)
    }

    pub fn bytes(&mut self, count: i64) -> Result<Vec<u8>, Damage> {
        let mut bytes = vec![0; self.room(count, 1)?];
        self.reader.read_exact(&mut bytes)?;
        self.left -= bytes.len() as u64;
        Ok(bytes)
    }

    /// Numbers of 32 bits; none may be infinite or none at all.
    pub fn floats(&mut self, count: i64) -> Result<Vec<f32>, Damage> {
        let count = self.room(count, 4)?;
        let mut floats = Vec::with_capacity(count);
        let mut chunk = [0; 1 << 14];
        while floats.len() < count {
            let part = &mut chunk[..(count - floats.len()).saturating_mul(4).min(1 << 14)];
            self.reader.read_exact(part)?;
            self.left -= part.len() as u64;
            let (numbers, _) = part.as_chunks();
            floats.extend(numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)));
        }
        match floats.iter().all(|value| value.is_finite()) {
            true => Ok(floats),
            false => Err(Damage("it holds values that are no numbers".into())),
        }
    }

    /// A word that a zero byte ends.
    pub fn word(&mut self) -> Result<Vec<u8>, Damage> {
        let mut word = Vec::new();
        loop {
            match self.byte()? {
                0 => return Ok(word),
                _ if word.len() == MAX_WORD => {
                    return Err(Damage("its dictionary is damaged".into()));
                }
                byte => word.push(byte),
            }
        }
    }
}

/// A file that is written forwards.
pub(super) struct Sink<W>(pub W);

impl<W: Write> Sink<W> {
    pub fn i32(&mut self, value: i32) -> std::io::Result<()> {
        self.bytes(&value.to_le_bytes())
    }

    pub fn i64(&mut self, value: i64) -> std::io::Result<()> {
        self.bytes(&value.to_le_bytes())
    }

    pub fn f32(&mut self, value: f32) -> std::io::Result<()> {
        self.bytes(&value.to_le_bytes())
    }

    pub fn f64(&mut self, value: f64) -> std::io::Result<()> {
        self.bytes(&value.to_le_bytes())
    }

    pub fn flag(&mut self, value: bool) -> std::io::Result<()> {
        self.bytes(&[u8::from(value)])
    }

    pub fn bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.write_all(bytes)
    }
}
