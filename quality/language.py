"""Language identification: share of documents of five FLORES-200 sentences that get the right language."""

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


def measure(textmill):
    rows = []
    with tarfile.open(textmill.shared / "data/flores200/flores200_dev_40langs.tar.xz") as tar:
        for member in tar:
            if member.isfile():
                code = member.name.split("/")[-1].removesuffix(".dev")
                lines = tar.extractfile(member).read().decode().splitlines()
                for at in range(0, len(lines), 5):
                    rows.append({"id": code, "text": "\n".join(lines[at : at + 5])})
    right = {}
    answers = textmill.apply("filter", rows, ["filter.families=[]"])
    for row, answer in zip(rows, answers):
        right.setdefault(row["id"], []).append(is_named(answer, NAMES[row["id"]]))
    share = {code: sum(hits) / len(hits) for code, hits in right.items()}
    found = {name: share[name] for name in ("eng_Latn", "zho_Hans", "zho_Hant")}
    found["mean"] = sum(share.values()) / len(share)
    return found


def is_named(answer, name):
    lang, _, script = name.partition("-")
    return answer["lang"] == lang and (not script or answer["script"] == script)
