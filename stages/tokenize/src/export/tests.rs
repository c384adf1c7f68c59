//! Expected bytes are built here from the formats' descriptions, not by the writers' code.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use super::*;

const SMALL: Vocabulary = Vocabulary {
    size: 50_257,
    end: 50_256,
};
const LARGE: Vocabulary = Vocabulary {
    size: 128_256,
    end: 128_001,
};

/// Exports documents and returns the files by name.
fn export(
    format: &Format,
    side: Side,
    vocabulary: Vocabulary,
    documents: &[Vec<u32>],
) -> Result<BTreeMap<String, Vec<u8>>, ExportError> {
    let dir = tempfile::tempdir().unwrap();
    let mut export = Export::create(dir.path(), format, side, vocabulary)?;
    for (number, tokens) in documents.iter().enumerate() {
        export.add(&Tokens {
            id: format!("document {number}"),
            tokens: tokens.clone(),
            ..Tokens::default()
        })?;
    }
    let exported = export.finish()?;
    assert_eq!(exported.documents, documents.len() as u64);
    let tokens: usize = documents.iter().map(|document| document.len() + 1).sum();
    assert_eq!(exported.tokens, tokens as u64);
    for file in exported.files {
        file.commit()?;
    }
    let files = fs::read_dir(dir.path()).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert!(format.owns(&name), "{name}");
        (name, fs::read(entry.path()).unwrap())
    });
    Ok(files.collect())
}

fn documents() -> Vec<Vec<u32>> {
    vec![vec![1, 2, 50_255], vec![], vec![0x1234]]
}

fn llm_c(shard_tokens: u32) -> Format {
    let name = "sample".to_owned();
    Format::LlmC { name, shard_tokens }
}

/// A header of llm.c: 256 numbers of 32 bits, all but the first three 0.
fn header(magic: u32, version: u32, tokens: u32) -> Vec<u8> {
    let mut numbers = [0_u32; 256];
    numbers[..3].copy_from_slice(&[magic, version, tokens]);
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

#[test]
fn nano_gpt_is_ids_of_16_bits_and_the_size_of_the_vocabulary() {
    let train = export(&Format::NanoGpt, Side::Train, SMALL, &documents()).unwrap();
    let bytes = b"\x01\x00\x02\x00\x4f\xc4\x50\xc4\x50\xc4\x34\x12\x50\xc4";
    assert_eq!(train["train.bin"], bytes);
    // Python: pickletools.dis names these MARK, DICT, UNICODE, INT, SETITEM, STOP.
    assert_eq!(train["meta.pkl"], b"(dVvocab_size\nI50257\ns.");
    assert_eq!(train.len(), 2);
    let validation = export(&Format::NanoGpt, Side::Validation, SMALL, &[]).unwrap();
    assert_eq!(validation, BTreeMap::from([("val.bin".to_owned(), vec![])]));
}

#[test]
fn nano_gpt_cannot_hold_large_vocabularies() {
    let largest = Vocabulary {
        size: 65_536,
        end: 65_535,
    };
    let files = export(&Format::NanoGpt, Side::Train, largest, &[vec![65_534]]).unwrap();
    assert_eq!(files["train.bin"], b"\xfe\xff\xff\xff");
    let larger = Vocabulary {
        size: 65_537,
        end: 0,
    };
    let error = export(&Format::NanoGpt, Side::Train, larger, &[]).unwrap_err();
    assert!(error.to_string().contains("llmc and megatron"), "{error}");
}

#[test]
fn llm_c_has_headers_and_goes_on_in_the_next_file() {
    let files = export(&llm_c(3), Side::Train, SMALL, &documents()).unwrap();
    let first = [
        header(20_240_520, 1, 3),
        b"\x50\xc4\x01\x00\x02\x00".to_vec(),
    ]
    .concat();
    let second = [
        header(20_240_520, 1, 3),
        b"\x4f\xc4\x50\xc4\x50\xc4".to_vec(),
    ]
    .concat();
    let third = [header(20_240_520, 1, 1), b"\x34\x12".to_vec()].concat();
    let expected = [
        ("sample_train_000001.bin".to_owned(), first),
        ("sample_train_000002.bin".to_owned(), second),
        ("sample_train_000003.bin".to_owned(), third),
    ];
    assert_eq!(files, BTreeMap::from(expected));
    // No last file without a token: its reader stops at one.
    let files = export(&llm_c(7), Side::Validation, SMALL, &documents()).unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), ["sample_val_000000.bin"]);
    assert!(
        export(&llm_c(3), Side::Validation, SMALL, &[])
            .unwrap()
            .is_empty()
    );
}

#[test]
fn llm_c_writes_large_vocabularies_as_those_of_llama_3() {
    let files = export(&llm_c(100), Side::Validation, LARGE, &[vec![128_255]]).unwrap();
    let ids = b"\x01\xf4\x01\x00\xff\xf4\x01\x00".to_vec();
    let expected = [header(20_240_801, 7, 2), ids].concat();
    assert_eq!(files["sample_val_000000.bin"], expected);
    for wrong in [0, 1 << 31] {
        let error = export(&llm_c(wrong), Side::Train, LARGE, &[]).unwrap_err();
        assert!(matches!(error, ExportError::ShardTokens), "{error}");
    }
}

#[test]
fn megatron_has_an_index_of_sequences_and_documents() {
    let files = export(&Format::Megatron, Side::Train, SMALL, &documents()).unwrap();
    let ids = b"\x01\x00\x02\x00\x4f\xc4\x50\xc4\x50\xc4\x34\x12\x50\xc4";
    assert_eq!(files["train_text_document.bin"], ids);
    let mut index = b"MMIDIDX\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x08".to_vec();
    index.extend(3_u64.to_le_bytes());
    index.extend(4_u64.to_le_bytes());
    [4_i32, 1, 2]
        .iter()
        .for_each(|n| index.extend(n.to_le_bytes()));
    let pointers_and_documents = [0_i64, 8, 10, 0, 1, 2, 3];
    pointers_and_documents
        .iter()
        .for_each(|n| index.extend(n.to_le_bytes()));
    assert_eq!(files["train_text_document.idx"], index);
    assert_eq!(files.len(), 2);
}

