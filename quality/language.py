"""Language identification: share of texts of FLORES-200 and the declaration of human rights that get the right language."""

import html
import re
import tarfile

# FLORES-200's code, and how textmill names the language (and script, where two are told apart).
NAMES = {
    "arb_Arab": "ar", "ben_Beng": "bn", "bul_Cyrl": "bg", "cat_Latn": "ca", "ces_Latn": "cs",
    "dan_Latn": "da", "deu_Latn": "de", "ell_Grek": "el", "eng_Latn": "en", "fin_Latn": "fi",
    "fra_Latn": "fr", "heb_Hebr": "he", "hin_Deva": "hi", "hrv_Latn": "hr", "hun_Latn": "hu",
    "ind_Latn": "id", "ita_Latn": "it", "jpn_Jpan": "ja", "kor_Hang": "ko", "mya_Mymr": "my",
    "nld_Latn": "nl", "nob_Latn": "no", "pes_Arab": "fa", "pol_Latn": "pl", "por_Latn": "pt",
    "ron_Latn": "ro", "rus_Cyrl": "ru", "spa_Latn": "es", "srp_Cyrl": "sr", "swe_Latn": "sv",
    "swh_Latn": "sw", "tam_Taml": "ta", "tha_Thai": "th", "tur_Latn": "tr", "ukr_Cyrl": "uk",
    "vie_Latn": "vi", "yue_Hant": "yue", "zho_Hans": "zh-Hans", "zho_Hant": "zh-Hant", "zsm_Latn": "ms",
}

# Files of the declaration in languages that both the built-in model and fastText's lid.176 know.
DECLARATIONS = {
    "afr": "af", "arb": "ar", "azj_latn": "az", "bel": "be", "ben": "bn", "bul": "bg", "cat": "ca",
    "ces": "cs", "cmn_hans": "zh-Hans", "cmn_hant": "zh-Hant", "cym": "cy", "dan": "da", "est": "et",
    "ell_monotonic": "el", "eng": "en", "epo": "eo", "eus": "eu", "fin": "fi", "fra": "fr", "fri": "fy",
    "gla": "gd", "gle": "ga", "glg": "gl", "guj": "gu", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu",
    "hye": "hy", "ind": "id", "isl": "is", "ita": "it", "jav": "jv", "jpn": "ja", "kan": "kn", "kat": "ka",
    "kaz": "kk", "khk": "mn", "kir": "ky", "kmr": "ku", "kor": "ko", "lit": "lt", "ltz": "lb", "lav": "lv",
    "mal": "ml", "mar": "mr", "mkd": "mk", "mlt": "mt", "mya": "my", "nep": "ne", "nld": "nl", "nno": "nn",
    "nob": "no", "pbu": "ps", "pes_1": "fa", "pol": "pl", "por_PT": "pt", "ron_2006": "ro", "rus": "ru",
    "sin": "si", "slk": "sk", "slv": "sl", "som": "so", "spa": "es", "srp_cyrl": "sr", "sun": "su",
    "swe": "sv", "swh": "sw", "tam": "ta", "tel": "te", "tgk": "tg", "tgl": "tl", "tha": "th", "tur": "tr",
    "uig_arab": "ug", "ukr": "uk", "urd": "ur", "uzn_latn": "uz", "vie": "vi", "ydd": "yi", "yue": "yue",
    "mly_latn": "ms",
}
# What HTML has between two paragraphs.
BREAK = r"(?i)</?(?:p|h\d|li|div|br|header|article|section)\b[^>]*>"


def measure(textmill):
    texts = flores(textmill.shared / "data/flores200/flores200_dev_40langs.tar.xz")
    rights = declarations(textmill.shared / "data/udhr/udhr_html.tar.xz")
    found = {}
    for prefix, lines, names in (("", texts, NAMES), ("udhr_", rights, DECLARATIONS)):
        for suffix, count in (("", 5), ("_sentence", 1)):
            share = shares(textmill, lines, names, count)
            found[f"{prefix}mean{suffix}"] = sum(share.values()) / len(share)
            for name in ("eng_Latn", "zho_Hans", "zho_Hant"):
                if name in share:
                    found[f"{name}{suffix}"] = share[name]
    return found


def shares(textmill, texts, names, count):
    """By language, the share of texts of so many lines that are told right."""
    rows = []
    for code, lines in texts.items():
        for at in range(0, len(lines), count):
            rows.append({"id": code, "text": "\n".join(lines[at : at + count])})
    right = {}
    answers = textmill.apply("filter", rows, ["filter.families=[]"])
    for row, answer in zip(rows, answers):
        right.setdefault(row["id"], []).append(is_named(answer, names[row["id"]]))
    return {code: sum(hits) / len(hits) for code, hits in right.items()}


def flores(path):
    with tarfile.open(path) as tar:
        files = [member for member in tar if member.isfile()]
        return {
            member.name.split("/")[-1].removesuffix(".dev"): tar.extractfile(member).read().decode().splitlines()
            for member in files
        }


def declarations(path):
    """Paragraphs of at least 20 characters, by language."""
    found = {}
    with tarfile.open(path) as tar:
        for member in tar:
            code = member.name.split("/")[-1].removesuffix(".html")
            if code in DECLARATIONS:
                page = re.sub(r"(?s)<head\b.*?</head>", "", tar.extractfile(member).read().decode())
                parts = (html.unescape(re.sub(r"<[^>]+>", " ", part)) for part in re.split(BREAK, page))
                found[code] = [text for part in parts if len(text := " ".join(part.split())) >= 20]
    return found


def is_named(answer, name):
    lang, _, script = name.partition("-")
    return answer["lang"] == lang and (not script or answer["script"] == script)
