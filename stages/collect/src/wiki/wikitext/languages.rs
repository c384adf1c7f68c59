//! Names of languages, as `{{lang-xx}}` puts them before a word.

/// Code, name in English, in Chinese, in Russian (as abbreviated there).
const NAMES: &[(&str, &str, &str, &str)] = &[
    ("ar", "Arabic", "阿拉伯语", "араб."),
    ("be", "Belarusian", "白俄罗斯语", "белор."),
    ("bg", "Bulgarian", "保加利亚语", "болг."),
    ("bn", "Bengali", "孟加拉语", "бенг."),
    ("ca", "Catalan", "加泰罗尼亚语", "кат."),
    ("cs", "Czech", "捷克语", "чеш."),
    ("cy", "Welsh", "威尔士语", "валл."),
    ("da", "Danish", "丹麦语", "дат."),
    ("de", "German", "德语", "нем."),
    ("el", "Greek", "希腊语", "греч."),
    ("en", "English", "英语", "англ."),
    ("eo", "Esperanto", "世界语", "эспер."),
    ("es", "Spanish", "西班牙语", "исп."),
    ("et", "Estonian", "爱沙尼亚语", "эст."),
    ("eu", "Basque", "巴斯克语", "баск."),
    ("fa", "Persian", "波斯语", "перс."),
    ("fi", "Finnish", "芬兰语", "фин."),
    ("fr", "French", "法语", "фр."),
    ("ga", "Irish", "爱尔兰语", "ирл."),
    ("grc", "Ancient Greek", "古希腊语", "др.-греч."),
    ("he", "Hebrew", "希伯来语", "ивр."),
    ("hi", "Hindi", "印地语", "хинди"),
    ("hr", "Croatian", "克罗地亚语", "хорв."),
    ("hu", "Hungarian", "匈牙利语", "венг."),
    ("hy", "Armenian", "亚美尼亚语", "арм."),
    ("id", "Indonesian", "印尼语", "индон."),
    ("is", "Icelandic", "冰岛语", "исл."),
    ("it", "Italian", "意大利语", "итал."),
    ("ja", "Japanese", "日语", "яп."),
    ("ka", "Georgian", "格鲁吉亚语", "груз."),
    ("kk", "Kazakh", "哈萨克语", "каз."),
    ("ko", "Korean", "韩语", "кор."),
    ("la", "Latin", "拉丁语", "лат."),
    ("lt", "Lithuanian", "立陶宛语", "лит."),
    ("lv", "Latvian", "拉脱维亚语", "латыш."),
    ("mk", "Macedonian", "马其顿语", "макед."),
    ("mn", "Mongolian", "蒙古语", "монг."),
    ("ms", "Malay", "马来语", "малайск."),
    ("nl", "Dutch", "荷兰语", "нидерл."),
    ("no", "Norwegian", "挪威语", "норв."),
    ("pl", "Polish", "波兰语", "польск."),
    ("pt", "Portuguese", "葡萄牙语", "порт."),
    ("ro", "Romanian", "罗马尼亚语", "рум."),
    ("ru", "Russian", "俄语", "рус."),
    ("sa", "Sanskrit", "梵语", "санскр."),
    ("sk", "Slovak", "斯洛伐克语", "словацк."),
    ("sl", "Slovene", "斯洛文尼亚语", "словен."),
    ("sq", "Albanian", "阿尔巴尼亚语", "алб."),
    ("sr", "Serbian", "塞尔维亚语", "серб."),
    ("sv", "Swedish", "瑞典语", "швед."),
    ("ta", "Tamil", "泰米尔语", "там."),
    ("th", "Thai", "泰语", "тайск."),
    ("tr", "Turkish", "土耳其语", "тур."),
    ("uk", "Ukrainian", "乌克兰语", "укр."),
    ("ur", "Urdu", "乌尔都语", "урду"),
    ("vi", "Vietnamese", "越南语", "вьетн."),
    ("zh", "Chinese", "中文", "кит."),
];

/// What stands before a word of a language on a wiki in another; nothing where the name in that
/// wiki's language is not known.
pub(super) fn label(code: &str, site: &str) -> String {
    let Some((_, english, chinese, russian)) = NAMES.iter().find(|(known, ..)| *known == code)
    else {
        return String::new();
    };
    match site {
        "en" | "simple" => format!("{english}: "),
        "ru" => format!("{russian} "),
        _ if site.starts_with("zh") => format!("{chinese}："),
        _ => String::new(),
    }
}
