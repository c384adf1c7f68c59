"""BERT models of Hugging Face transformers, beside ours.

    masked.py make FOLDER   makes a small stock BERT there, with what it answers
    masked.py check FOLDER  loads a folder of ours, and prints what it answers, as JSON

What a model answers: logits of the ids in ROW, and the hidden states of the first five of them in a row that is padded.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import BertConfig, BertForMaskedLM

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


if __name__ == "__main__":
    mode, folder = sys.argv[1], Path(sys.argv[2])
    if mode == "make":
        make(folder)
    else:
        print(json.dumps(check(folder)))
