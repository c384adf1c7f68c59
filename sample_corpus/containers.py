"""Containers put together by hand, so that their bytes are the same on every machine.

Compressors differ from one version of a library to the next; what is here depends on
nothing but this file. `formats.py` says what goes into them.
"""

import heapq
import io
import textwrap
import zipfile
import zlib

# ---------------------------------------------------------------- bzip2


def crc(data):
    """CRC-32 of bzip2: highest bit first."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = value << 1 ^ (0x04C11DB7 if value >> 31 else 0)
            value &= 0xFFFFFFFF
    return value ^ 0xFFFFFFFF


def short_runs(data):
    """The first step of bzip2: a run of 4 to 259 bytes becomes 4 and a count."""
    out, i = bytearray(), 0
    while i < len(data):
        run = 1
        while run < 259 and i + run < len(data) and data[i + run] == data[i]:
            run += 1
        out += data[i:i + min(run, 4)] + (bytes([run - 4]) if run >= 4 else b"")
        i += run
    return bytes(out)


def rotations(data):
    """Where the rotations of some bytes begin, in sorted order (prefix doubling)."""
    rank, width = list(data), 1
    while True:
        pairs = [(rank[i], rank[(i + width) % len(data)]) for i in range(len(data))]
        order = sorted(range(len(data)), key=pairs.__getitem__)
        rank, now = [0] * len(data), 0
        for before, here in zip(order, order[1:]):
            now += pairs[before] != pairs[here]
            rank[here] = now
        width *= 2
        if now == len(data) - 1 or width >= len(data):
            return order


def moved_to_front(data, alphabet):
    """Symbols of the third step: runs of zeros in RUNA and RUNB, others by place, an end."""
    places, symbols, zeros = list(alphabet), [], 0
    for byte in [*data, None]:
        place = places.index(byte) if byte is not None else len(places)
        if place == 0:
            zeros += 1
            continue
        while zeros:
            symbols.append((zeros - 1) & 1)
            zeros = (zeros - 1) >> 1
        symbols.append(place + 1)
        if byte is not None:
            places.insert(0, places.pop(place))
    return symbols


def code_lengths(counts):
    """Lengths of a Huffman code; every symbol has one."""
    heap = [(max(count, 1), [symbol]) for symbol, count in enumerate(counts)]
    heapq.heapify(heap)
    lengths = [0] * len(counts)
    while len(heap) > 1:
        (a, left), (b, right) = heapq.heappop(heap), heapq.heappop(heap)
        for symbol in left + right:
            lengths[symbol] += 1
        heapq.heappush(heap, (a + b, left + right))
    assert max(lengths) <= 17
    return lengths


def codes(lengths):
    """The canonical code of these lengths, as strings of 0 and 1."""
    code, out, last = 0, {}, 0
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths)):
        code <<= length - last
        out[symbol], last = format(code, f"0{length}b"), length
        code += 1
    return out


def bzip2(data):
    """A stream of one block."""
    checksum, block = crc(data), short_runs(data)
    order, alphabet = rotations(block), sorted(set(block))
    symbols = moved_to_front([block[i - 1] for i in order], alphabet)
    lengths = code_lengths([symbols.count(symbol) for symbol in range(len(alphabet) + 2)])
    code = codes(lengths)
    bits = [f"{0x314159265359:048b}", f"{checksum:032b}", "0", f"{order.index(0):024b}"]
    rows = ["".join("01"[row * 16 + i in alphabet] for i in range(16)) for row in range(16)]
    bits += ["".join("01"["1" in row] for row in rows), *(row for row in rows if "1" in row)]
    selectors = -(-len(symbols) // 50)
    bits += [f"{2:03b}", f"{selectors:015b}", "0" * selectors]
    table, now = f"{lengths[0]:05b}", lengths[0]
    for length in lengths:
        table += ("10" if length > now else "11") * abs(length - now) + "0"
        now = length
    bits += [table, table, *(code[symbol] for symbol in symbols)]
    bits += [f"{0x177245385090:048b}", f"{checksum:032b}"]
    bits = "".join(bits)
    bits += "0" * (-len(bits) % 8)
    return b"BZh9" + int(bits, 2).to_bytes(len(bits) // 8, "big")


# ---------------------------------------------------------------- zstd


def zstd_long(data):
    """A frame of uncompressed blocks that asks for a window of 2 GiB, as dumps of comments do."""
    window_log = 31
    blocks = [data[i:i + 100_000] for i in range(0, len(data), 100_000)]
    out = b"\x28\xb5\x2f\xfd\0" + bytes([(window_log - 10) << 3])
    for i, block in enumerate(blocks):
        is_last = i == len(blocks) - 1
        out += (len(block) << 3 | is_last).to_bytes(3, "little") + block
    return out


# ---------------------------------------------------------------- tar and 7z


def tar(members):
    """An archive in the form of POSIX.1-1988."""
    out = b""
    for name, data in members:
        fields = [(name, 100), ("0000644", 8), ("0000000", 8), ("0000000", 8), (f"{len(data):011o}", 12),
                  ("00000000000", 12), (" " * 8, 8), ("0", 1), ("", 100), ("ustar\0" "00", 8), ("", 247)]
        header = b"".join(text.encode().ljust(width, b"\0") for text, width in fields)
        header = header[:148] + f"{sum(header):06o}\0 ".encode() + header[156:]
        out += header + data + bytes(-len(data) % 512)
    return out + bytes(1024)


def number(value):
    """A number as 7z writes it: the first byte says how many follow."""
    for more in range(8):
        if value < 1 << 7 * (more + 1):
            mask = 0xFF00 >> more & 0xFF
            return bytes([mask | value >> 8 * more]) + (value & (1 << 8 * more) - 1).to_bytes(more, "little")
    return b"\xff" + value.to_bytes(8, "little")


def seven_zip(members):
    """A 7z archive of one folder, not compressed, with its header as it is."""
    packed = b"".join(data for _, data in members)
    sizes = b"".join(number(len(data)) for _, data in members[:-1])
    checks = b"".join(zlib.crc32(data).to_bytes(4, "little") for _, data in members)
    names = b"\0" + b"".join(f"{name}\0".encode("utf-16-le") for name, _ in members)
    pack = b"\x06" + number(0) + number(1) + b"\x09" + number(len(packed)) + b"\0"
    copy = b"\x01\x01\0"
    unpack = b"\x07\x0b\x01\0" + copy + b"\x0c" + number(len(packed)) + b"\0"
    parts = b"\x08\x0d" + number(len(members)) + b"\x09" + sizes + b"\x0a\x01" + checks + b"\0"
    files = b"\x05" + number(len(members)) + b"\x11" + number(len(names)) + names + b"\0"
    header = b"\x01\x04" + pack + unpack + parts + b"\0" + files + b"\0"
    start = b"".join(value.to_bytes(8, "little") for value in (len(packed), len(header)))
    start += zlib.crc32(header).to_bytes(4, "little")
    return b"7z\xbc\xaf\x27\x1c\0\x04" + zlib.crc32(start).to_bytes(4, "little") + start + packed + header


# ---------------------------------------------------------------- ZIP


def stored_zip(members):
    """A ZIP archive of (name, bytes), without compression and without times."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, data, zipfile.ZIP_STORED)
    return out.getvalue()


# ---------------------------------------------------------------- PDF


def shown(line, font, size, leading):
    """Operators that show a line and go down to the next."""
    line = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"/{font} {size} Tf {leading} TL ({line}) Tj T*"


def pdf(title, author, paragraphs):
    """A page of A4 with a text layer in a standard font."""
    lines = [shown(title, "F2", 16, 30)]
    for paragraph in paragraphs:
        *rest, last = textwrap.wrap(paragraph, 82)
        lines += [shown(line, "F1", 11, 15) for line in rest] + [shown(last, "F1", 11, 23)]
    content = "\n".join(["BT", "72 760 Td", *lines, "ET"])
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R\n"
        "   /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        font.format("Helvetica"),
        font.format("Helvetica-Bold"),
        f"<< /Title ({title}) /Author ({author}) /CreationDate (D:20250914120000Z) >>",
    ]
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    out += (f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 7 0 R >>\n"
            f"startxref\n{len(out)}\n%%EOF\n")
    return out.encode("ascii")
