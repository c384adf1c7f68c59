//! Precision and recall of the masks on planted private data, in English and Chinese sentences,
//! with hard negatives. Everything is generated here, check digits included.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use textmill_normalize::{Config, Normalize};

/// A small generator of numbers (Knuth's MMIX constants), so that every run sees the same cases.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

fn luhn(mut head: String) -> String {
    let sum: u32 = head
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
            d / 10 + d % 10
        })
        .sum();
    head.push(char::from(b'0' + ((10 - sum % 10) % 10) as u8));
    head
}

fn groups(digits: &str, sizes: &[usize], separator: &str) -> String {
    let mut parts = Vec::new();
    let mut rest = digits;
    for size in sizes {
        let (head, tail) = rest.split_at((*size).min(rest.len()));
        parts.push(head);
        rest = tail;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts.join(separator)
}

fn card(dice: &mut Dice) -> String {
    let (head, length) = [
        ("4", 16),
        ("51", 16),
        ("2223", 16),
        ("34", 15),
        ("6011", 16),
        ("3530", 16),
        ("622202", 19),
        ("621700", 19),
        ("622588", 16),
    ][dice.below(9) as usize];
    let digits = luhn(format!("{head}{}", dice.digits(length - head.len() - 1)));
    match (digits.len(), dice.below(3)) {
        (15, 0) => groups(&digits, &[4, 6, 5], " "),
        (15, _) | (_, 0) => digits,
        (_, 1) => groups(&digits, &[4, 4, 4, 4], " "),
        _ if digits.len() == 16 => groups(&digits, &[4, 4, 4, 4], "-"),
        _ => digits,
    }
}

fn resident_id(dice: &mut Dice) -> String {
    let region = dice.pick(&[
        "110105", "310101", "440305", "510107", "330106", "210202", "420106", "610113",
    ]);
    let born = format!(
        "{}{:02}{:02}",
        1940 + dice.below(75),
        1 + dice.below(12),
        1 + dice.below(28)
    );
    let head = format!("{region}{born}{}", dice.digits(3));
    // ISO 7064 mod 11-2, by its definition rather than by a table of weights.
    let rest = head
        .bytes()
        .fold(0u32, |rest, b| (rest + u32::from(b - b'0')) * 2 % 11);
    let check = (12 - rest) % 11;
    let check = if check == 10 {
        "X".to_owned()
    } else {
        check.to_string()
    };
    format!("{head}{check}")
}

fn email(dice: &mut Dice) -> String {
    let name = dice.pick(&[
        "ada",
        "john.smith",
        "zhang_wei",
        "li-na",
        "j.doe+news",
        "info",
        "x7",
        "wang1988",
        "o'neil",
    ]);
    let host = dice.pick(&[
        "example.com",
        "qq.com",
        "163.com",
        "mail.example.co.uk",
        "uni-bonn.de",
        "sub.domain.org",
        "company.io",
    ]);
    let number = dice.below(1000);
    if dice.below(2) == 0 {
        format!("{name}@{host}")
    } else {
        format!("{name}{number}@{host}")
    }
}

fn iban(dice: &mut Dice) -> String {
    let account = dice.digits(18);
    let value = format!("{account}131400"); // D E 0 0
    let rest = value
        .bytes()
        .fold(0u64, |rest, b| (rest * 10 + u64::from(b - b'0')) % 97);
    let plain = format!("DE{:02}{account}", 98 - rest);
    if dice.below(2) == 0 {
        plain
    } else {
        groups(&plain, &[4, 4, 4, 4, 4], " ")
    }
}

fn ip(dice: &mut Dice) -> String {
    if dice.below(4) == 0 {
        return format!(
            "2001:db8:{:x}::{:x}",
            dice.below(0xFFFF),
            1 + dice.below(0xFFFE)
        );
    }
    let first = dice.pick(&["203", "198", "8", "91", "114", "185", "47", "52"]);
    format!(
        "{first}.{}.{}.{}",
        40 + dice.below(58),
        dice.below(256),
        1 + dice.below(254)
    )
}

fn american_phone(dice: &mut Dice) -> String {
    let area = dice.pick(&["212", "415", "650", "303", "718", "206"]);
    let exchange = format!("{}{}", 2 + dice.below(8), dice.digits(2));
    let line = dice.digits(4);
    match dice.below(5) {
        0 => format!("({area}) {exchange}-{line}"),
        1 => format!("{area}-{exchange}-{line}"),
        2 => format!("{area}.{exchange}.{line}"),
        3 => format!("+1 {area} {exchange} {line}"),
        _ => format!("1-{area}-{exchange}-{line}"),
    }
}

fn foreign_phone(dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => format!(
            "+44 20 {} {}",
            groups(&format!("7{}", dice.digits(3)), &[4], ""),
            dice.digits(4)
        ),
        1 => format!("+49 30 {}", dice.digits(7)),
        2 => format!("+33 6 {}", groups(&dice.digits(8), &[2, 2, 2, 2], " ")),
        3 => format!("+81-3-{}-{}", dice.digits(4), dice.digits(4)),
        _ => format!("+61 2 {} {}", dice.digits(4), dice.digits(4)),
    }
}

