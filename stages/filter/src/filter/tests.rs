use super::*;
use crate::lang::Language;
use crate::rules::Rule;

const ENGLISH: &str = "The old library at the corner of the market square had been closed for almost ten years when the \
    town decided to open it again. Volunteers carried boxes of books up the stairs, and a retired carpenter repaired the \
    shelves that damp had bent.\nOn the first morning more than two hundred people came to look around. Some of them had \
    learned to read there and wanted to see whether the green chairs were still in the room with the tall windows. \
    Others brought their children, who went straight to the comics. Nobody minded that the heating was not working yet.";

const CHINESE: &str = "城东的旧图书馆关闭了将近十年，去年秋天终于重新开放。志愿者们把一箱箱的书搬上楼梯，一位退休的木匠修好了受潮变形的书架。\n\
    开馆的第一天早上，来了两百多人。有些人小时候就是在这里学会读书的，他们想看看窗边那几把绿色的椅子还在不在。也有人带着孩子来，\
    孩子们一进门就直奔漫画区。暖气还没有修好，但是没有人抱怨，大家都说：“只要有书就不冷。”";

fn document(text: &str) -> Document {
    Document {
        text: text.to_string(),
        ..Document::default()
    }
}

fn decide(config: &Config, text: &str) -> Verdict<Document> {
    Filter::new(config).unwrap().process(document(text))
}

fn rule(config: &Config, text: &str) -> Option<String> {
    match decide(config, text) {
        Verdict::Keep(_) => None,
        Verdict::Drop(reason) => Some(reason.rule),
    }
}

fn default_rule(text: &str) -> Option<String> {
    rule(&Config::default(), text)
}

fn only(family: &str) -> Config {
    Config {
        families: vec![family.into()],
        ..Config::default()
    }
}

#[test]
fn prose_is_kept_with_its_language() {
    for (text, lang, script) in [(ENGLISH, "en", "Latn"), (CHINESE, "zh", "Hans")] {
        let Verdict::Keep(kept) = decide(&Config::default(), text) else {
            panic!("{lang} is dropped")
        };
        assert_eq!(
            (kept.lang.as_deref(), kept.script.as_deref()),
            (Some(lang), Some(script))
        );
        assert!(kept.lang_confidence.unwrap() > 0.9);
        assert_eq!(kept.text, text);
    }
}

#[test]
fn dropped_text_is_explained() {
    let Verdict::Drop(reason) = decide(&only("gopher_quality"), "Too short.") else {
        panic!()
    };
    assert_eq!(reason.rule, "gopher_quality.word_count");
    assert_eq!((reason.value, reason.limit), (Some(2.0), Some(50.0)));
    assert_eq!(reason.text.as_deref(), Some("Too short."));
}

#[test]
fn other_languages_are_dropped_unless_wanted() {
    let german = "Der Ausschuss trifft sich nächste Woche wieder, um den Haushalt für das kommende Jahr zu beraten.";
    assert_eq!(
        rule(&only("lang"), german).as_deref(),
        Some("lang.language")
    );
    let all = Config {
        languages: vec![],
        ..only("lang")
    };
    assert_eq!(rule(&all, german), None);
    assert_eq!(
        rule(&only("lang"), "12345 67890").as_deref(),
        Some("lang.language")
    );
}

#[test]
fn a_script_can_be_asked_for() {
    let hant = Config {
        languages: vec!["zh-Hant".into()],
        ..only("lang")
    };
    assert_eq!(rule(&hant, "這是一篇關於歷史的文章，請仔細閱讀。"), None);
    assert_eq!(rule(&hant, CHINESE).as_deref(), Some("lang.language"));
}

#[test]
fn uncertain_languages_are_dropped() {
    struct Unsure;
    impl LanguageIdentifier for Unsure {
        fn identify(&self, _: &str) -> Language {
            Language {
                code: "en".into(),
                script: "Latn".into(),
                confidence: 0.5,
                mixed: false,
            }
        }
    }
    let filter = Filter::with_identifier(&only("lang"), Box::new(Unsure)).unwrap();
    let Verdict::Drop(reason) = filter.process(document(ENGLISH)) else {
        panic!()
    };
    assert_eq!(
        (reason.rule.as_str(), reason.value, reason.limit),
        ("lang.confidence", Some(0.5), Some(0.65))
    );
}

#[test]
fn a_given_language_is_believed_when_languages_do_not_decide() {
    let filter = Filter::new(&only("gopher_quality")).unwrap();
    let german = Document {
        lang: Some("de".into()),
        ..document(ENGLISH)
    };
    let Verdict::Drop(reason) = filter.process(german) else {
        panic!()
    };
    assert_eq!(reason.rule, "gopher_quality.stop_words");
}

#[test]
fn rules_can_be_fixed_to_a_language() {
    let fixed = Config {
        rules_language: "en".into(),
        ..only("gopher_quality")
    };
    assert_eq!(
        rule(&fixed, CHINESE).as_deref(),
        Some("gopher_quality.word_count")
    );
    assert_eq!(rule(&only("gopher_quality"), CHINESE), None);
}

