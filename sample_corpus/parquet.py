"""An Apache Parquet table put together by hand: one row group, one plain page a column.

The metadata is Thrift in its compact protocol; field numbers are those of parquet.thrift.
"""

I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
BYTE_ARRAY, INT64 = 6, 2


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def thrift(kind, value):
    """A value; of a struct a list of (field, kind, value), of a list (kind, values)."""
    if kind in (I32, I64):
        return varint(value << 1)
    if kind == BINARY:
        return varint(len(value.encode())) + value.encode()
    if kind == LIST:
        kind, values = value
        assert len(values) < 15
        return bytes([len(values) << 4 | kind]) + b"".join(thrift(kind, item) for item in values)
    out, last = b"", 0
    for field, kind, item in value:
        out += bytes([field - last << 4 | kind]) + thrift(kind, item)
        last = field
    return out + b"\0"


def column(values):
    """Physical type and plain encoding of a column without nulls."""
    if isinstance(values[0], int):
        return INT64, b"".join(value.to_bytes(8, "little") for value in values)
    texts = [value.encode() for value in values]
    return BYTE_ARRAY, b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def parquet(rows):
    """A table of rows that are dicts with the same keys, numbers or texts."""
    out, schema, chunks = b"PAR1", [[(4, BINARY, "schema"), (5, I32, len(rows[0]))]], []
    for name in rows[0]:
        kind, plain = column([row[name] for row in rows])
        # Levels of columns that are neither optional nor repeated are not written.
        page = [(1, I32, len(rows)), (2, I32, 0), (3, I32, 3), (4, I32, 3)]
        head = thrift(STRUCT, [(1, I32, 0), (2, I32, len(plain)), (3, I32, len(plain)), (5, STRUCT, page)])
        size = len(head) + len(plain)
        meta = [(1, I32, kind), (2, LIST, (I32, [0])), (3, LIST, (BINARY, [name])), (4, I32, 0),
                (5, I64, len(rows)), (6, I64, size), (7, I64, size), (9, I64, len(out))]
        chunks.append([(2, I64, len(out)), (3, STRUCT, meta)])
        utf8 = [(6, I32, 0)] if kind == BYTE_ARRAY else []
        schema.append([(1, I32, kind), (3, I32, 0), (4, BINARY, name), *utf8])
        out += head + plain
    group = [(1, LIST, (STRUCT, chunks)), (2, I64, len(out) - 4), (3, I64, len(rows))]
    footer = thrift(STRUCT, [(1, I32, 1), (2, LIST, (STRUCT, schema)), (3, I64, len(rows)),
                             (4, LIST, (STRUCT, [group])), (6, BINARY, "sample_corpus/parquet.py")])
    return out + footer + len(footer).to_bytes(4, "little") + b"PAR1"
