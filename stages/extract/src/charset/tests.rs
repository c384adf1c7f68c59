use super::*;
use encoding_rs::{BIG5, EUC_JP, EUC_KR, SHIFT_JIS, WINDOWS_1251};

const PAGES: [(&str, &str); 6] = [
    (
        "gb18030",
        "今天上午，城里新修的大桥正式通车，附近的居民都来看热闹。",
    ),
    (
        "big5",
        "今天上午，城裡新修的大橋正式通車，附近的居民都來看熱鬧。",
    ),
    (
        "shift_jis",
        "今日の午前、町に新しくできた橋が開通し、近くの人々が見に来ました。",
    ),
    (
        "euc-jp",
        "今日の午前、町に新しくできた橋が開通し、近くの人々が見に来ました。",
    ),
    (
        "euc-kr",
        "오늘 오전 도시에 새로 지은 다리가 개통되어 많은 사람들이 구경하러 왔다.",
    ),
    (
        "windows-1251",
        "Сегодня утром в городе открыли новый мост, и жители пришли посмотреть.",
    ),
];

fn encode(label: &str, text: &str) -> Vec<u8> {
    let encoding = Encoding::for_label(label.as_bytes()).unwrap();
    let (bytes, _, failed) = encoding.encode(text);
    assert!(!failed, "{label}");
    bytes.into_owned()
}

#[test]
fn short_undeclared_pages_are_read() {
    for (label, text) in PAGES {
        let decoded = decode(&encode(label, text), None, None);
        assert_eq!(
            (decoded.charset.as_str(), decoded.text.as_str()),
            (label, text)
        );
    }
}

#[test]
fn declarations_are_followed_and_widened() {
    let body = encode("gb18030", "<meta charset=gb2312><p>㐀朱镕基</p>");
    let decoded = decode(&body, None, None);
    assert_eq!(decoded.charset, "gb18030");
    assert!(decoded.text.contains("㐀朱镕基"));
}

#[test]
fn the_transport_comes_before_the_page() {
    let body = encode(
        "windows-1251",
        "<meta charset=koi8-r><p>Мост открыт для движения</p>",
    );
    assert_eq!(
        decode(&body, Some("windows-1251"), None).charset,
        "windows-1251"
    );
}

#[test]
fn liars_are_not_believed() {
    for (label, text) in PAGES {
        let body = encode(label, &format!("<meta charset=utf-8>{text}"));
        assert_eq!(decode(&body, Some("UTF-8"), None).charset, label);
        let body = format!("<meta charset={label}>{text}");
        assert_eq!(decode(body.as_bytes(), Some(label), None).charset, "utf-8");
        let body = encode(label, text);
        if label != "windows-1251" {
            assert_eq!(decode(&body, Some("iso-8859-1"), None).charset, label);
        }
    }
}

#[test]
fn western_pages_stay_western() {
    let text = "Où êtes-vous né ? À Besançon, près de la forêt, où l’été est très agréable.";
    let decoded = decode(&encode("windows-1252", text), None, None);
    assert_eq!(
        (decoded.charset.as_str(), decoded.text.as_str()),
        ("windows-1252", text)
    );
}

#[test]
fn a_few_damaged_characters_do_not_spoil_utf_8() {
    let mut body = "<p>今天上午，城里新修的大桥正式通车，附近的居民都来看热闹。"
        .as_bytes()
        .to_vec();
    body.extend([0xe4, 0xbd]);
    body.extend("很高兴。".as_bytes());
    assert_eq!(decode(&body, None, None).charset, "utf-8");
}

#[test]
fn wide_encodings_need_no_mark() {
    let text = "<p>plain words";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        decode(&wide, None, None),
        Decoded {
            text: text.into(),
            charset: "utf-16le".into()
        }
    );
    let wide: Vec<u8> = text
        .chars()
        .flat_map(|c| (c as u32).to_be_bytes())
        .collect();
    assert_eq!(
        decode(&wide, None, None),
        Decoded {
            text: text.into(),
            charset: "utf-32be".into()
        }
    );
}

#[test]
fn ascii_and_nothing_are_utf_8() {
    assert_eq!(decode(b"plain", None, None).charset, "utf-8");
    assert_eq!(decode(b"", Some("nonsense"), None).charset, "utf-8");
    for encoding in [GB18030, BIG5, SHIFT_JIS, EUC_JP, EUC_KR, WINDOWS_1251] {
        let _ = decode(&[0xff, 0x80, 0x00], Some(encoding.name()), Some("x.cn"));
    }
}

#[test]
fn a_pound_before_a_sum_is_no_letter() {
    let body = encode(
        "windows-1252",
        "If they win I stand to lift £825. Not bad for a £2 bet.",
    );
    assert_eq!(decode(&body, None, None).charset, "windows-1252");
    let text = "Łódź to miasto w Polsce, a Łuków leży na wschód od Warszawy. Żółta łąka i 2 sny.";
    assert_eq!(decode(&encode("windows-1250", text), None, None).text, text);
}
