"""Evaluates a served model with lm-evaluation-harness as it is, offline, on tasks of this folder.

usage: lm_eval_client.py BASE_URL TASKS CONTEXT NAME=SETTINGS ...

TASKS is a folder of JSON lines: choices.jsonl (query, choices, gold), cloze.jsonl (text whose last
word is asked for), rolling.jsonl (text) and generate.jsonl (prompt). Each NAME is a client mode with
settings of its own, such as remote=tokenizer_backend=remote. Prints one JSON object:
mode -> task -> {"items": [[...] a document], "metrics": {...}}.
"""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"

TASKS = {
    "choices": """
output_type: multiple_choice
doc_to_text: "{{query}}"
doc_to_choice: "{{choices}}"
doc_to_target: "{{gold}}"
metric_list: [{metric: acc}, {metric: acc_norm}]
""",
    "cloze": """
output_type: loglikelihood
doc_to_text: "{{text.split(' ')[:-1]|join(' ')}}"
doc_to_target: "{{' ' + text.split(' ')[-1]}}"
metric_list: [{metric: acc}, {metric: perplexity}]
""",
    "rolling": """
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{text}}"
metric_list: [{metric: word_perplexity}, {metric: byte_perplexity}, {metric: bits_per_byte}]
""",
    "generate": """
output_type: generate_until
doc_to_text: "{{prompt}}"
doc_to_target: "x"
generation_kwargs: {until: ["\\n", "!", "?", ";", "q"], max_gen_toks: 8, temperature: 0}
metric_list: [{metric: exact_match}]
""",
}


def write_tasks(folder, data):
    """Writes the tasks' descriptions."""
    for name, description in TASKS.items():
        file = data / f"{name}.jsonl"
        head = f"task: {name}\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {file}}}}}\ntest_split: test"
        (folder / f"{name}.yaml").write_text(head + description + "metadata: {version: 1}\n")


def run(base_url, context, settings, manager):
    """Runs all tasks in one client mode."""
    from lm_eval import simple_evaluate

    arguments = f"base_url={base_url}/v1/completions,model=served,max_length={context},max_gen_toks=8,{settings}"
    found = simple_evaluate(
        model="local-completions",
        model_args=arguments,
        tasks=list(TASKS),
        task_manager=manager,
        log_samples=True,
        bootstrap_iters=0,
    )
    results = {}
    for task in TASKS:
        samples = sorted(found["samples"][task], key=lambda sample: sample["doc_id"])
        metrics = {key.split(",")[0]: value for key, value in found["results"][task].items() if isinstance(value, float)}
        results[task] = {"items": [sample["filtered_resps"] for sample in samples], "metrics": metrics}
    return results


def main():
    base_url, data, context, *modes = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        os.environ["HF_HOME"] = folder
        from lm_eval.tasks import TaskManager

        write_tasks(Path(folder), Path(data).resolve())
        manager = TaskManager(include_path=folder, include_defaults=False)
        results = {}
        for mode in modes:
            name, settings = mode.split("=", 1)
            results[name] = run(base_url, context, settings, manager)
    print(json.dumps(results))


main()
