"""What transformers makes of a fine-tuned folder, beside what textmill does.

    finetuned.py FOLDER BASE ANSWERS.jsonl TEXT...

Prints as JSON how far the probabilities of the texts are from those of `textmill predict` at most,
and how far the folder's weights are from those of BASE with the adapters added as PEFT adds them.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, AutoTokenizer

folder, base, answers, *texts = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
model, info = AutoModelForSequenceClassification.from_pretrained(folder, output_loading_info=True)
assert not info["missing_keys"], info
far = 0.0
with open(answers, encoding="utf-8") as file:
    for text, line in zip(texts, file, strict=True):
        ids = tokenizer(text, add_special_tokens=False, return_tensors="pt").input_ids
        with torch.no_grad():
            found = model.eval()(ids).logits.softmax(-1)[0].tolist()
        ours = json.loads(line)["probabilities"]
        assert len(ours) == len(found)
        far = max([far] + [abs(p - ours[model.config.id2label[i]]) for i, p in enumerate(found)])

config = json.loads(Path(folder, "adapter/adapter_config.json").read_text())
parts = load_file(Path(folder, "adapter/adapter_model.safetensors"))
before, after = (load_file(Path(of, "model.safetensors")) for of in (base, folder))
apart = changed = 0.0
for name in [name for name in parts if ".lora_A." in name]:
    product = parts[name.replace(".lora_A.", ".lora_B.")] @ parts[name]
    product = product * (config["lora_alpha"] / config["r"])
    matrix = name.removeprefix("base_model.model.").replace(".lora_A.", ".")
    if config["fan_in_fan_out"]:
        product = product.T
    apart = max(apart, (before[matrix] + product - after[matrix]).abs().max().item())
    changed = max(changed, product.abs().max().item())
print(json.dumps({"probabilities": far, "weights": apart, "changed": changed}))
