use textmill_model::Architecture;

use super::*;
use crate::test_support::{SETTINGS, looked};

const HOSTILE: [&str; 5] = ["<begin>", "</script>", "<!--<script>", "{{script}}", "渡"];

fn made() -> (Look, String) {
    let look = looked(Architecture::Llama, &HOSTILE, SETTINGS);
    let page = page(&look).unwrap();
    (look, page)
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    text.split_once(from).unwrap().1.split_once(to).unwrap().0
}

#[test]
fn hostile_text_stays_data() {
    let (_, page) = made();
    let data = between(
        &page,
        "<script type=\"application/json\" id=\"data\">",
        "</script>",
    );
    assert!(!data.contains('<'));
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    for (index, text) in HOSTILE.iter().enumerate() {
        assert_eq!(data["tokens"][index]["text"], *text);
    }
    // Ours, the data, and no other.
    assert_eq!(page.matches("<script").count(), 2);
    assert!(!SCRIPTS.concat().contains("innerHTML"));
}

#[test]
fn the_policy_lets_only_the_pages_own_scripts_run() {
    let (_, page) = made();
    let policy = between(
        &page,
        "http-equiv=\"Content-Security-Policy\" content=\"",
        "\"",
    );
    assert!(policy.starts_with("default-src 'none';"));
    assert!(!policy.contains("unsafe"));
    let script = between(&page, "<script>", "</script>");
    let style = between(&page, "<style>", "</style>");
    assert!(policy.contains(&fingerprint(script)) && policy.contains(&fingerprint(style)));
    // Nothing is fetched; the addresses are those of papers, behind links.
    for address in page
        .split("http")
        .skip(1)
        .filter(|rest| rest.starts_with("s://"))
    {
        let known = ["s://arxiv.org/abs/", "s://www.w3.org/WAI/"];
        assert!(
            known.iter().any(|start| address.starts_with(start)),
            "{address:.40}"
        );
    }
    for word in ["src=", "@import", "url(", "fetch("] {
        let without_data = page.replace(between(&page, "id=\"data\">", "</script>"), "");
        assert!(!without_data.contains(word), "{word}");
    }
}

#[test]
fn it_says_that_attention_is_no_explanation() {
    let (_, page) = made();
    let view = between(&page, "id=\"view-attention\"", "</section>");
    assert!(view.contains("Attention is not an explanation") && view.contains("1902.10186"));
}

#[test]
fn the_size_is_foreseen_and_bounded() {
    let texts = vec!["ab"; 32];
    let look = looked(Architecture::Gpt2, &texts, SETTINGS);
    let data = serde_json::to_value(Data::of(&look)).unwrap();
    let packed = |value: &serde_json::Value| value.as_str().unwrap().len() as u64;
    let found = packed(&data["attention"])
        + packed(&data["rollout"])
        + packed(&data["attribution"]["values"]);
    let foreseen = page_bytes(2, 4, 32);
    assert!(found.abs_diff(foreseen) < 16, "{found} {foreseen}");

    let mut look = look;
    look.model.layers = 400_000;
    let message = page(&look).unwrap_err().to_string();
    assert!(message.contains("--max-tokens 13 "), "{message}");
}

#[test]
fn packed_numbers_are_those_of_the_look() {
    let (look, _) = made();
    let data = Data::of(&look);
    let bytes = STANDARD.decode(&data.attention).unwrap();
    let mut bytes = bytes.iter();
    for head in look.attention.iter().flatten() {
        for weight in head.weights.causal_rows().flatten() {
            let back = (f32::from(*bytes.next().unwrap()) / 255.0).powi(2);
            assert!((back - weight).abs() < 0.004);
        }
    }
    assert_eq!(bytes.next(), None);
    let target = STANDARD.decode(&data.lens.target).unwrap();
    let logs = target
        .chunks(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    let expected = look.lens.iter().flat_map(|layer| &layer.target);
    assert!(
        logs.zip(expected)
            .all(|(log, expected)| expected.is_none_or(|e| e == log))
    );
    assert_eq!(data.attribution.first, 0);
}
