//! Which characters everyday text is made of: how a repair proves itself.

/// Frequent Chinese characters, simplified and traditional: well over three quarters of running
/// text, but only one in thirty of the characters that the charsets hold.
const HAN: &str = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴切规待示吗吧您啊";

/// Frequent characters of traditional Chinese and of Japanese that the list above lacks.
const TRADITIONAL: &str = "這來國個說們為時學對裡裏後麼還發當無開見經頭從動兩長樣現將與進實點種聲話兒問機給業間電門東聽氣關並內產萬體別處總場師書員華報馬張難數應車親計記邊風戰幹覺題統請愛讓認論義術結連遠資隊帶條變聯權領傳紅決達辦運強轉輕語滿識極黃臉錢黨設雙歷廣議單據導網專誰讀飛觀爭組視濟離雖壞興規嗎務際實訊軟線檔碼號夠沒會價質團錄選項圖確認輸檢顯變稱類齊區係簡繁於並著吧嗯";

/// Frequent Hangul syllables.
const HANGUL: &str = "이다는을의가에고하지한기로도사를리어자은스인서대나시수해일그정있아라전들보것부상여제과주원게으만장구조니동안용면와위적성미있무우공비신국선방오거관모계세당실경문진학생개분연화내때년없데생말중소되습까요네님";

/// Writing systems, as far as a repair must keep them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Digits, punctuation, symbols of everyday text.
    Neutral,
    Latin,
    Greek,
    Cyrillic,
    /// Hebrew and Arabic.
    Semitic,
    /// Scripts of South and South-East Asia.
    Brahmic,
    /// Chinese, Japanese, Korean.
    EastAsian,
    /// Everything that everyday text has no use for.
    Rare,
}

pub(super) fn script(c: char) -> Script {
    match c as u32 {
        0x41..=0x5A | 0x61..=0x7A | 0xAA | 0xBA | 0xC0..=0xD6 | 0xD8..=0xF6 | 0xF8..=0x17F => {
            Script::Latin
        }
        0x18F | 0x192 | 0x1A0 | 0x1A1 | 0x1AF | 0x1B0 | 0x1CD..=0x1DC | 0x218..=0x21B | 0x259 => {
            Script::Latin
        }
        0x1E00..=0x1EFF => Script::Latin,
        0x80..=0x9F => Script::Rare,
        0x00..=0xBF | 0xD7 | 0xF7 | 0x2C6 | 0x2C7 | 0x2D8..=0x2DD | 0x300..=0x36F => {
            Script::Neutral
        }
        0x386..=0x3CE | 0x1F00..=0x1FFF => Script::Greek,
        0x401..=0x45F | 0x490..=0x4FF => Script::Cyrillic,
        0x5B0..=0x5F4 | 0x60C..=0x6FF | 0xFB50..=0xFDFD => Script::Semitic,
        0x900..=0xE5B | 0x1780..=0x17F9 | 0x1000..=0x109F => Script::Brahmic,
        0x2000..=0x206F | 0x2070..=0x209C | 0x20A0..=0x20C0 | 0x2100..=0x218B => Script::Neutral,
        0x2190..=0x23FF | 0x2460..=0x27BF | 0x2B00..=0x2BFF | 0xFE0F | 0xFFFD => Script::Neutral,
        0xFB00..=0xFB06 | 0xFEFF | 0x1_F000..=0x1_FAFF => Script::Neutral,
        0x3000..=0x30FF | 0x3105..=0x312F | 0x3400..=0x9FFF | 0xAC00..=0xD7A3 => Script::EastAsian,
        0xFF01..=0xFFEE | 0xFE30..=0xFE4F | 0x3200..=0x33FF => Script::EastAsian,
        _ => Script::Rare,
    }
}

/// Whether a text reads like text: only everyday characters, no alphabets mixed within a word, no
/// alphabet whose letters only ever stand alone among Latin words.
pub(super) fn is_coherent(text: &str) -> bool {
    const ALPHABETS: [Script; 4] = [
        Script::Greek,
        Script::Cyrillic,
        Script::Semitic,
        Script::Brahmic,
    ];
    // Letters of each alphabet, and those that follow another one of it.
    let mut letters = [(0usize, 0usize); 4];
    let mut latin = false;
    let mut before = Script::Neutral;
    for c in text.chars() {
        let now = script(c);
        if now == Script::Rare || mixes(before, now) {
            return false;
        }
        latin |= now == Script::Latin;
        for ((count, joined), alphabet) in letters.iter_mut().zip(ALPHABETS) {
            *count += usize::from(now == alphabet);
            *joined += usize::from(now == alphabet && before == alphabet);
        }
        before = now;
    }
    !latin
        || letters
            .iter()
            .all(|(count, joined)| *count == 0 || *joined > 0)
}

fn mixes(a: Script, b: Script) -> bool {
    let alphabetic = |s| !matches!(s, Script::Neutral | Script::EastAsian);
    a != b && alphabetic(a) && alphabetic(b)
}

/// How many East Asian characters a text holds, and how many of those are frequent ones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Familiarity {
    pub characters: usize,
    pub frequent: usize,
    /// Characters of other non-ASCII kinds that everyday East Asian text has no use for.
    pub strange: usize,
}

impl Familiarity {
    pub fn of(text: &str) -> Self {
        let mut found = Self::default();
        for c in text.chars().filter(|c| !c.is_ascii()) {
            match script(c) {
                Script::EastAsian => {
                    found.characters += 1;
                    found.frequent += usize::from(is_frequent(c));
                }
                Script::Neutral if c != '\u{FFFD}' => {}
                _ => found.strange += 1,
            }
        }
        found
    }

    /// Share of the non-ASCII characters that is frequent, 0 to 1.
    pub fn share(self) -> f64 {
        let all = self.characters + self.strange;
        if all == 0 {
            0.0
        } else {
            self.frequent as f64 / all as f64
        }
    }
}

fn is_frequent(c: char) -> bool {
    matches!(c as u32, 0x3001..=0x3002 | 0x3008..=0x3011 | 0x3041..=0x30FE | 0xFF01..=0xFF5E)
        || FREQUENT.binary_search(&c).is_ok()
}

static FREQUENT: std::sync::LazyLock<Vec<char>> = std::sync::LazyLock::new(|| {
    let mut all: Vec<char> = [HAN, TRADITIONAL, HANGUL]
        .iter()
        .flat_map(|s| s.chars())
        .collect();
    all.sort_unstable();
    all.dedup();
    all
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coherence() {
        for good in [
            "schön",
            "Москва и Paris",
            "iPhone手机",
            "più presto",
            "Ὅμηρος",
            "עברית",
        ] {
            assert!(is_coherent(good), "{good}");
        }
        for bad in ["Verш", "a ш b", "x\u{93}y", "аbв"] {
            assert!(!is_coherent(bad), "{bad}");
        }
    }

    #[test]
    fn familiarity() {
        assert!(Familiarity::of("我们在这里学习语言。").share() > 0.6);
        assert!(Familiarity::of("浣犲ソ鐨勪腑").share() < 0.35);
    }
}
