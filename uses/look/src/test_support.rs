//! A small model and a text for tests.

use tch::Device;
use textmill_model::{Architecture, Gpt, ModelConfig, Size};
use textmill_schemas::NoProgress;

use crate::{Document, Look, Settings, Token, look};

pub(crate) fn model(architecture: Architecture) -> Gpt {
    let size = Size::named("nano").unwrap();
    let mut config = ModelConfig::new(architecture, size, 70, 32);
    (config.width, config.feed_forward) = (32, 64);
    if architecture == Architecture::Llama {
        config.kv_heads = 2;
    }
    let gpt = Gpt::new(&config, 5, Device::Cpu).unwrap();
    let _ = gpt.flat().shallow_clone().f_mul_scalar_(6.0).unwrap();
    gpt
}

/// A first token that is no text, then tokens of two bytes each.
pub(crate) fn document(texts: &[&str]) -> Document {
    let token = |(index, text): (usize, &&str)| Token {
        id: (index * 31 % 70) as u32,
        text: (*text).to_owned(),
        part: [1, 1],
        special: index == 0,
    };
    Document {
        tokens: texts.iter().enumerate().map(token).collect(),
        bytes: texts.iter().skip(1).map(|text| text.len()).sum(),
        whole: texts.len() - 1,
    }
}

pub(crate) const SETTINGS: Settings = Settings {
    top: 5,
    attribution: usize::MAX,
    threads: 2,
};

pub(crate) fn looked(architecture: Architecture, texts: &[&str], settings: Settings) -> Look {
    let name = |id| format!("name {id}");
    look(
        &model(architecture),
        "small",
        document(texts),
        settings,
        name,
        &NoProgress,
    )
    .unwrap()
}