fn chinese_phone(dice: &mut Dice) -> String {
    let mobile = format!("1{}{}", 3 + dice.below(7), dice.digits(9));
    match dice.below(7) {
        0 | 1 => mobile,
        2 => groups(&mobile, &[3, 4, 4], "-"),
        3 => groups(&mobile, &[3, 4, 4], " "),
        4 => format!("+86 {mobile}"),
        5 => format!("010-{}{}", 5 + dice.below(4), dice.digits(7)),
        _ => format!(
            "0{}{}-{}{}",
            dice.pick(&["75", "57", "41", "53"]),
            1 + dice.below(9),
            2 + dice.below(7),
            dice.digits(6)
        ),
    }
}

/// Sentences around an item; `{}` is where it stands.
const ENGLISH: &[&str] = &[
    "You can find it here: {}.",
    "He wrote {} on the back of the envelope, then left.",
    "({}) was on the form",
    "My details are {}, please keep them.",
    "- {}",
    "\"{}\"",
];
const CHINESE: &[&str] = &[
    "我的是{}，请记下。",
    "资料如下：{}",
    "（{}）",
    "他留下了{}就走了。",
    "登记的是{}；请核对",
    "{}",
];

/// Things that look private and are not.
fn negative(dice: &mut Dice) -> String {
    let long = |dice: &mut Dice, n: usize| format!("{}{}", 1 + dice.below(9), dice.digits(n - 1));
    match dice.below(26) {
        0 => format!(
            "version {}.{}.{}.{}",
            dice.below(20),
            dice.below(20),
            dice.below(200),
            dice.below(250)
        ),
        1 => format!(
            "ISBN 978-{}-{}-{}-{}",
            dice.below(10),
            dice.digits(3),
            dice.digits(5),
            dice.below(10)
        ),
        2 => format!("ISBN {}", long(dice, 10)),
        3 => format!("at {}", 1_600_000_000 + dice.below(99_999_999)),
        4 => format!("timestamp 16{}", dice.digits(11)),
        5 => format!("order number {}", long(dice, 16)),
        6 => format!("订单号：1{}{}", 3 + dice.below(7), dice.digits(9)),
        7 => format!(
            "on {}-{:02}-{:02} {:02}:{:02}:{:02}",
            1990 + dice.below(40),
            1 + dice.below(12),
            1 + dice.below(28),
            dice.below(24),
            dice.below(60),
            dice.below(60)
        ),
        8 => format!(
            "{}年{}月{}日",
            1990 + dice.below(40),
            1 + dice.below(12),
            1 + dice.below(28)
        ),
        9 => format!("192.168.{}.{}", dice.below(256), dice.below(256)),
        10 => format!("v{}.{}.{}", dice.below(30), dice.below(30), dice.below(30)),
        11 => format!(
            "${}.{}",
            groups(&long(dice, 9), &[3, 3, 3], ","),
            dice.digits(2)
        ),
        12 => format!("3.{}", dice.digits(15)),
        13 => format!("运单号{}", long(dice, 13)),
        14 => format!("user{}@localhost", dice.digits(3)),
        15 => format!("icon{}@2x.png", dice.digits(2)),
        16 => format!("{}-{}", 1900 + dice.below(100), 2000 + dice.below(30)),
        17 => format!(
            "section {}.{}.{}.{}",
            dice.below(9),
            dice.below(20),
            dice.below(20),
            1 + dice.below(9)
        ),
        18 => format!(
            "{:02}:{:02}:{:02}:{:02}:{:02}:{:02}",
            dice.below(99),
            dice.below(99),
            dice.below(99),
            dice.below(99),
            dice.below(99),
            dice.below(99)
        ),
        19 => format!("doi 10.{}/{}", dice.digits(4), dice.digits(8)),
        20 => format!("tracking no. {}", long(dice, 12)),
        21 => format!("{}×{}", dice.digits(4), dice.digits(4)),
        22 => format!("人口{}人", long(dice, 8)),
        23 => format!(
            "commit {:08x}{:08x}",
            dice.below(0xFFFF_FFFF),
            dice.below(0xFFFF_FFFF)
        ),
        24 => format!("流水号{}{}", 2020 + dice.below(6), dice.digits(14)),
        _ => format!(
            "pages {}-{}, {} items",
            dice.digits(3),
            dice.digits(3),
            long(dice, 6)
        ),
    }
}

