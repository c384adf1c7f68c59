use super::*;

const ENGLISH: &str = "The harbour was quiet when the first boats came in before sunrise.";
const GERMAN: &str = "Der Hafen war still, als vor Sonnenaufgang die ersten Boote einliefen.";
const CHINESE: &str = "天还没有亮，第一批渔船就已经回到了港口，码头上很安静。";

fn mixed(text: &str) -> bool {
    identify(text).mixed
}

#[test]
fn bilingual_pages_are_mixed() {
    assert!(mixed(&format!(
        "{ENGLISH}\n{CHINESE}\n{ENGLISH}\n{CHINESE}"
    )));
    assert!(mixed(&format!(
        "{ENGLISH}\n\n{GERMAN}\n\n{ENGLISH}\n\n{GERMAN}"
    )));
    assert!(mixed(&format!("{CHINESE}{CHINESE}{CHINESE} {ENGLISH}")));
}

#[test]
fn names_and_terms_do_not_make_a_page_mixed() {
    assert!(!mixed(ENGLISH));
    assert!(!mixed(&format!(
        "{ENGLISH} He met Wang Xiaoming (王小明) and Jürgen Müller-Lüdenscheidt there. {ENGLISH}"
    )));
    assert!(!mixed(
        "安装 Python 之后，用 pip install numpy 命令安装 NumPy，然后在 Jupyter Notebook 中运行示例程序。\n\
         TensorFlow 和 PyTorch 都支持 GPU 加速，需要先安装 CUDA Toolkit 和 cuDNN。"
    ));
    assert!(!mixed(
        "東京都千代田区丸の内一丁目\n株式会社山田製作所 代表取締役社長 山田太郎\nこの会社は機械を作っています。"
    ));
}

#[test]
fn accents_apart_from_their_letters_are_read() {
    let vietnamese = "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm.";
    let apart: String = unicode_normalization::UnicodeNormalization::nfd(vietnamese).collect();
    assert_eq!(identify(&apart), identify(vietnamese));
    assert_eq!(identify(&apart).code, "vi");
}

#[test]
fn long_texts_are_sampled() {
    let long = format!("{}{}", ENGLISH.repeat(2000), CHINESE.repeat(10));
    let start = std::time::Instant::now();
    assert_eq!(identify(&long).code, "en");
    assert!(start.elapsed().as_millis() < 100);
}