#[test]
fn megatron_takes_32_bits_from_the_vocabulary_on_that_it_does_itself() {
    for (size, code, width) in [(65_499, 8, 2), (65_500, 4, 4), (128_256, 4, 4)] {
        let vocabulary = Vocabulary { size, end: 9 };
        let files = export(&Format::Megatron, Side::Validation, vocabulary, &[vec![7]]).unwrap();
        assert_eq!(files["validation_text_document.idx"][17], code, "{size}");
        assert_eq!(
            files["validation_text_document.bin"].len(),
            2 * width,
            "{size}"
        );
    }
    let files = export(&Format::Megatron, Side::Validation, SMALL, &[]).unwrap();
    assert_eq!(files["validation_text_document.idx"].len(), 34 + 8);
}

#[test]
fn a_token_that_the_vocabulary_lacks_is_named() {
    for format in [Format::NanoGpt, llm_c(10), Format::Megatron] {
        let error = export(&format, Side::Train, SMALL, &[vec![1], vec![50_257]]).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("document 1: has token 50257"), "{message}");
    }
}

#[test]
fn an_export_knows_its_files_from_others() {
    let format = llm_c(10);
    assert!(format.owns("sample_val_000012.bin"));
    for other in [
        "sample_train_x.bin",
        "other_train_000001.bin",
        "sample_train_000001.idx",
    ] {
        assert!(!format.owns(other), "{other}");
    }
    assert!(!Format::NanoGpt.owns("tokenizer.json"));
    assert!(Format::Megatron.owns("validation_text_document.idx"));
}

/// Little-endian numbers of some width.
fn numbers(bytes: &[u8], width: usize) -> Vec<u64> {
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |n, &byte| n << 8 | u64::from(byte))
    };
    bytes.chunks(width).map(number).collect()
}

fn ids(bytes: &[u8], width: usize) -> Vec<u32> {
    let ids = numbers(bytes, width).into_iter();
    ids.map(|id| u32::try_from(id).unwrap()).collect()
}

fn some_documents() -> impl Strategy<Value = (bool, Vec<Vec<u32>>)> {
    any::<bool>().prop_flat_map(|large| {
        // Below the ids of the document-end tokens.
        let id = if large { 0..128_000_u32 } else { 0..50_256 };
        let document = prop::collection::vec(id, 0..30);
        (Just(large), prop::collection::vec(document, 0..20))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_for_llm_c_reads_back((large, documents) in some_documents(), size in 1_u32..50) {
        let vocabulary = if large { LARGE } else { SMALL };
        let width = if large { 4 } else { 2 };
        let files = export(&llm_c(size), Side::Train, vocabulary, &documents).unwrap();
        let mut stream = Vec::new();
        for (number, (name, bytes)) in files.iter().enumerate() {
            prop_assert_eq!(name, &format!("sample_train_{:06}.bin", number + 1));
            let (header, tokens) = bytes.split_at(1024);
            let count = numbers(header, 4)[2];
            prop_assert_eq!(tokens.len() as u64, count * width as u64);
            prop_assert!(number + 1 == files.len() || count == u64::from(size));
            stream.extend(ids(tokens, width));
        }
        let expected: Vec<u32> = documents.iter()
            .flat_map(|document| std::iter::once(vocabulary.end).chain(document.iter().copied()))
            .collect();
        prop_assert_eq!(stream, expected);
    }

    #[test]
    fn what_is_written_for_megatron_reads_back((large, documents) in some_documents()) {
        let vocabulary = if large { LARGE } else { SMALL };
        let width = if large { 4 } else { 2 };
        let files = export(&Format::Megatron, Side::Train, vocabulary, &documents).unwrap();
        let (data, index) = (&files["train_text_document.bin"], &files["train_text_document.idx"]);
        let (count, at) = (documents.len(), 34);
        prop_assert_eq!(numbers(&index[18..34], 8), [count as u64, count as u64 + 1]);
        let lengths = numbers(&index[at..at + 4 * count], 4);
        let pointers = numbers(&index[at + 4 * count..at + 12 * count], 8);
        let boundaries = numbers(&index[at + 12 * count..], 8);
        prop_assert_eq!(boundaries, (0..=count as u64).collect::<Vec<_>>());
        for ((document, &length), &pointer) in documents.iter().zip(&lengths).zip(&pointers) {
            let bytes = &data[pointer as usize..][..length as usize * width];
            let (end, tokens) = ids(bytes, width).split_last().map(|(e, t)| (*e, t.to_vec())).unwrap();
            prop_assert_eq!(end, vocabulary.end);
            prop_assert_eq!(&tokens, document);
        }
    }

    #[test]
    fn what_is_written_for_nano_gpt_reads_back((_, documents) in some_documents()) {
        let largest = Vocabulary { size: 65_536, end: 65_535 };
        let documents: Vec<Vec<u32>> = documents.iter()
            .map(|document| document.iter().map(|id| id % 65_535).collect())
            .collect();
        let files = export(&Format::NanoGpt, Side::Train, largest, &documents).unwrap();
        let stream = ids(&files["train.bin"], 2);
        let read: Vec<Vec<u32>> = stream.split_inclusive(|&id| id == largest.end)
            .map(|document| document[..document.len() - 1].to_vec())
            .collect();
        prop_assert_eq!(read, documents);
    }
}