#[test]
fn chinese_menus_headlines_and_stuffing_are_dropped() {
    let menu = "首页\n新闻\n国内\n国际\n社会\n财经\n股票\n基金\n体育\n足球\n娱乐\n电影\n音乐\n科技\n数码\n手机\n汽车\n房产\n教育\n健康\n\
        旅游\n女性\n星座\n游戏\n读书\n博客\n论坛\n视频\n图片\n登录\n注册\n关于我们\n联系我们\n网站地图\n版权声明\n广告服务\n友情链接\n帮助中心";
    let headlines = "央行宣布下调存款准备金率\n国足昨晚客场一球小胜\n新款手机下月正式上市\n全市中小学今起放暑假\n股市连续三日走高\n\
        专家谈如何预防中暑\n地铁六号线年底通车\n多地出台住房新政策\n电影节下周开幕\n高速公路免费通行时间公布\n著名作家新书发布会\n\
        研究称睡眠不足影响记忆\n汽车销量同比增长一成\n大学生就业形势分析";
    let stuffing = "北京搬家公司,上海装修公司,广州开锁服务,深圳空调维修,天津二手车,重庆办公家具,成都网站建设,杭州手机回收,武汉月嫂,\
        南京保洁,西安疏通下水道,苏州汽车租赁,青岛婚庆,大连律师,宁波代办执照,厦门搬家公司,济南装修公司,长沙开锁服务,郑州空调维修,\
        合肥二手车,北京办公家具,上海网站建设,广州手机回收,深圳月嫂,天津保洁";
    let spam = "欢迎光临本店，专业提供搬家服务，价格优惠，质量保证，欢迎来电咨询。".repeat(12);
    for text in [menu, headlines, stuffing, &spam] {
        assert!(default_rule(text).is_some(), "{text}");
    }
}

#[test]
fn long_chinese_paragraphs_stay_whole() {
    let paragraph = CHINESE.replace('\n', "").repeat(10);
    assert!(paragraph.chars().count() > 1000);
    let Verdict::Keep(kept) = decide(&only("c4"), &paragraph) else {
        panic!()
    };
    assert_eq!(kept.text, paragraph);
}

#[test]
fn limits_by_language_override_the_built_in_ones() {
    let json = r#"{"families": ["gopher_quality"], "min_words": 30, "language": {"zh": {"min_words": 1000}}}"#;
    let config: Config = serde_json::from_str(json).unwrap();
    assert_eq!(
        rule(&config, CHINESE).as_deref(),
        Some("gopher_quality.word_count")
    );
    assert_eq!(rule(&config, ENGLISH), None);
}

#[test]
fn rules_can_be_switched_off() {
    let code = format!("{ENGLISH}\nfor (;;) {{ wait(); }}");
    assert_eq!(default_rule(&code).as_deref(), Some("c4.curly_bracket"));
    let config = Config {
        disable: vec!["c4.curly_bracket".into(), "c4.terminal_punctuation".into()],
        ..Config::default()
    };
    assert_eq!(rule(&config, &code), None);
}

#[test]
fn mistakes_in_the_configuration_are_named() {
    let error = |config: Config| Filter::new(&config).err().unwrap().to_string();
    assert!(error(only("gopher")).contains("gopher_quality"));
    assert!(
        error(Config {
            max_newlines: -1.0,
            ..Config::default()
        })
        .contains("filter.max_newlines")
    );
    let json = r#"{"language": {"de": {"disable": ["c4.lines"]}}}"#;
    assert!(error(serde_json::from_str(json).unwrap()).contains("filter.language.de.disable"));
    assert!(serde_json::from_str::<Config>(r#"{"min_word": 3}"#).is_err());
}

#[test]
fn nothing_is_kept_of_nothing() {
    for text in ["", " \n ", "\u{0}\u{1}"] {
        assert!(default_rule(text).is_some());
    }
}

#[test]
fn hostile_lengths_are_linear() {
    let config = Config {
        languages: vec![],
        min_lang_confidence: 0.0,
        ..Config::default()
    };
    for text in [
        "a".repeat(2_000_000),
        "中".repeat(700_000),
        "\n".repeat(1_000_000),
        "(a)-".repeat(300_000),
        "中 a".repeat(300_000),
    ] {
        assert!(rule(&config, &text).is_some());
    }
}

proptest::proptest! {
    #[test]
    fn decisions_are_the_same_each_time(text in "(\\PC|[a-z]{1,8} |the |of |\n|中文。|[\\[\\]{}.#…]){0,80}") {
        let config = Config { languages: vec![], min_lang_confidence: 0.0, min_words: 1, ..Config::default() };
        let filter = Filter::new(&config).unwrap();
        let first = filter.process(document(&text));
        proptest::prop_assert_eq!(&first, &filter.process(document(&text)));
        if let Verdict::Drop(reason) = first {
            proptest::prop_assert!(Rule::ALL.iter().any(|rule| rule.name() == reason.rule));
            proptest::prop_assert!(reason.value.is_some() && reason.limit.is_some());
        }
    }
}
