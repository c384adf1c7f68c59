"""Writes sample_corpus/tasks/: small made-up data for `textmill finetune`, English and Chinese.

The rows come from a few sentence patterns, so a good score on them says nothing about the world.
Run it from the repository: python3 sample_corpus/tasks.py
"""

import itertools
import json
import random
from pathlib import Path

FOLDER = Path(__file__).parent / "tasks"
DICE = random.Random(11)


def pick(values):
    return DICE.choice(values)


# ── reviews ──────────────────────────────────────────────────────────────────────────────────

THINGS = {
    "en": ["ferry café", "room above the harbour", "bread", "radio play", "tea house", "bicycle", "museum guide",
           "soup", "guest house", "lantern", "novel", "night train", "market stall", "kettle", "choir"],
    "zh": ["渡口的茶馆", "靠海的房间", "面包", "广播剧", "小旅馆", "自行车", "讲解员", "鱼汤", "灯笼", "这本小说",
           "夜班火车", "集市", "水壶", "合唱团", "书店"],
}
GOOD = {
    "en": ["warm and well made", "a quiet delight", "better than I had hoped", "worth every coin", "full of care",
           "generous", "simply lovely", "the best of the journey"],
    "zh": ["让人惊喜", "很用心", "比想象的好", "物有所值", "非常舒服", "十分可爱", "是这次旅行里最好的", "温暖又周到"],
}
BAD = {
    "en": ["cold and careless", "a long disappointment", "worse than last year", "not worth the money", "dull",
           "badly mended", "simply tiresome", "the low point of the journey"],
    "zh": ["让人失望", "很敷衍", "比去年还差", "不值这个价", "又旧又吵", "十分无聊", "是这次旅行里最糟的", "冷淡又马虎"],
}
REVIEW = {
    "en": ["The {thing} was {say}.", "I found the {thing} {say}.", "Everybody praises the {thing}; for me it was {say}.",
           "After two visits I can say that the {thing} is {say}."],
    "zh": ["{thing}{say}。", "我觉得{thing}{say}。", "大家都说起{thing}，在我看来它{say}。", "去了两次，可以说{thing}{say}。"],
}
TURN = {
    "en": "The {a} was {first}, but the {b} was {second}, and that is what I remember.",
    "zh": "{a}{first}，不过{b}{second}，这才是我记得的。",
}


def reviews(lang, count):
    rows, seen = [], set()
    while len(rows) < count:
        good = DICE.random() < 0.5
        own, other = (GOOD, BAD) if good else (BAD, GOOD)
        if DICE.random() < 0.35:
            a, b = DICE.sample(THINGS[lang], 2)
            text = TURN[lang].format(a=a, b=b, first=pick(other[lang]), second=pick(own[lang]))
        else:
            text = pick(REVIEW[lang]).format(thing=pick(THINGS[lang]), say=pick(own[lang]))
        if (text, good) not in seen:
            seen.add((text, good))
            rows.append((text, "positive" if good else "negative"))
    return rows


# ── sentence pairs ───────────────────────────────────────────────────────────────────────────

WHO = [("I", "我"), ("My sister", "我姐姐"), ("The teacher", "老师"), ("Our neighbour", "我们的邻居"), ("The captain", "船长"),
       ("An old friend", "一位老朋友")]
DID = [("bought", "买了"), ("found", "找到了"), ("forgot", "忘了"), ("sold", "卖了"), ("mended", "修好了"), ("lost", "弄丢了")]
WHAT = [("a blue cup", "一个蓝色的杯子"), ("two tickets", "两张票"), ("the old clock", "那个旧钟"), ("a letter", "一封信"),
        ("the umbrella", "雨伞"), ("three books", "三本书"), ("a bicycle", "一辆自行车")]
WHEN = [("yesterday", "昨天"), ("this morning", "今天早上"), ("last week", "上个星期"), ("on Sunday", "星期天")]


def pairs(count):
    rows = []
    every = list(itertools.product(WHO, DID, WHAT, WHEN))
    for who, did, what, when in DICE.sample(every, count):
        english = f"{who[0]} {did[0]} {what[0]} {when[0]}."
        rows.append((english, f"{when[1]}{who[1]}{did[1]}{what[1]}。"))
    return rows


