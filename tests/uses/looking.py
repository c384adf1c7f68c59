"""Numbers of `textmill look --json`, beside those of transformers with eager attention.

    looking.py FOLDER NUMBERS.json [FOLDER NUMBERS.json ...]

Prints, for each pair, how far each kind of number is apart at most, as JSON.
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM


def apart(ours, theirs):
    theirs = theirs.detach().to(torch.float64)
    ours = torch.tensor(ours, dtype=torch.float64)
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return (ours - theirs).abs().max().item()


def parts(model):
    """The embedding, the final norm, and the head."""
    inner = model.transformer if hasattr(model, "transformer") else model.model
    norm = inner.ln_f if hasattr(inner, "ln_f") else inner.norm
    return model.get_input_embeddings(), norm, model.get_output_embeddings()


def lens_apart(found, logs, ids):
    """How far a layer's predictions are from log-probabilities [tokens, vocabulary]."""
    targets = torch.tensor(ids[1:]).unsqueeze(1)
    wanted = logs[:-1].gather(1, targets)
    far = {"target": apart(found["target"][:-1], wanted.squeeze(1))}
    assert found["target"][-1] is None and found["rank"][-1] is None
    rank = (logs[:-1] > wanted).sum(1)
    far["rank"] = apart(found["rank"][:-1], rank)
    values, _ = logs.topk(len(found["top"][0]), 1)
    far["top_logs"] = apart(found["top_logs"], values)
    # Of the tokens named, too: ties may be in another order.
    far["top"] = apart(found["top_logs"], logs.gather(1, torch.tensor(found["top"])))
    return far


def attribution_apart(model, embedding, found, ids):
    """Each position in a row of its own, so that one backward pass gives all gradients."""
    size = len(ids)
    assert [row["position"] for row in found] == list(range(size))
    inputs = embedding(torch.tensor([ids])).detach().repeat(size, 1, 1).requires_grad_()
    places = torch.arange(size)
    logs = model(inputs_embeds=inputs).logits[places, places].log_softmax(-1)
    targets = ids[1:] + [logs[-1].argmax().item()]
    assert [row["target"] for row in found] == targets
    logs[places, torch.tensor(targets)].sum().backward()
    theirs = (inputs.grad * inputs).sum(-1)
    assert theirs.triu(1).abs().sum() == 0
    return max(apart(row["values"], theirs[at, : at + 1]) for at, row in enumerate(found))


def rollout(attentions):
    """Abnar and Zuidema 2020, as their code has it."""
    joint, found = None, []
    for weights in attentions:
        mixed = weights[0].mean(0) + torch.eye(weights.shape[-1])
        mixed = mixed / mixed.sum(-1, keepdim=True)
        joint = mixed if joint is None else mixed @ joint
        found.append(joint)
    return torch.stack(found)


def compare(folder, numbers):
    with open(numbers) as file:
        ours = json.load(file)
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    embedding, norm, head = parts(model)
    ids = [token["id"] for token in ours["tokens"]]
    with torch.no_grad():
        theirs = model(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
    states = [state[0] for state in theirs.hidden_states]
    far = {}
    weights = [[head["weights"] for head in layer] for layer in ours["attention"]]
    far["attention"] = apart(weights, torch.stack([layer[0] for layer in theirs.attentions]))
    far["rollout"] = apart(ours["rollout"], rollout(theirs.attentions))
    entropies = [torch.special.entr(layer[0, :, 1:].double()).sum(-1).mean(-1) / torch.log(torch.tensor(2.0)) for layer in theirs.attentions]
    far["entropy"] = apart([[head["entropy"] for head in layer] for layer in ours["attention"]], torch.stack(entropies))
    # The last of theirs has the final norm already.
    far["residual"] = apart(ours["residual"][:-1], torch.stack(states[:-1]))
    far["hidden"] = apart(ours["hidden"], states[-1])
    far["last residual"] = apart(ours["hidden"], norm(torch.tensor(ours["residual"][-1])))
    with torch.no_grad():
        for layer, state in enumerate(states[:-1]):
            logs = head(norm(state)).log_softmax(-1)
            for kind, value in lens_apart(ours["lens"][layer], logs, ids).items():
                far[f"lens {layer} {kind}"] = value
        logs = theirs.logits[0].log_softmax(-1)
    for kind, value in lens_apart(ours["lens"][-1], logs, ids).items():
        far[f"output {kind}"] = value
    loss = -logs[:-1].gather(1, torch.tensor(ids[1:]).unsqueeze(1)).sum()
    far["loss"] = apart(ours["summary"]["nats"], loss)
    far["attribution"] = attribution_apart(model, embedding, ours["attribution"], ids)
    return far


if __name__ == "__main__":
    torch.set_num_threads(1)
    pairs = zip(sys.argv[1::2], sys.argv[2::2])
    print(json.dumps([compare(folder, numbers) for folder, numbers in pairs]))
