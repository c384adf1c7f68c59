"""BERT models of Hugging Face transformers, beside ours.

    masked.py make FOLDER   makes a small stock BERT there, with what it answers
    masked.py check FOLDER TUNED ANSWERS.jsonl TEXT...
                            loads a folder of ours, and prints what it answers, as JSON; then puts the adapters of TUNED, which
                            was fine-tuned from it, onto it by PEFT, and tells how far that is from TUNED's own weights and from
                            the answers of `textmill predict`, and what PEFT misses

What a model answers: logits of the ids in ROW, and the hidden states of the first five of them in a row that is padded.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

ROW = [5, 17, 3, 60, 41, 8, 22, 9]
LENGTH = 5


def answers(model):
    ids = torch.tensor([ROW])
    mask = (torch.arange(len(ROW)) < LENGTH).long()[None]
    with torch.no_grad():
        logits = model(ids).logits
        padded = model.bert(ids, attention_mask=mask).last_hidden_state[:, :LENGTH]
    return {"logits": logits.flatten().tolist(), "padded": padded.flatten().tolist()}


def make(folder):
    torch.manual_seed(7)
    sizes = {"vocab_size": 97, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 3, "num_attention_heads": 4}
    model = BertForMaskedLM(BertConfig(**sizes, max_position_embeddings=64)).eval()
    for name, parameter in model.named_parameters():  # far from the small start, where a wrong formula would hide
        if name.endswith("bias"):
            parameter.data.normal_(0, 0.3)
        elif "LayerNorm" not in name:
            parameter.data.mul_(4)
    model.save_pretrained(folder)
    (folder / "answers.json").write_text(json.dumps(answers(model)))


def check(folder):
    model, info = BertForMaskedLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    found = answers(model.eval())
    for problem in ["missing_keys", "unexpected_keys", "mismatched_keys"]:
        found[problem] = sorted(map(str, info[problem]))
    return found


def adapter(folder, answers, texts):
    from peft import AutoPeftModel  # which `make` does without

    adapted = AutoPeftModel.from_pretrained(folder / "adapter").eval()
    files = set(load_file(folder / "adapter/adapter_model.safetensors"))
    modules = {name.replace(".default.", ".") for name, _ in adapted.named_parameters() if ".lora_" in name}
    merged = BertForMaskedLM.from_pretrained(folder).eval()
    head = load_file(folder / "model.safetensors")["score.weight"]
    tokenizer, lead = AutoTokenizer.from_pretrained(folder), merged.config.eos_token_id
    logits = changed = probabilities = 0.0
    rows = answers.read_text(encoding="utf-8").splitlines()
    for text, row in zip(texts, map(json.loads, rows), strict=True):
        ids = torch.tensor([[lead, *tokenizer(text, add_special_tokens=False).input_ids]])
        with torch.no_grad():
            ours, theirs = merged(ids).logits, adapted(input_ids=ids).logits
            with adapted.disable_adapter():
                before = adapted(input_ids=ids).logits
            state = adapted.base_model.model.bert(ids).last_hidden_state[:, 0]
        logits = max(logits, (ours - theirs).abs().max().item())
        changed = max(changed, (before - theirs).abs().max().item())
        for i, found in enumerate((state @ head.T).softmax(-1)[0].tolist()):
            probabilities = max(probabilities, abs(found - row["probabilities"][merged.config.id2label[i]]))
    return {"logits": logits, "changed": changed, "probabilities": probabilities, "unmatched": sorted(files ^ modules)}


if __name__ == "__main__":
    mode, folder = sys.argv[1], Path(sys.argv[2])
    if mode == "make":
        make(folder)
    else:
        tuned, rows, *texts = sys.argv[3:]
        found = check(folder) | {"adapter": adapter(Path(tuned), Path(rows), texts)}
        print(json.dumps(found))
