//! Private data of every kind, check digits included, drawn by a small generator of numbers.

/// Knuth's MMIX constants, so that every run sees the same cases.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    pub fn of(&mut self, alphabet: &str, count: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..count)
            .map(|_| letters[self.below(letters.len() as u64) as usize])
            .collect()
    }

    pub fn digits(&mut self, count: usize) -> String {
        self.of("0123456789", count)
    }

    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }

    /// A template in which `#` is any digit, `N` one of 2 to 9, `H` a small hexadecimal digit.
    pub fn fill(&mut self, template: &str) -> String {
        let mut fill = |c| match c {
            '#' => self.digits(1),
            'N' => self.of("23456789", 1),
            'H' => self.of("0123456789abcdef", 1),
            c => String::from(c),
        };
        template.chars().map(&mut fill).collect()
    }
}

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn luhn(mut head: String) -> String {
    let value = |(i, b): (usize, u8)| {
        let d = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
        d / 10 + d % 10
    };
    let sum: u32 = head.bytes().rev().enumerate().map(value).sum();
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
    parts.push(rest);
    parts.retain(|part| !part.is_empty());
    parts.join(separator)
}

pub fn card(dice: &mut Dice) -> String {
    let heads = [
        "4", "51", "55", "2223", "34", "37", "6011", "65", "3530", "622202", "621700", "622588",
        "3600",
    ];
    let head = dice.pick(&heads);
    let length = match head {
        "34" | "37" => 15,
        "3600" => 14,
        "622202" | "621700" => 19,
        _ => 16,
    };
    let digits = luhn(format!("{head}{}", dice.digits(length - head.len() - 1)));
    match (length, dice.below(3)) {
        (_, 0) | (14, _) => digits,
        (15, _) => groups(&digits, &[4, 6, 5], " "),
        (16, 1) => groups(&digits, &[4, 4, 4], "-"),
        _ => groups(&digits, &[4, 4, 4, 4], " "),
    }
}

pub fn resident_id(dice: &mut Dice) -> String {
    let regions = [
        "110105", "310101", "440305", "510107", "330106", "210202", "420106", "610113", "650102",
        "820000",
    ];
    let region = dice.pick(&regions);
    let born = format!(
        "{}{:02}{:02}",
        1940 + dice.below(80),
        1 + dice.below(12),
        1 + dice.below(28)
    );
    let head = format!("{region}{born}{}", dice.digits(3));
    // ISO 7064 mod 11-2, by its definition rather than by a table of weights.
    let rest = head
        .bytes()
        .fold(0u32, |rest, b| (rest + u32::from(b - b'0')) * 2 % 11);
    match (12 - rest) % 11 {
        10 => format!("{head}{}", dice.pick(&["X", "x"])),
        check => format!("{head}{check}"),
    }
}

pub fn email(dice: &mut Dice) -> String {
    let names = [
        "ada",
        "john.smith",
        "zhang_wei",
        "li-na",
        "j.doe+news",
        "info",
        "x7",
        "wang1988",
        "o'neil",
        "m.j.o-brien",
        "R.Lee",
    ];
    let hosts = [
        "example.com",
        "qq.com",
        "163.com",
        "mail.example.co.uk",
        "uni-bonn.de",
        "sub.domain.org",
        "company.io",
        "foo.technology",
        "gov.cn",
        "EXAMPLE.NET",
        "a1-b2.museum",
    ];
    let number = if dice.below(2) == 0 {
        dice.below(1000).to_string()
    } else {
        String::new()
    };
    let (name, host) = (dice.pick(&names), dice.pick(&hosts));
    match dice.below(12) {
        0 => format!("{name}{number} (at) {}", host.replace('.', " (dot) ")),
        1 => format!("{name}{number}[at]{host}"),
        _ => format!("{name}{number}@{host}"),
    }
}

/// Countries, with the form of their account numbers: `#` digits, `A` capitals.
const IBANS: &[(&str, &str)] = &[
    ("DE", "##################"),
    ("GB", "AAAA##############"),
    ("FR", "#######################"),
    ("NL", "AAAA##########"),
    ("ES", "####################"),
    ("IT", "A######################"),
    ("CH", "#################"),
    ("PL", "########################"),
    ("NO", "###########"),
    ("SA", "####################"),
    ("MT", "AAAA#######################"),
];

pub fn iban(dice: &mut Dice) -> String {
    let (country, form) = IBANS[dice.below(IBANS.len() as u64) as usize];
    let mut draw = |c| {
        if c == '#' {
            dice.digits(1)
        } else {
            dice.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1)
        }
    };
    let account: String = form.chars().map(&mut draw).collect();
    let value = format!("{account}{country}00");
    let rest = value.bytes().fold(0u64, |rest, b| match b {
        b'0'..=b'9' => (rest * 10 + u64::from(b - b'0')) % 97,
        _ => (rest * 100 + u64::from(b - b'A') + 10) % 97,
    });
    let plain = format!("{country}{:02}{account}", 98 - rest);
    if dice.below(2) == 0 {
        plain
    } else {
        groups(&plain, &[4; 8], " ")
    }
}

pub fn ip(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => dice.fill("2a02:HHHH:HHH::1HHH"),
        1 => dice.fill("2400:3200:HHHH:HHH:1HH:HHHH:HHHH:HHHH"),
        _ => {
            let first = dice.pick(&["8", "47", "52", "91", "104", "114", "142", "185", "212"]);
            format!(
                "{first}.{}.{}.{}",
                40 + dice.below(200),
                dice.below(256),
                1 + dice.below(254)
            )
        }
    }
}

