//! What a header says about a member.

use flate2::Crc;

use super::fields::{u16_at, u32_at, u64_at};

/// A member, by the central directory or by its own header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its path: UTF-8, or a code page of old.
    pub name: Vec<u8>,
    /// Compression method.
    pub method: u16,
    /// General purpose flags.
    pub flags: u16,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Compressed bytes.
    pub packed: u64,
    /// Bytes of the content.
    pub size: u64,
    /// Offset of its header in the file.
    pub offset: u64,
    /// File mode of Unix, 0 where another system made the archive.
    pub mode: u32,
    /// Whether AES hides the content.
    pub aes: bool,
    /// Whether the archive ends inside of it, so that the size is the most that may come, and the
    /// checksum is not known.
    pub is_cut: bool,
}

/// The value that says that a number stands in the ZIP64 field.
const IN_ZIP64: u64 = 0xffff_ffff;

impl Entry {
    /// Bytes of the fixed part of a directory header.
    pub const DIRECTORY_HEADER: usize = 46;
    /// Bytes of the fixed part of a member's own header.
    pub const LOCAL_HEADER: usize = 30;

    /// Reads the fixed part of a directory header (APPNOTE 4.3.12); name and extra fields follow.
    pub fn from_directory(header: &[u8]) -> Self {
        let made_on_unix = matches!(header.get(5), Some(3 | 19));
        Self {
            flags: u16_at(header, 8),
            method: u16_at(header, 10),
            crc: u32_at(header, 16),
            packed: u32_at(header, 20).into(),
            size: u32_at(header, 24).into(),
            mode: if made_on_unix {
                u32_at(header, 38) >> 16
            } else {
                0
            },
            offset: u32_at(header, 42).into(),
            ..Self::default()
        }
    }

    /// Reads the fixed part of a member's own header (APPNOTE 4.3.7).
    pub fn from_local(header: &[u8], offset: u64) -> Self {
        Self {
            flags: u16_at(header, 6),
            method: u16_at(header, 8),
            crc: u32_at(header, 14),
            packed: u32_at(header, 18).into(),
            size: u32_at(header, 22).into(),
            offset,
            ..Self::default()
        }
    }

    /// Takes over what extra fields say: ZIP64 sizes (4.5.3), a name in UTF-8 (4.6.9), AES.
    pub fn apply_extra(&mut self, mut extra: &[u8], with_offset: bool) {
        while extra.len() >= 4 {
            let (id, length) = (u16_at(extra, 0), usize::from(u16_at(extra, 2)));
            let Some(field) = extra.get(4..4 + length) else {
                return;
            };
            match id {
                0x0001 => self.apply_zip64(field, with_offset),
                0x7075 => self.apply_name(field),
                0x9901 => self.aes = true,
                _ => {}
            }
            extra = extra.get(4 + length..).unwrap_or_default();
        }
    }

    fn apply_zip64(&mut self, field: &[u8], with_offset: bool) {
        let mut at = 0;
        let mut take = |value: &mut u64| {
            if *value == IN_ZIP64 && at + 8 <= field.len() {
                *value = u64_at(field, at);
                at += 8;
            }
        };
        take(&mut self.size);
        take(&mut self.packed);
        if with_offset {
            take(&mut self.offset);
        }
    }

    /// The field holds only for the name whose checksum it has.
    fn apply_name(&mut self, field: &[u8]) {
        let mut crc = Crc::new();
        crc.update(&self.name);
        let name = field.get(5..).unwrap_or_default();
        if field.first() == Some(&1) && u32_at(field, 1) == crc.sum() && !name.is_empty() {
            self.name = name.to_vec();
        }
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        let empty_on_windows = self.size == 0 && self.name.ends_with(b"\\");
        self.name.ends_with(b"/") || empty_on_windows || self.mode & 0o170_000 == 0o040_000
    }

    /// Whether a key is needed: for the content, or for the headers themselves.
    pub fn is_encrypted(&self) -> bool {
        self.aes || self.method == 99 || self.flags & 0x2041 != 0
    }

    /// Whether sizes stand behind the content.
    pub fn sizes_follow(&self) -> bool {
        self.flags & 8 != 0
    }
}
