//! The conventions of Chinese Wikipedia.

use super::text_in;

fn chinese(source: &str) -> String {
    text_in("zh", "zh-cn", source)
}

#[test]
fn variants_show_one_of_their_texts() {
    for (source, cn, tw) in [
        ("-{zh-hans:计算器; zh-hant:計算機}-", "计算器", "計算機"),
        ("-{zh-hans:计算器; zh-hant:計算機;}-", "计算器", "計算機"),
        ("-{zh-cn:A;zh-tw:B}-", "A", "B"),
        ("-{zh-tw:B;\n zh-cn:A}-", "A", "B"),
        ("-{zh-hk:C;zh-tw:B}-", "C", "B"),
        ("-{R|raw}-", "raw", "raw"),
        ("-{乾坤}-", "乾坤", "乾坤"),
        ("-{zh;zh-hans|一}-", "一", "一"),
        ("-{A|zh-cn:甲;zh-tw:乙}-", "甲", "乙"),
        ("甲-{T|zh-cn:题;zh-tw:題}-", "甲", "甲"),
        (
            "-{zh-cn:外-{zh-cn:内;zh-tw:裡}-层;zh-tw:另}-",
            "外内层",
            "另",
        ),
        ("-{zh-cn:一-{R|二}-;zh-tw:一-{三}-}-", "一二", "一三"),
        ("-{zh-cn:[[电脑]];zh-tw:[[電腦]]}-", "电脑", "電腦"),
        ("[[电脑|-{zh-cn:甲;zh-tw:乙}-机]]", "甲机", "乙机"),
        ("[[-{zh-cn:甲;zh-tw:乙}-]]", "甲", "乙"),
        ("{{lang|en|-{R|Tea}-}}", "Tea", "Tea"),
        ("-{zh-cn:a&nbsp;b;zh-tw:c}-", "a b", "c"),
        ("-{zh-cn:{{lang|en|Tea}};zh-tw:茶}-", "Tea", "茶"),
        ("a-{{lang|en|b}}-c", "a-b-c", "a-b-c"),
    ] {
        assert_eq!(chinese(source), cn, "{source}");
        assert_eq!(text_in("zh", "zh-tw", source), tw, "{source}");
    }
    assert_eq!(text_in("en", "zh-cn", "x-{y}-"), "x-{y}-");
}

#[test]
fn rules_hold_on_the_whole_page() {
    for (source, text) in [
        ("-{H|zh-cn:博客;zh-tw:部落格}-我的部落格", "我的博客"),
        ("部落格-{H|zh-cn:博客;zh-tw:部落格}-", "博客"),
        ("-{A|zh-cn:打印机; zh-tw:印表機}-是印表機", "打印机是打印机"),
        ("-{H|巨集=>zh-cn:宏}-巨集", "宏"),
        (
            "{{NoteTA|G1=IT|T=zh-cn:甲;zh-tw:乙|1=zh-cn:软件;zh-tw:軟體;zh-hk:軟件|2=zh-hans:互联网; zh-hant:網際網路;}}\n軟體、軟件，網際網路",
            "软件、软件，互联网",
        ),
        (
            "{{noteTA\n|zh-cn:软件;zh-tw:軟體\n|zh-cn:硬盘;zh-tw:硬碟\n}}\n軟體和硬碟",
            "软件和硬盘",
        ),
    ] {
        assert_eq!(chinese(source), text, "{source}");
    }
}

#[test]
fn rules_that_would_blow_up_a_page_do_not() {
    let long = "乙".repeat(10_000);
    let word = "乙".repeat(80);
    for target in [&long, &word] {
        let source = format!("-{{H|a=>zh-cn:{target}}}-{}", "a".repeat(10_000));
        assert!(chinese(&source).len() < 4 * source.len());
    }
}

#[test]
fn punctuation_around_what_is_left_out() {
    for (source, text) in [
        ("甲（{{未知模板}}）是乙。", "甲是乙。"),
        ("甲（{{未知模板}}，乙）。", "甲（乙）。"),
        ("甲（乙，{{未知模板}}）。", "甲（乙）。"),
        ("甲（乙；{{未知模板}}；丙）。", "甲（乙；丙）。"),
        ("甲、{{未知模板}}、乙", "甲、乙"),
        ("甲，{{未知模板}}。", "甲。"),
        ("甲<ref>注</ref>，乙<ref name=\"b\" />。", "甲，乙。"),
        ("甲。<ref>注</ref>乙", "甲。乙"),
        ("“甲”：{{未知模板}}乙！{{未知模板}}", "“甲”：乙！"),
        ("《[[甲]]》、〈乙〉——丙……", "《甲》、〈乙〉——丙……"),
        ("甲\n乙", "甲乙"),
        ("甲\u{3000}乙", "甲\u{3000}乙"),
    ] {
        assert_eq!(chinese(source), text, "{source}");
    }
}

#[test]
fn an_article() {
    let source = "{{NoteTA|G1=IT|1=zh-cn:软件;zh-tw:軟體}}
{{Infobox software
| 名称 = 甲
| 网站 = {{URL|http://a.example}}
| 图像 = [[File:甲.png|50px|说明[[链接]]]]
}}
[[文件:甲.png|thumb|说明]]
'''甲'''（{{lang|en|Jia}}，{{lang-fr|Jiá}}）是一种軟體<ref name=\"a\">《书》，第3页。</ref>。<ref name=\"a\" />另见[[文件 (计算机)|文件]]。

== 历史 ==
{{Main|甲的历史}}
: ''早期''
* 第一条
* 第二条，见[[乙]]
{| class=\"wikitable\"
! 年份 !! 版本
|-
| 2001年 || style=\"color:red\" | 一
|}

== 参考文献 ==
{{reflist}}
* 书

=== 书目 ===
* 另一本书

== 外部链接 ==
* [http://a.example 官方网站]
{{导航}}

[[Category:软件]]
[[分类:甲]]
[[en:Jia]]
";
    let text = chinese(source);
    assert_eq!(
        text,
        "甲（Jia，法语：Jiá）是一种软件。另见文件。\n\n历史\n\n早期\n- 第一条\n- 第二条，见乙\n\n年份 | 版本\n2001年 | 一"
    );
}

#[test]
fn appendices_in_either_script_go() {
    for name in [
        "参考文献",
        "參考文獻",
        "外部链接",
        "外部連結",
        "参见",
        "參見",
        "注释",
        "註釋",
        "脚注",
        "延伸阅读",
        "參考資料",
    ] {
        assert_eq!(
            chinese(&format!("甲\n\n== {name} ==\n* 乙\n* 丙\n")),
            "甲",
            "{name}"
        );
    }
    assert_eq!(chinese("甲\n\n== 历史 ==\n乙"), "甲\n\n历史\n\n乙");
}
