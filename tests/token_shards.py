"""Reads token shards as anyone would who has never heard of textmill, and prints what is in them.

    python token_shards.py SHARD... : one JSON object
"""

import json
import sys

import pyarrow.parquet as parquet


def main():
    documents, tokens, counts, size, greatest, types = 0, 0, 0, 0, 0, set()
    stamps = set()
    for path in sys.argv[1:]:
        file = parquet.ParquetFile(path)
        metadata = {key.decode(): value.decode() for key, value in file.metadata.metadata.items()}
        stamps.add((metadata["textmill.tokenizer"], metadata["textmill.vocab_size"], metadata["textmill.document_end"]))
        types.add(str(file.schema_arrow.field("tokens").type.value_type))
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            documents += table.num_rows
            ids = table["tokens"].combine_chunks().flatten().to_numpy()
            tokens += len(ids)
            greatest = max(greatest, int(ids.max()))
            counts += sum(table["count"].to_pylist())
            size += sum(table["bytes"].to_pylist())
            assert table["id"].null_count == 0 and table["source"].null_count == 0
    [(tokenizer, vocab_size, document_end)] = stamps
    print(json.dumps({
        "documents": documents,
        "tokens": tokens,
        "counts": counts,
        "bytes": size,
        "greatest": greatest,
        "type": sorted(types),
        "tokenizer": tokenizer,
        "vocab_size": int(vocab_size),
        "document_end": int(document_end),
    }))


main()
