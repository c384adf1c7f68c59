"""Models of Hugging Face transformers, beside ours.

    stock_models.py make FOLDER       makes small stock models, a folder each, with what they answer
    stock_models.py check FOLDER ...  loads folders of ours, and prints what they answer, as JSON

What a model answers: logits of the ids in PROMPT, and the ids that greedy decoding adds to them.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

PROMPT = [5, 17, 3, 60, 41, 8, 22, 9]
NEW = 12


def answers(model):
    ids = torch.tensor([PROMPT])
    with torch.no_grad():
        logits = model(ids).logits[0]
        greedy = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW, pad_token_id=0)
    return {"logits": logits.flatten().tolist(), "shape": list(logits.shape), "greedy": greedy[0, len(PROMPT) :].tolist()}


def make(folder):
    torch.manual_seed(7)
    shared = {"bos_token_id": 0, "eos_token_id": 0}
    llama = {"vocab_size": 97, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 3, "num_attention_heads": 6, **shared}
    models = {
        "gpt2": GPT2LMHeadModel(GPT2Config(vocab_size=97, n_positions=64, n_embd=48, n_layer=3, n_head=4, **shared)),
        "llama": LlamaForCausalLM(LlamaConfig(**llama, num_key_value_heads=2, tie_word_embeddings=False, max_position_embeddings=64)),
        "llama_tied": LlamaForCausalLM(LlamaConfig(**llama, tie_word_embeddings=True, max_position_embeddings=64)),
    }
    for name, model in models.items():
        for parameter in model.parameters():  # far from the small start, where a wrong formula would hide
            parameter.data.mul_(4)
        # In several files, as large models come.
        model.eval().save_pretrained(folder / name, max_shard_size="30KB")
        (folder / name / "answers.json").write_text(json.dumps(answers(model)))


def check(folder):
    model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    found = answers(model.eval())
    for problem in ["missing_keys", "unexpected_keys", "mismatched_keys"]:
        found[problem] = sorted(map(str, info[problem]))
    if (folder / "tokenizer.json").exists():
        tokenizer = AutoTokenizer.from_pretrained(folder)
        text = "Die Mühle\u2019s wheel \u6c34\u8f66 turns."
        found["ids"] = tokenizer(text)["input_ids"]
        found["text"] = tokenizer.decode(found["ids"])
        found["eos"] = tokenizer.eos_token_id
    return found


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        print(json.dumps([check(Path(folder)) for folder in sys.argv[2:]]))
