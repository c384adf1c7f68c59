use serde_json::json;

use super::*;

/// A row as JSON, its task and subject, and the prompt, choices and answer that lm-eval 0.4.13
/// makes of it.
#[test]
fn prompts_are_those_of_the_harness() {
    let letters: &[&str] = &[" A", " B", " C", " D"];
    let cases = [
        (
            json!({"activity_label": "Roof", "ctx_a": "A man sits [title] on.", "ctx_b": "he IS",
                "endings": [" up.  there ", "d[ow]n"], "label": "1"}),
            (
                "hellaswag",
                "",
                "Roof: A man sits. on. He is",
                [" up. there", " dn"].as_slice(),
                1,
            ),
        ),
        (
            json!({"ctx": "Roof: A man. he", "endings": ["x", "y"], "label": 0}),
            ("hellaswag", "", "Roof: A man. he", &[" x", " y"], 0),
        ),
        (
            json!({"question": "Why?", "choices": {"text": ["so", "no"], "label": ["1", "2"]},
                "answerKey": "2"}),
            (
                "arc_easy",
                "",
                "Question: Why?\nAnswer:",
                &[" so", " no"],
                1,
            ),
        ),
        (
            json!({"goal": "dresser", "sol1": "pin ", "sol2": "finish", "label": 1}),
            (
                "piqa",
                "",
                "Question: dresser\nAnswer:",
                &[" pin ", " finish"],
                1,
            ),
        ),
        (
            json!({"text": "In my palm\n is a stone"}),
            ("lambada", "", "In my palm\n is a", &[" stone"], 0),
        ),
        (
            json!({"sentence_good": "Cats sleep.", "sentence_bad": "Cats sleeps."}),
            ("blimp", "", "", &[" Cats sleep.", " Cats sleeps."], 0),
        ),
        (
            json!({"premise": "我想节约能源。", "choice1": "我扫了地。", "choice2": "Ich ging.",
                "question": "effect", "label": 0}),
            (
                "xcopa",
                "val.zh",
                "我想节约能源 所以",
                &[" 我扫了地。", " ich ging."],
                0,
            ),
        ),
        (
            json!({"Question": " 何者 ", "A": "甲", "B": "乙", "C": "丙", "D": "丁", "Answer": "C"}),
            (
                "cmmlu",
                "agronomy",
                "以下是关于农学的单项选择题，请直接给出正确答案的选项。\n\n何者\n\
                A. 甲\nB. 乙\nC. 丙\nD. 丁\n答案：",
                letters,
                2,
            ),
        ),
        (
            json!({"question": "Who?", "choice0": "a", "choice1": "b", "choice2": "c",
                "choice3": "d", "answer": "3"}),
            (
                "mmlu",
                "human_aging",
                "The following are multiple choice questions (with answers) \
                about human aging.\n\nWho?\nA. a\nB. b\nC. c\nD. d\nAnswer:",
                letters,
                3,
            ),
        ),
        (
            json!({"query": "q", "choices": ["x", "y", "z"], "gold": 2}),
            ("piqa", "", "q", &[" x", " y", " z"], 2),
        ),
        (
            json!({"context": "q", "continuation": "  r"}),
            ("cloze", "", "q", &["  r"], 0),
        ),
    ];
    for (row, (kind, subject, context, continuations, gold)) in cases {
        let kind: TaskKind = kind.parse().unwrap();
        let found = question(kind, subject, row.as_object().unwrap()).unwrap();
        let choices: Vec<String> = found
            .choices
            .iter()
            .map(|c| found.continuation(c))
            .collect();
        assert_eq!((found.context.as_str(), found.gold), (context, gold));
        assert_eq!(choices, continuations);
    }
}

#[test]
fn malformed_rows_say_what_is_wrong() {
    for (kind, subject, row, problem) in [
        (
            "piqa",
            "",
            json!({"goal": "x", "sol1": "y", "label": 0}),
            "lacks `sol2`",
        ),
        (
            "piqa",
            "",
            json!({"goal": "x", "sol1": "y", "sol2": "z", "label": 2}),
            "number 2",
        ),
        ("piqa", "", json!({"goal": 3}), "`sol1`"),
        (
            "hellaswag",
            "",
            json!({"ctx": "x", "endings": "y", "label": 0}),
            "`endings` is no list",
        ),
        (
            "arc",
            "",
            json!({"question": "x", "choices": ["a"], "answerKey": "A"}),
            "`choices`",
        ),
        (
            "xcopa",
            "val.en",
            json!({"premise": "x"}),
            "no language of XCOPA",
        ),
        (
            "mmlu",
            "x",
            json!({"question": "x", "choices": ["a"], "answer": 0}),
            "1 choices",
        ),
        (
            "cmmlu",
            "x",
            json!({"Question": "x", "A": "", "B": "", "C": "", "D": "", "Answer": "E"}),
            "`Answer` is \"E\"",
        ),
        (
            "lambada",
            "",
            json!({"choices": ["x"], "gold": 0}),
            "lacks `text`",
        ),
    ] {
        let kind: TaskKind = kind.parse().unwrap();
        let error = question(kind, subject, row.as_object().unwrap()).unwrap_err();
        assert!(error.contains(problem), "{error}");
    }
}