/// Numbers that are telephone numbers by their shape alone.
const PHONES: &[&str] = &[
    "(212) N##-####",
    "415-N##-####",
    "650.N##.####",
    "+1 303 N## ####",
    "1-718-N##-####",
    "+1-206-N##-####",
    "+44 20 7### ####",
    "+44 (0)20 7### ####",
    "020 7### ####",
    "07### ######",
    "+49 30 #######",
    "+49 151 N#######",
    "+33 6 ## ## ## ##",
    "06 9# 1# 8# 0#",
    "01.9#.2#.7#.0#",
    "+81-3-####-####",
    "03-N###-####",
    "090-N###-####",
    "+82-10-N###-####",
    "010-N###-####",
    "+61 2 #### ####",
    "0412 ### ###",
    "+55 11 9####-####",
    "(11) 9N###-####",
    "+7 495 N##-##-##",
    "8 (495) N##-##-##",
    "+91 98### #####",
    "+34 6## ### ###",
    "+39 06 #### ####",
    "+852 N### ####",
    "+886 9## ### ###",
    "+65 9### ####",
    "+31 6 ########",
    "06-N#######",
    "+41 44 N## ## ##",
    "044 N## ## ##",
    "+90 532 N## ## ##",
    "0532 N## ## ##",
    "+234 80N ### ####",
    "0049 30 N######",
    "13N########",
    "138-####-####",
    "159 #### ####",
    "+86 18########2",
    "+86-10-6#######",
    "010-6#######",
    "(021)5#######",
    "0755-8#######",
    "0571-8#######",
    "400-8##-####",
];

/// Numbers that need a word before them.
const TOLD_PHONES: &[&str] = &[
    "555-01##",
    "N######",
    "212N######",
    "N### ####",
    "6## ### ###",
    "98### #####",
    "030 N######",
    "0151 N#######",
    "N## N## ###",
    "8#######",
    "0211 / N######",
    "02########",
];
const PHONE_WORDS: &[&str] = &[
    "Tel: ",
    "Phone: ",
    "call me at ",
    "Mobile ",
    "Fax: ",
    "WhatsApp ",
    "Telefon: ",
    "Tél. ",
    "teléfono ",
    "电话：",
    "手机号是",
    "联系电话 ",
    "客服热线：",
    "電話：",
    "тел. ",
];

pub fn phone(dice: &mut Dice) -> String {
    let template = dice.pick(PHONES);
    dice.fill(template)
}

/// A word, and the number that it tells.
pub fn told_phone(dice: &mut Dice) -> (String, String) {
    let template = dice.pick(TOLD_PHONES);
    (dice.pick(PHONE_WORDS).to_owned(), dice.fill(template))
}

pub fn passport(dice: &mut Dice) -> (String, String) {
    let words = [
        "Passport No. ",
        "passport number: ",
        "my passport is ",
        "护照号码：",
        "护照号",
        "passport ",
        "Reisepass ",
        "港澳通行证号码 ",
    ];
    let word = dice.pick(&words).to_owned();
    let forms = [
        "E########",
        "EA#######",
        "G########",
        "#########",
        "AB#######",
        "C########",
        "P#######",
        "##AB#####",
        "K#######",
    ];
    let form = dice.pick(&forms);
    (word, dice.fill(form))
}

pub fn secret(dice: &mut Dice) -> String {
    match dice.below(13) {
        0 => format!("AKIA{}", dice.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
        1 => format!("ghp_{}", dice.of(ALNUM, 36)),
        2 => format!("AIza{}", dice.of(ALNUM, 35)),
        3 => format!("sk_live_{}", dice.of(ALNUM, 24)),
        4 => format!(
            "xoxb-{}-{}-{}",
            dice.digits(11),
            dice.digits(12),
            dice.of(ALNUM, 24)
        ),
        5 => format!("glpat-{}", dice.of(ALNUM, 20)),
        6 => format!("LTAI{}", dice.of(ALNUM, 20)),
        7 => format!(
            "eyJhbGciOiJIUzI1NiJ9.eyJ{}.{}",
            dice.of(ALNUM, 40),
            dice.of(ALNUM, 43)
        ),
        8 => format!("sk-{}", dice.of(ALNUM, 48)),
        9 => format!("npm_{}", dice.of(ALNUM, 36)),
        10 => format!("hf_{}", dice.of(ALNUM, 34)),
        11 => format!("SG.{}.{}", dice.of(ALNUM, 22), dice.of(ALNUM, 43)),
        _ => format!(
            "-----BEGIN RSA PRIVATE KEY-----\n{}\n{}\n-----END RSA PRIVATE KEY-----",
            dice.of(BASE64, 64),
            dice.of(BASE64, 64)
        ),
    }
}

pub fn told_secret(dice: &mut Dice) -> (String, String) {
    let words = [
        "api_key = \"",
        "API key: ",
        "access_token=",
        "Authorization: Bearer ",
        "aws_secret_access_key = ",
        "client_secret: ",
        "令牌：",
        "密钥为",
        "the token is ",
    ];
    let word = dice.pick(&words).to_owned();
    let token = match dice.below(4) {
        0 => dice.of("0123456789abcdef", 32),
        1 => dice.of(BASE64, 40).replace('/', "x"),
        2 => dice.of(UPPER, 32),
        _ => dice.of(ALNUM, 32),
    };
    (word, token)
}
