//! The blocks of a page, and which of its sections stay.

use super::super::Options;

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A paragraph.
    Paragraph,
    /// An item of a list.
    Item,
    /// A row of a table.
    Row,
    /// Lines as they are.
    Lines,
}

struct Section {
    level: usize,
    /// Where its heading begins in the text.
    start: usize,
    /// Where its content begins.
    content: usize,
    /// The kind of the block before its heading.
    before: Option<Kind>,
    /// Whether its name is that of an appendix.
    appendix: bool,
    /// Bytes of paragraphs, and of all blocks.
    prose: usize,
    all: usize,
}

/// Puts blocks together.
pub(super) struct Sections<'a> {
    options: &'a Options,
    out: String,
    last: Option<Kind>,
    open: Vec<Section>,
}

/// An appendix with more prose than this stays, if prose is most of it.
const MUCH_PROSE: usize = 400;

impl<'a> Sections<'a> {
    /// Without any block yet.
    pub fn new(options: &'a Options, capacity: usize) -> Self {
        Self {
            options,
            out: String::with_capacity(capacity),
            last: None,
            open: Vec::new(),
        }
    }

    /// Adds a block.
    pub fn push(&mut self, kind: Kind, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let run = self.last == Some(kind) && kind != Kind::Paragraph;
        if self.last.is_some() {
            self.out.push_str(if run { "\n" } else { "\n\n" });
        }
        self.out.push_str(text);
        self.last = Some(kind);
        if let Some(section) = self.open.last_mut() {
            section.all += text.len();
            section.prose += if kind == Kind::Paragraph {
                text.len()
            } else {
                0
            };
        }
    }

    /// Begins a section.
    pub fn heading(&mut self, level: usize, text: &str) {
        self.close(level);
        let (start, before) = (self.out.len(), self.last);
        if self.last.is_some() {
            self.out.push_str("\n\n");
        }
        self.out.push_str(text);
        self.last = Some(Kind::Paragraph);
        self.open.push(Section {
            level,
            start,
            content: self.out.len(),
            before,
            appendix: !self.options.keep_appendices && is_appendix(text),
            prose: 0,
            all: 0,
        });
    }

    /// Ends sections of this level and below; takes out those that are empty and appendices.
    fn close(&mut self, level: usize) {
        while let Some(section) = self.open.pop_if(|section| section.level >= level) {
            let prose = section.prose > MUCH_PROSE && section.prose * 2 > section.all;
            if self.out.len() == section.content || (section.appendix && !prose) {
                self.out.truncate(section.start);
                self.last = section.before;
            } else if let Some(parent) = self.open.last_mut() {
                parent.prose += section.prose;
                parent.all += section.all;
            }
        }
    }

    /// The text.
    pub fn finish(mut self) -> String {
        self.close(0);
        self.out
    }
}

