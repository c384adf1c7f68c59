//! What stands around a number.

/// Bytes before a number in which a telling word may stand.
const REACH: usize = 32;

/// The text before an item on the same line (in Chinese: in the same sentence), lower case, at most [`REACH`] bytes.
pub(super) fn before(text: &str, start: usize) -> String {
    let mut from = start.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let head = text.get(from..start).unwrap_or_default();
    let line = head
        .rsplit(['\n', '。', '！', '？'])
        .next()
        .unwrap_or_default();
    line.to_ascii_lowercase()
}

/// Words that make a number a telephone number.
const PHONE: &[&str] = &[
    "phone",
    "tel",
    "mobile",
    "mob",
    "cell",
    "call",
    "fax",
    "whatsapp",
    "hotline",
    "dial",
    "text me at",
    "reach me at",
    "reach us at",
    "contact",
    "sms",
    "wechat",
    "电话",
    "電話",
    "手机",
    "手機",
    "联系",
    "聯繫",
    "聯絡",
    "热线",
    "熱線",
    "致电",
    "致電",
    "拨打",
    "撥打",
    "传真",
    "傳真",
    "座机",
    "微信",
    "客服",
    "短信",
    "号码是",
    "來電",
    "来电",
];

/// Words that make a number a name of something public: an order, a book, a version.
const PUBLIC: &[&str] = &[
    "isbn",
    "issn",
    "order",
    "invoice",
    "version",
    "serial",
    "sku",
    "tracking",
    "ticket",
    "build",
    "part no",
    "part number",
    "model",
    "doi",
    "arxiv",
    "pmid",
    "patent",
    "case no",
    "case number",
    "reference",
    "ref",
    "receipt",
    "transaction",
    "timestamp",
    "upc",
    "ean",
    "barcode",
    "imei",
    "item",
    "product",
    "commit",
    "revision",
    "flight",
    "lot",
    "batch",
    "订单",
    "訂單",
    "编号",
    "編號",
    "单号",
    "單號",
    "版本",
    "票号",
    "票據",
    "运单",
    "運單",
    "快递",
    "快遞",
    "流水",
    "时间戳",
    "時間戳",
    "书号",
    "書號",
    "条码",
    "條碼",
    "型号",
    "型號",
    "序列号",
    "序號",
    "专利",
    "專利",
    "文号",
    "批号",
    "学号",
    "工号",
];

/// Words that make a number one of a card or an account.
const CARD: &[&str] = &[
    "card",
    "visa",
    "mastercard",
    "amex",
    "account",
    "debit",
    "credit",
    "pan",
    "卡",
    "账号",
    "账户",
    "帳號",
    "帳戶",
    "银行",
    "銀行",
];

/// Words that make four numbers with dots an address.
const ADDRESS: &[&str] = &[
    "ip",
    "address",
    "addr",
    "host",
    "server",
    "from",
    "client",
    "dns",
    "ping",
    "gateway",
    "proxy",
    "login",
    "logged in",
    "remote",
    "peer",
    "node",
    "地址",
    "服务器",
    "伺服器",
    "主机",
    "主機",
    "登录",
    "登入",
    "访问",
    "来自",
    "來自",
];

/// Words that make four numbers with dots a version or a section.
const VERSION: &[&str] = &[
    "version",
    "ver",
    "ver.",
    "v",
    "release",
    "rel",
    "build",
    "firmware",
    "driver",
    "section",
    "sec",
    "sec.",
    "chapter",
    "clause",
    "§",
    "oid",
    "rfc",
    "update",
    "patch",
    "kernel",
    "revision",
    "rev",
    "upgrade",
    "upgraded to",
    "版本",
    "版",
    "章",
    "节",
    "节：",
    "第",
    "固件",
    "升级到",
    "更新到",
    "驱动",
];

/// Where the last of `words` ends in `context`, as bytes before its end.
fn distance(context: &str, words: &[&str]) -> Option<usize> {
    words
        .iter()
        .filter_map(|word| {
            let mut upto = context.len();
            loop {
                let at = context.get(..upto)?.rfind(word)?;
                let end = at + word.len();
                if !word.is_ascii() || stands_alone(context, at, end) {
                    return Some(context.len() - end);
                }
                upto = at;
            }
        })
        .min()
}

/// Whether an ASCII word does not go on to the left, and to the right only by an ending.
fn stands_alone(context: &str, start: usize, end: usize) -> bool {
    let bytes = context.as_bytes();
    let left = start.checked_sub(1).and_then(|i| bytes.get(i));
    let right = bytes.get(end..).unwrap_or_default();
    let tail = right.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    !left.is_some_and(u8::is_ascii_alphabetic)
        && matches!(
            right.get(..tail).unwrap_or_default(),
            b"" | b"s" | b"ed" | b"ing" | b"ephone"
        )
}

/// What the words before a number say of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hint {
    phone: Option<usize>,
    public: Option<usize>,
    card: Option<usize>,
}

impl Hint {
    pub fn of(context: &str) -> Self {
        Self {
            phone: distance(context, PHONE),
            public: distance(context, PUBLIC),
            card: distance(context, CARD),
        }
    }

    /// A word for telephones stands nearer than one for public numbers.
    pub fn phone(self) -> bool {
        nearer(self.phone, self.public) && nearer(self.phone, self.card)
    }

    /// A word for public numbers stands nearest.
    pub fn public(self) -> bool {
        self.public.is_some() && !nearer(self.phone, self.public) && !nearer(self.card, self.public)
    }

    /// A word for cards stands nearer than one for public numbers.
    pub fn card(self) -> bool {
        nearer(self.card, self.public)
    }
}

fn nearer(a: Option<usize>, b: Option<usize>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a < b,
        (a, _) => a.is_some(),
    }
}

/// Whether the words before four numbers with dots make them a version.
pub(super) fn says_version(context: &str) -> bool {
    let version = distance(context, VERSION).filter(|gap| *gap <= 4);
    version.is_some() && !nearer(distance(context, ADDRESS), version)
}

/// Whether the words before four numbers with dots make them an address.
pub(super) fn says_address(context: &str) -> bool {
    distance(context, ADDRESS).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_counts() {
        assert!(Hint::of("order 77, phone: ").phone());
        assert!(Hint::of("call us about order ").public());
        assert!(Hint::of("my card number is ").card());
        assert!(Hint::of("订单号：").public() && Hint::of("手机：").phone());
        assert_eq!(Hint::of("hotel with telescope "), Hint::default());
    }

    #[test]
    fn reaches_back_within_the_line() {
        assert_eq!(before("Phone\nat 5", 9), "at ");
        assert!(before(&"汉".repeat(40), 120).len() <= REACH);
        assert!(says_version("linux version ") && says_version("upgraded to v"));
        assert!(says_address("from ") && !says_version("server v2 at ip "));
    }
}
