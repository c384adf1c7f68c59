"""Charsets: share of real files that are decoded as the charset of their folder would."""

import base64
import codecs
import re
import tarfile

# Families of folders, by the beginning of their names.
WEB = {
    "chinese": ("Big5", "GB2312"),
    "japanese": ("CP932", "EUC-JP", "SHIFT_JIS", "iso-2022-jp"),
    "korean": ("CP949", "EUC-KR"),
    "windows": ("windows-125",),
    "iso-8859": ("iso-8859",),
    "cyrillic": ("KOI8-R", "IBM866", "MacCyrillic"),
    "unicode": ("utf-8", "UTF-16", "ascii"),
}
PYTHON = {"CP932": "cp932", "SHIFT_JIS": "cp932", "CP949": "cp949", "EUC-KR": "cp949", "GB2312": "gb18030"}


def measure(textmill):
    files = []
    with tarfile.open(textmill.shared / "data/charset/chardet_half.tar.xz") as tar:
        for member in tar:
            if member.isfile():
                folder = member.name.removeprefix("./").split("/")[0]
                files.append((folder, member.name, tar.extractfile(member).read()))
    families = {name: [] for name in WEB}
    rows, chosen = [], []
    for folder, name, body in files:
        family = next((f for f, begins in WEB.items() if folder.startswith(begins)), None)
        if family:
            chosen.append((family, folder, body))
            rows.append({"id": name, "media_type": "text/plain", "body_base64": base64.b64encode(body).decode()})
    for (family, folder, body), answer in zip(chosen, textmill.apply("extract", rows)):
        families[family].append(same(body, folder, answer.get("charset")))
    found = {name: sum(right) / len(right) for name, right in families.items()}
    every = [right for family in families.values() for right in family]
    found["all"] = sum(every) / len(every)
    return found


def same(body, folder, charset):
    """Whether the charset reads the bytes as the folder's does."""
    true = re.sub(r"-(?!\d)[a-z]{3,}$", "", folder) if "-" in folder else folder
    return charset is not None and read(body, PYTHON.get(true, true)) == read(body, charset)


def read(body, charset):
    name = {"x-mac-cyrillic": "mac-cyrillic", "euc-kr": "cp949", "shift_jis": "cp932", "gbk": "gb18030"}
    name = {"windows-1252": "cp1252", "iso-8859-1": "cp1252"}.get(charset, name.get(charset.lower(), charset))
    try:
        return codecs.decode(body, name, "replace").lstrip("\ufeff")
    except LookupError:
        return None