/// Names of sections that list sources, links and other articles, in lower case, by language.
const APPENDICES: &[&str] = &[
    // English
    "see also",
    "references",
    "external links",
    "external link",
    "further reading",
    "notes",
    "footnotes",
    "sources",
    "bibliography",
    "citations",
    "notes and references",
    "references and notes",
    "works cited",
    "references and footnotes",
    "notes and citations",
    "general references",
    "cited sources",
    "literature",
    "weblinks",
    "links",
    "further references",
    // Chinese
    "参考文献",
    "參考文獻",
    "参考资料",
    "參考資料",
    "外部链接",
    "外部連結",
    "外部鏈接",
    "外部連接",
    "参见",
    "參見",
    "参看",
    "參看",
    "参考",
    "參考",
    "相关条目",
    "相關條目",
    "注释",
    "註釋",
    "注釋",
    "注解",
    "註解",
    "脚注",
    "腳註",
    "脚註",
    "延伸阅读",
    "延伸閱讀",
    "扩展阅读",
    "擴展閱讀",
    "来源",
    "來源",
    "资料来源",
    "資料來源",
    "参考来源",
    "參考來源",
    "参考书目",
    "參考書目",
    "引用",
    "引注",
    "相关链接",
    "相關連結",
    "外部链结",
    "外部鏈結",
    "备注",
    "備註",
    "参考链接",
    "進階閱讀",
    "进阶阅读",
    "參照",
    "参照",
    "另见",
    "另見",
    // Japanese
    "関連項目",
    "外部リンク",
    "出典",
    "参考図書",
    "関連文献",
    "注",
    "註",
    "注記",
    "関連書籍",
    // Korean
    "같이 보기",
    "각주",
    "외부 링크",
    "참고 문헌",
    "참고문헌",
    "참고 자료",
    "출처",
    "주석",
    "바깥 고리",
    // German
    "siehe auch",
    "einzelnachweise",
    "literatur",
    "quellen",
    "anmerkungen",
    "fußnoten",
    "einzelnachweise und anmerkungen",
    "anmerkungen und einzelnachweise",
    "referenzen",
    "belege",
    // French
    "voir aussi",
    "références",
    "notes et références",
    "liens externes",
    "lien externe",
    "bibliographie",
    "articles connexes",
    "annexes",
    "notes",
    "sources et références",
    // Spanish, Portuguese, Italian, Catalan, Galician
    "véase también",
    "referencias",
    "enlaces externos",
    "bibliografía",
    "notas",
    "notas y referencias",
    "fuentes",
    "ver também",
    "referências",
    "ligações externas",
    "bibliografia",
    "notas e referências",
    "links externos",
    "voci correlate",
    "note",
    "collegamenti esterni",
    "altri progetti",
    "fonti",
    "referències",
    "vegeu també",
    "enllaços externs",
    "notes i referències",
    "véxase tamén",
    "ligazóns externas",
    // Dutch, Scandinavian languages, Finnish
    "zie ook",
    "externe links",
    "externe link",
    "bronnen, noten en/of referenties",
    "bronnen",
    "referenties",
    "noten",
    "literatuur",
    "se även",
    "referenser",
    "externa länkar",
    "källor",
    "noter",
    "fotnoter",
    "se også",
    "eksterne henvisninger",
    "eksterne lenker",
    "referanser",
    "referencer",
    "kilder",
    "litteratur",
    "lähteet",
    "katso myös",
    "aiheesta muualla",
    "viitteet",
    // Slavic languages
    "см. также",
    "примечания",
    "литература",
    "ссылки",
    "источники",
    "сноски",
    "див. також",
    "примітки",
    "література",
    "посилання",
    "джерела",
    "глядзіце таксама",
    "зноскі",
    "крыніцы",
    "вижте също",
    "бележки",
    "източници",
    "външни препратки",
    "външни връзки",
    "препратки",
    "види још",
    "референце",
    "извори",
    "спољашње везе",
    "напомене",
    "поврзано",
    "наводи",
    "надворешни врски",
    "przypisy",
    "zobacz też",
    "linki zewnętrzne",
    "uwagi",
    "odkazy",
    "externí odkazy",
    "související články",
    "reference",
    "poznámky",
    "literatura",
    "pozri aj",
    "iné projekty",
    "externé odkazy",
    "referencie",
    "vidi još",
    "vanjske poveznice",
    "izvori",
    "glej tudi",
    "zunanje povezave",
    "sklici",
    "viri",
    "izvori i literatura",
    // Baltic languages
    "atsauces",
    "skatīt arī",
    "ārējās saites",
    "šaltiniai",
    "nuorodos",
    "taip pat skaitykite",
    "išnašos",
    "viteņs",
    "nūruodis",
    "nūruodes",
    "vierīs taipoš",
    "viteni",
    // Hungarian, Romanian, Turkish, Greek, Estonian, Albanian
    "források",
    "jegyzetek",
    "további információk",
    "kapcsolódó szócikkek",
    "külső hivatkozások",
    "vezi și",
    "legături externe",
    "referințe",
    "bibliografie",
    "kaynakça",
    "kaynaklar",
    "dış bağlantılar",
    "ayrıca bakınız",
    "notlar",
    "παραπομπές",
    "εξωτερικοί σύνδεσμοι",
    "δείτε επίσης",
    "πηγές",
    "βιβλιογραφία",
    "viited",
    "vaata ka",
    "välislingid",
    "shih edhe",
    "referime",
    // Arabic, Persian, Hebrew, Hindi, Urdu
    "مراجع",
    "المراجع",
    "وصلات خارجية",
    "انظر أيضا",
    "انظر أيضًا",
    "مصادر",
    "هوامش",
    "منابع",
    "پیوند به بیرون",
    "جستارهای وابسته",
    "پانویس",
    "یادداشت‌ها",
    "קישורים חיצוניים",
    "הערות שוליים",
    "ראו גם",
    "לקריאה נוספת",
    "सन्दर्भ",
    "संदर्भ",
    "बाहरी कड़ियाँ",
    "इन्हें भी देखें",
    "حوالہ جات",
    "مزید دیکھیے",
    "بیرونی روابط",
    // Vietnamese, Indonesian, Thai, Bengali, Armenian, Georgian
    "tham khảo",
    "liên kết ngoài",
    "xem thêm",
    "chú thích",
    "ghi chú",
    "referensi",
    "pranala luar",
    "lihat pula",
    "lihat juga",
    "catatan kaki",
    "daftar pustaka",
    "อ้างอิง",
    "แหล่งข้อมูลอื่น",
    "ดูเพิ่ม",
    "তথ্যসূত্র",
    "বহিঃসংযোগ",
    "আরও দেখুন",
    "ծանոթագրություններ",
    "արտաքին հղումներ",
    "სქოლიო",
    "რესურსები ინტერნეტში",
    "იხილეთ აგრეთვე",
    // Esperanto, Latin, Basque
    "vidu ankaŭ",
    "eksteraj ligiloj",
    "referencoj",
    "fontoj",
    "nexus externi",
    "vide etiam",
    "erreferentziak",
    "kanpo estekak",
    "ikus, gainera",
];

/// Whether a section of this name lists sources or links.
fn is_appendix(name: &str) -> bool {
    let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '.'));
    name.len() < 80 && APPENDICES.contains(&name.to_lowercase().as_str())
}
