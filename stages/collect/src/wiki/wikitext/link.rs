//! Internal links: to their text.

use super::expand::{Expander, HOLE, Range};

/// Names of namespaces of pictures and categories in languages with large encyclopedias, for
/// dumps that do not name them. Lower case.
const FILES: &[&str] = &[
    "file",
    "image",
    "media",
    "bild",
    "datei",
    "fichier",
    "archivo",
    "imagen",
    "immagine",
    "ficheiro",
    "imagem",
    "ficheru",
    "fitxer",
    "imatge",
    "bestand",
    "afbeelding",
    "plik",
    "grafika",
    "файл",
    "изображение",
    "зображення",
    "выява",
    "картинка",
    "датотека",
    "слика",
    "文件",
    "图像",
    "图片",
    "圖像",
    "圖片",
    "檔案",
    "档案",
    "ファイル",
    "画像",
    "파일",
    "그림",
    "tập tin",
    "hình",
    "berkas",
    "gambar",
    "fil",
    "fails",
    "attēls",
    "vaizdas",
    "pilt",
    "tiedosto",
    "kuva",
    "soubor",
    "súbor",
    "obrázok",
    "slika",
    "datoteka",
    "kép",
    "fájl",
    "fișier",
    "imagine",
    "skeda",
    "dosya",
    "resim",
    "şəkil",
    "fayl",
    "پرونده",
    "تصویر",
    "ملف",
    "صورة",
    "קובץ",
    "תמונה",
    "चित्र",
    "ไฟล์",
    "ภาพ",
    "αρχείο",
    "εικόνα",
    "պատկեր",
    "სურათი",
    "মিডিয়া",
    "চিত্র",
    "படிமம்",
    "mynd",
    "íomhá",
    "delwedd",
    "dosiero",
    "fasciculus",
    "imago",
    "fitxategi",
];
const CATEGORIES: &[&str] = &[
    "category",
    "kategorie",
    "catégorie",
    "categoría",
    "categoria",
    "categorie",
    "kategoria",
    "категория",
    "категорія",
    "катэгорыя",
    "категорија",
    "分类",
    "分類",
    "カテゴリ",
    "분류",
    "thể loại",
    "kategori",
    "kategorija",
    "kateguoreja",
    "kategória",
    "luokka",
    "kategoorija",
    "kategooria",
    "kategória",
    "rede",
    "rubryka",
    "رده",
    "تصنيف",
    "קטגוריה",
    "श्रेणी",
    "หมวดหมู่",
    "κατηγορία",
    "կատեգորիա",
    "კატეგორია",
    "বিষয়শ্রেণী",
    "பகுப்பு",
    "kateqoriya",
    "flokkur",
    "catagóir",
    "categori",
    "kategorio",
    "rummad",
    "kawan",
    "санат",
];
/// Prefixes of languages of Wikipedia that do not have the two or three letters of the rest.
const LANGUAGES: &[&str] = &[
    "bat-smg",
    "be-tarask",
    "be-x-old",
    "cbk-zam",
    "fiu-vro",
    "map-bms",
    "nds-nl",
    "roa-rup",
    "roa-tara",
    "simple",
    "zh-classical",
    "zh-cn",
    "zh-min-nan",
    "zh-tw",
    "zh-yue",
];
/// Prefixes of two or three letters that lead to sister projects or to namespaces.
const PROJECTS: &[&str] = &[
    "b", "c", "d", "m", "n", "q", "s", "v", "w", "voy", "wp", "mw", "bug", "doi", "irc", "rfc",
];

/// Appends the text of a link.
pub(super) fn write(expander: &mut Expander, range: Range, out: &mut String) {
    let bar = expander.find(range, b'|');
    let target = (range.0, bar.unwrap_or(range.1));
    let raw = expander.slice(target);
    if raw.trim_start().starts_with("http://") || raw.trim_start().starts_with("https://") {
        // An address in brackets, in further ones.
        out.push('[');
        expander.expand(range, out);
        out.push(']');
        return;
    }
    let target = expander.text(target);
    if is_dropped(expander, &target) {
        out.push(HOLE);
        return;
    }
    if target.contains(['\n', '[', ']', '{', '<', '>']) {
        // No link: MediaWiki shows the brackets too.
        return expander.expand(range, out);
    }
    let before = out.len();
    match bar {
        Some(bar) => {
            expander.expand((bar + 1, range.1), out);
            let label = out.get(before..).unwrap_or_default();
            if label.trim().is_empty() {
                out.truncate(before);
                out.push_str(without_context(&target));
            }
        }
        None => match target.split_once('|') {
            // The bar came out of a template.
            Some((_, label)) => out.push_str(label.trim()),
            None => out.push_str(title(&target)),
        },
    }
    guard(before, out);
}

/// Keeps a text from being read as the markup of its line.
fn guard(from: usize, out: &mut String) {
    let starts = from == 0 || out.get(..from).is_some_and(|before| before.ends_with('\n'));
    let marks = ['*', '#', ':', ';', '=', '|', '!', ' ', '{'];
    if starts && out.get(from..).is_some_and(|text| text.starts_with(marks)) {
        out.insert_str(from, "\x01\x02");
    }
}

/// A target as MediaWiki shows it.
fn title(target: &str) -> &str {
    let target = target.strip_prefix(':').unwrap_or(target);
    let target = target.strip_prefix('#').unwrap_or(target);
    target.trim_matches('/').trim()
}

/// The pipe trick: `[[Help:Page (context)|]]` shows `Page`.
fn without_context(target: &str) -> &str {
    let target = title(target);
    let target = target.split_once(':').map_or(target, |(_, name)| name);
    for open in [" (", "（"] {
        if let Some((name, _)) = target.split_once(open) {
            return name.trim();
        }
    }
    target
        .split_once(", ")
        .map_or(target, |(name, _)| name)
        .trim()
}

/// Whether a link shows no text: a picture, a category, or the same page in another language.
fn is_dropped(expander: &Expander, target: &str) -> bool {
    let Some((prefix, _)) = target.split_once(':') else {
        return false;
    };
    let prefix = prefix.trim();
    if prefix.is_empty() || prefix.len() > 60 {
        return false;
    }
    let lower = prefix.to_lowercase().replace('_', " ");
    let site = expander.page.site;
    if let Some(number) = site.namespace(&lower) {
        return matches!(number, 6 | 14 | -2);
    }
    FILES.contains(&lower.as_str()) || CATEGORIES.contains(&lower.as_str()) || is_language(prefix)
}

fn is_language(prefix: &str) -> bool {
    let letters = prefix.bytes().all(|byte| byte.is_ascii_lowercase());
    let code = letters && matches!(prefix.len(), 2 | 3);
    (code && !PROJECTS.contains(&prefix)) || LANGUAGES.contains(&prefix)
}
