//! A few thousand documents in two languages, with copies and near copies.

use std::fs;
use std::path::Path;

use serde_json::json;

/// Documents of the corpus.
pub const DOCUMENTS: usize = 4000;
/// Files that they are spread over, each a task of collect.
const FILES: usize = 20;

const SUBJECTS: [&str; 12] = [
    "the old ferry",
    "a young teacher",
    "the town council",
    "her neighbour",
    "the night train",
    "an honest baker",
    "the museum",
    "a letter from abroad",
    "the river",
    "our choir",
    "the newspaper",
    "a careful engineer",
];
const VERBS: [&str; 12] = [
    "crossed",
    "remembered",
    "repaired",
    "described",
    "opened",
    "counted",
    "followed",
    "painted",
    "measured",
    "welcomed",
    "forgot",
    "discovered",
];
const OBJECTS: [&str; 12] = [
    "the stone bridge",
    "a box of maps",
    "the first school",
    "three quiet streets",
    "the harbour wall",
    "a garden of pears",
    "the broken clock",
    "every window",
    "the winter market",
    "an empty theatre",
    "the long road home",
    "a song about rain",
];
const ENDS: [&str; 10] = [
    "before the snow came",
    "with more patience than skill",
    "because nobody else would",
    "and was glad of it",
    "while the bells were ringing",
    "as it had been agreed in spring",
    "in the year of the great storm",
    "without a word to the others",
    "for the last time that summer",
    "and wrote it down in the evening",
];
const 主: [&str; 10] = [
    "老渡船",
    "年轻的老师",
    "市议会",
    "她的邻居",
    "夜班火车",
    "面包师",
    "博物馆",
    "合唱团",
    "这家报纸",
    "工程师",
];
const 谓: [&str; 10] = [
    "穿过了",
    "记得",
    "修好了",
    "描述了",
    "打开了",
    "数过了",
    "跟着",
    "画下了",
    "测量了",
    "发现了",
];
const 宾: [&str; 10] = [
    "那座石桥",
    "一箱旧地图",
    "第一所学校",
    "三条安静的街道",
    "港口的围墙",
    "一座梨园",
    "坏了的时钟",
    "每一扇窗户",
    "冬天的集市",
    "回家的长路",
];
const 尾: [&str; 8] = [
    "就在下雪之前",
    "因为没有别人愿意",
    "大家都很高兴",
    "那时钟声正在响起",
    "正如春天约定的那样",
    "在大风暴的那一年",
    "没有告诉其他人",
    "晚上又把它写了下来",
];

/// Numbers without a pattern, the same in every run.
pub struct Numbers(pub u64);

impl Numbers {
    /// The next one.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[(self.next() % words.len() as u64) as usize]
    }
}

fn english(numbers: &mut Numbers) -> String {
    let mut sentence = || {
        let (subject, verb) = (numbers.of(&SUBJECTS), numbers.of(&VERBS));
        let (object, end) = (numbers.of(&OBJECTS), numbers.of(&ENDS));
        let count = numbers.next() % 900;
        format!("In {count} days {subject} {verb} {object} {end}.")
    };
    let paragraphs = (0..3).map(|_| (0..6).map(|_| sentence()).collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn chinese(numbers: &mut Numbers) -> String {
    let mut sentence = || {
        let count = numbers.next() % 900;
        let (subject, verb) = (numbers.of(&主), numbers.of(&谓));
        let (object, end) = (numbers.of(&宾), numbers.of(&尾));
        format!("第{count}天，{subject}{verb}{object}，{end}。")
    };
    let paragraphs = (0..3).map(|_| (0..8).map(|_| sentence()).collect::<String>());
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Writes the corpus as files of JSON lines.
pub fn write(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut numbers = Numbers(7);
    let mut texts: Vec<String> = Vec::new();
    let mut files = vec![String::new(); FILES];
    for number in 0..DOCUMENTS {
        let text = match number % 10 {
            // An earlier text, or most of one.
            0 if number > 0 => texts[(numbers.next() % texts.len() as u64) as usize].clone(),
            1 if number > 1 => {
                let text = &texts[(numbers.next() % texts.len() as u64) as usize];
                format!("{text}\n\nSeen again, as number {number}.")
            }
            2..=4 => chinese(&mut numbers),
            _ => english(&mut numbers),
        };
        let row =
            json!({"text": text, "url": format!("https://site{}.example/{number}", number % 37)});
        files[number % FILES] += &format!("{row}\n");
        texts.push(text);
    }
    for (number, lines) in files.into_iter().enumerate() {
        fs::write(folder.join(format!("{number:02}.jsonl")), lines).unwrap();
    }
}