struct Score {
    found: usize,
    missed: Vec<String>,
    wrong: Vec<String>,
}

fn score() -> Score {
    let stage = Normalize::new(&Config::default()).unwrap();
    let mut dice = Dice(20_240_115);
    let mut score = Score {
        found: 0,
        missed: Vec::new(),
        wrong: Vec::new(),
    };
    type Maker = fn(&mut Dice) -> String;
    let kinds: [(Maker, &str); 8] = [
        (email, "<EMAIL>"),
        (american_phone, "<PHONE>"),
        (foreign_phone, "<PHONE>"),
        (chinese_phone, "<PHONE>"),
        (ip, "<IP>"),
        (resident_id, "<ID>"),
        (card, "<CARD>"),
        (iban, "<IBAN>"),
    ];
    for round in 0..320 {
        for (make, placeholder) in kinds {
            let item = make(&mut dice);
            let frame = dice.pick(if round % 2 == 0 { ENGLISH } else { CHINESE });
            let text = frame.replace("{}", &item);
            if stage.normalize(&text).0 == frame.replace("{}", placeholder) {
                score.found += 1;
            } else {
                score.missed.push(text);
            }
        }
        for _ in 0..8 {
            let item = negative(&mut dice);
            let frame = dice.pick(if round % 2 == 0 { ENGLISH } else { CHINESE });
            let text = frame.replace("{}", &item);
            let (clean, counts) = stage.normalize(&text);
            if counts.masked() > 0 {
                score.wrong.push(format!("{text} -> {clean}"));
            }
        }
    }
    score
}

#[test]
fn precision_and_recall() {
    let score = score();
    let planted = score.found + score.missed.len();
    let recall = score.found as f64 / planted as f64;
    let precision = score.found as f64 / (score.found + score.wrong.len()) as f64;
    println!("planted {planted}, recall {recall:.4}, precision {precision:.4}");
    let some = |list: &[String]| list.iter().take(25).cloned().collect::<Vec<_>>().join("\n");
    assert!(recall >= 0.98, "recall {recall}:\n{}", some(&score.missed));
    assert!(
        precision >= 0.98,
        "precision {precision}:\n{}",
        some(&score.wrong)
    );
}
