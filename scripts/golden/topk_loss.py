"""The TopK loss with AuxK, written plainly, for autograd (Gao et al. 2024; dictionary_learning's normalisation)."""

import torch


def topk_loss(weights, x, k, silent, dead_after, aux_k, aux_coefficient):
    """Loss to differentiate, and its parts. `x` [B, d]; encoder, decoder [F, d]; `silent` [F]: tokens since a latent fired."""
    pre = (x - weights["decoder_bias"]) @ weights["encoder"].T + weights["encoder_bias"]
    top = pre.topk(k, dim=1)
    f = torch.zeros_like(pre).scatter(1, top.indices, top.values.relu())
    error = x - weights["decoder_bias"] - f @ weights["decoder"]
    main = error.pow(2).sum(1).mean()
    with torch.no_grad():
        silent = torch.where((f > 0).any(0), 0, silent + x.shape[0])
        dead = silent >= dead_after
        fvu = (error.double().pow(2).sum() / (x - x.mean(0)).double().pow(2).sum()).item()
    aux = torch.zeros((), dtype=x.dtype)
    if aux_coefficient > 0 and dead.any():
        target = error.detach()
        z = pre.masked_fill(~dead, -torch.inf).topk(min(aux_k, int(dead.sum())), dim=1)
        z = torch.zeros_like(pre).scatter(1, z.indices, z.values.relu())
        aux = (target - z @ weights["decoder"]).pow(2).sum(1).mean() / (target - target.mean(0)).pow(2).sum(1).mean()
    parts = {"loss": main.item(), "auxLoss": aux.item(), "fvu": fvu, "l0": (f > 0).sum().item() / x.shape[0], "dead": int(dead.sum())}
    return main + aux_coefficient * aux, parts, silent


@torch.no_grad()
def remove_parallel(weights):
    """The part of the decoder's gradient along a row would only change its norm, which the step sets to 1 again."""
    rows, gradient = weights["decoder"], weights["decoder"].grad
    gradient -= (gradient * rows).sum(1, keepdim=True) / rows.pow(2).sum(1, keepdim=True) * rows