# ── questions ────────────────────────────────────────────────────────────────────────────────

NAMES = {"en": ["Mara Quill", "Tom Ashby", "Iris Vane", "Jonas Reed", "Ada Fenn", "Peter Lowe"],
         "zh": ["陈文清", "林小舟", "周望海", "吴若兰", "许长风", "何采薇"]}
TOWNS = {"en": ["Harbour Cross", "Low Weir", "Saltmarsh", "Upper Mill", "Stonebridge"],
         "zh": ["云山镇", "渡口村", "白石桥", "南湾", "青柳镇"]}
TRADES = {"en": ["bakery", "bookshop", "boatyard", "clock workshop", "tea house"],
          "zh": ["面包房", "书店", "船厂", "钟表铺", "茶馆"]}
FACTS = {
    "en": "{name} runs a {trade} in {town}. The {trade} opened in {year}, with {count} people. Most of its visitors come by the morning ferry.",
    "zh": "{name}在{town}开了一家{trade}。{trade}于{year}年开张，当时有{count}个人。多数客人坐早班渡船来。",
}
ASK = {
    "en": [("Who runs the {trade}?", "name"), ("Where is the {trade} of {name}?", "town"), ("In which year did the {trade} open?", "year"),
           ("How many people were there at the beginning?", "count")],
    "zh": [("谁开了{trade}？", "name"), ("{name}的{trade}在哪里？", "town"), ("{trade}哪一年开张？", "year"), ("刚开张的时候有几个人？", "count")],
}


def questions(lang, count):
    articles = []
    for number in range(count):
        facts = {"name": pick(NAMES[lang]), "town": pick(TOWNS[lang]), "trade": pick(TRADES[lang]),
                 "year": str(DICE.randrange(1890, 2020)), "count": str(DICE.randrange(2, 40))}
        context = FACTS[lang].format(**facts)
        asked = []
        for at, (question, key) in enumerate(ASK[lang]):
            answer = {"text": facts[key], "answer_start": context.index(facts[key])}
            asked.append({"id": f"{lang}-{number}-{at}", "question": question.format(**facts), "answers": [answer]})
        articles.append({"title": facts["name"], "paragraphs": [{"context": context, "qas": asked}]})
    return articles


# ── chats ────────────────────────────────────────────────────────────────────────────────────

OPPOSITES = [("warm", "cold"), ("early", "late"), ("open", "closed"), ("full", "empty"), ("near", "far"), ("old", "new"),
             ("loud", "quiet"), ("heavy", "light"), ("大", "小"), ("早", "晚"), ("远", "近"), ("新", "旧"), ("快", "慢"), ("高", "低")]


def chats(count):
    rows = []
    while len(rows) < count:
        word, other = pick(OPPOSITES)
        if DICE.random() < 0.5:
            word, other = other, word
        chinese = ord(word[0]) > 0x2000
        ask = pick(["“{}”的反义词是什么？", "请说出“{}”的反义词。"] if chinese else
                   ["What is the opposite of “{}”?", "Give me a word that means the opposite of “{}”."])
        say = f"“{word}”的反义词是“{other}”。" if chinese else f"The opposite of “{word}” is “{other}”."
        turns = [{"role": "user", "content": ask.format(word)}, {"role": "assistant", "content": say}]
        if DICE.random() < 0.3:
            turns += [{"role": "user", "content": "谢谢！" if chinese else "Thank you!"},
                      {"role": "assistant", "content": "不客气。" if chinese else "You are welcome."}]
        if {"messages": turns} not in rows:
            rows.append({"messages": turns})
    return rows


def write(name, lines):
    (FOLDER / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def main():
    FOLDER.mkdir(exist_ok=True)
    for lang in ["en", "zh"]:
        write(f"reviews.{lang}.tsv", ("\t".join(row) for row in reviews(lang, 400)))
        articles = {"version": "1.1", "data": questions(lang, 60)}
        write(f"questions.{lang}.json", [json.dumps(articles, ensure_ascii=False, indent=1)])
    write("pairs.tsv", ("\t".join(row) for row in pairs(600)))
    write("chats.jsonl", (json.dumps(row, ensure_ascii=False) for row in chats(100)))


if __name__ == "__main__":
    main()
